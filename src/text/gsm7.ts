// GSM 03.38 (3GPP TS 23.038, 6.2.1): the default alphabet without ESC, and the extension table reached through ESC.
const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const extension = '\f^{}\\[~]|'
const euro = 0x20ac

const table = /* @__PURE__ */ buildTable()

function buildTable(): Uint8Array {
  const units = new Uint8Array(0x3aa)
  for (const character of basic) units[character.charCodeAt(0)] = 1
  for (const character of extension) units[character.charCodeAt(0)] = 2
  return units
}

/** Septets that a character takes in GSM-7: 1, 2 (with its escape), or 0 if it has no place there. Takes a UTF-16 code unit or a code point. */
export function gsmUnits(code: number): 0 | 1 | 2 {
  return code === euro ? 2 : ((table[code] ?? 0) as 0 | 1 | 2)
}
