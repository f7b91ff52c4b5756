import { gsmUnits } from './gsm7.ts'

const likenesses: Readonly<Record<string, string>> = {
  '"': '“”„‟«»″〝〞',
  "'": '‘’‚‛‹›′`´ʹʼ',
  '-': '‐‑‒–—―−⁃',
  '...': '…',
  ' ': '\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000',
  '\n': '\u0085\u2028\u2029',
  // Zero-width characters without a meaning of their own; joiners and direction marks carry one.
  '': '\u00ad\u200b\u2060\ufeff',
  '*': '•',
  '/': '⁄',
  x: '×',
  ff: 'ﬀ',
  fi: 'ﬁ',
  fl: 'ﬂ',
  ffi: 'ﬃ',
  ffl: 'ﬄ',
  st: 'ﬅﬆ',
  oe: 'œ',
  OE: 'Œ',
  ij: 'ĳ',
  IJ: 'Ĳ',
  SS: 'ẞ',
  d: 'đð',
  D: 'ĐÐ',
  h: 'ħ',
  H: 'Ħ',
  i: 'ı',
  l: 'łŀ',
  L: 'ŁĿ',
  n: 'ŉŋ',
  N: 'Ŋ',
  t: 'ŧ',
  T: 'Ŧ',
  th: 'þ',
  TH: 'Þ',
}

const likenessOf = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Object.entries(likenesses).flatMap(([likeness, characters]) =>
    [...characters].map((character) => [character, likeness] as const),
  ),
)

const latin = /[A-Za-zÀ-ÿ]/

/**
 * Replaces what GSM-7 lacks by what looks like it: typographic quotes, dashes and spaces, ligatures, Latin letters with accents.
 * What has no likeness (Cyrillic, emoji) stays, and so does all that GSM-7 has.
 */
export function transliterate(text: string): string {
  const result: string[] = []
  for (const character of text) {
    const code = character.codePointAt(0)!
    const last = result.at(-1)
    if (gsmUnits(code) > 0) result.push(character)
    else if (isMark(code) && last !== undefined && latin.test(last)) result[result.length - 1] = withMark(last, character)
    else result.push(...(likenessOf.get(character) ?? unaccented(character)))
  }
  return result.join('')
}

function isMark(code: number): boolean {
  return code >= 0x300 && code <= 0x36f
}

function unaccented(character: string): string {
  const [letter, ...marks] = character.normalize('NFD')
  return latin.test(letter!) ? marks.reduce(withMark, letter!) : character
}

/** A Latin letter with a combining mark where GSM-7 has it, otherwise the letter alone. */
function withMark(letter: string, mark: string): string {
  const marked = (letter + mark).normalize('NFC')
  return marked.length === 1 && gsmUnits(marked.charCodeAt(0)) > 0 ? marked : letter
}
