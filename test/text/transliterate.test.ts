import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countSegments } from '../../src/text/sms.ts'
import { transliterate } from '../../src/text/transliterate.ts'

const anyText = fc
  .array(fc.integer({ max: 0x10ffff, min: 0 }), { maxLength: 20, size: 'max' })
  .map((codes) => String.fromCodePoint(...codes))
const knotty = fc
  .array(fc.constantFrom('a', 'œ', 'ĳ', '\u200b', '\u0301', '\u0308', '“', 'и', 'ǘ', '=', '\u0338', 'Ω'), { maxLength: 8 })
  .map((parts) => parts.join(''))

describe('transliterate', () => {
  test.each([
    ['“Hi”, ‘you’ – it’s 5 o`clock… «ok»', '"Hi", \'you\' - it\'s 5 o\'clock... "ok"'],
    ['a\u00a0b\tc\u202fd', 'a b c d'],
    ['1\u16802\u20003\u20014\u20025\u20036\u20047\u20058\u20069', '1 2 3 4 5 6 7 8 9'],
    ['1\u20072\u20083\u20094\u200a5\u205f6\u30007', '1 2 3 4 5 6 7'],
    ['1\u20602', '12'],
    ['soft\u00adhyphen and zero\u200bwidth\ufeff', 'softhyphen and zerowidth'],
    ['ﬁnd the œuvre, ﬂy', 'find the oeuvre, fly'],
    ['Žluťoučký kůň', 'Zlutoucky kun'],
    ['Zażółć gęślą jaźń', 'Zazolc gesla jazn'],
    ['İstanbul’da ağaç ışık', "Istanbul'da agac isik"],
    ['Đặng Thị Hương', 'Dang Thi Huong'],
    ['Reykjavík, Þór, ẞ', 'Reykjavik, THor, SS'],
    ['2 × 3 • 4 ⁄ 5', '2 x 3 * 4 / 5'],
    ['“ ” „ ‟ « » ″ 〝 〞', '" " " " " " " " "'],
    ['‘ ’ ‚ ‛ ‹ › ′ ` ´ ʹ ʼ', "' ' ' ' ' ' ' ' ' ' '"],
    ['‐ ‑ ‒ – — ― − ⁃', '- - - - - - - -'],
    ['1\u00852\u20283\u20294', '1\n2\n3\n4'],
    ['ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ', 'ff fi fl ffi ffl st st'],
    ['œ Œ ĳ Ĳ ẞ þ Þ', 'oe OE ij IJ SS th TH'],
    ['đ ð Đ Ð ħ Ħ ı ł ŀ Ł Ŀ ŉ ŋ Ŋ ŧ Ŧ', 'd d D D h H i l l L L n n N t T'],
  ])('%s', (text, expected) => {
    expect(transliterate(text)).toBe(expected)
    expect(countSegments(expected).encoding).toBe('gsm-7')
  })

  test('what GSM-7 has keeps its accent, also when it comes decomposed', () => {
    expect(transliterate('àèéìòù äöüñ ÄÖÜÑ ÅåÆæØø ß Ç')).toBe('àèéìòù äöüñ ÄÖÜÑ ÅåÆæØø ß Ç')
    expect(transliterate('e\u0301 e\u0302 c\u0327 n\u0303 a\u0323')).toBe('é e c ñ a')
    expect(transliterate('ǘ ế')).toBe('ü é')
  })

  test('a combining mark goes with the Latin letter before it, and stays where there is none', () => {
    expect(transliterate('q\u0301 a\u0300 x\u036f')).toBe('q à x')
    expect(transliterate('\u0301a')).toBe('\u0301a')
  })

  test.each(['Привіт, ґанок, й', 'Καλημέρα, Ώ', '👍🏽 👨‍👩‍👧', 'שָׁלוֹם', '≠ ™ № 你好', 'и\u0306', '5\u0301'])(
    '%s stays',
    (text) => {
      expect(transliterate(text)).toBe(text)
    },
  )

  test('is settled after one pass and brings in nothing that forces UCS-2', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, knotty), (text) => {
        const once = transliterate(text)
        expect(transliterate(once)).toBe(once)
        const before = new Set(countSegments(text).forcing)
        expect(countSegments(once).forcing.filter((character) => !before.has(character))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('leaves GSM-7 text alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        if (countSegments(text).encoding === 'gsm-7') expect(transliterate(text)).toBe(text)
      }),
    )
  })
})
