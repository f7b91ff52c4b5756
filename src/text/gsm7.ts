// GSM 03.38 (3GPP TS 23.038, 6.2.1): all of printable ASCII but the backtick, these letters, and the extension table reached through ESC.
const beyondAscii = '\n\r¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ'
const extension = '\f^{}\\[~]|'
const euro = 0x20ac

const table = /* @__PURE__ */ buildTable()

function buildTable(): Uint8Array {
  const units = new Uint8Array(0x3aa).fill(1, 0x20, 0x7f)
  for (const character of beyondAscii) units[character.charCodeAt(0)] = 1
  for (const character of extension) units[character.charCodeAt(0)] = 2
  units[0x60] = 0
  return units
}

/** Septets that a character takes in GSM-7: 1, 2 (with its escape), or 0 if it has no place there. Takes a UTF-16 code unit or a code point. */
export function gsmUnits(code: number): 0 | 1 | 2 {
  return code === euro ? 2 : ((table[code] ?? 0) as 0 | 1 | 2)
}
