import fc from 'fast-check'
import { SendError } from 'omnicascade'
import { describe, expect, test } from 'vitest'
import { applySmsPolicy, countSegments, splitSegments } from '../../src/text/sms.ts'

// 3GPP TS 23.038, 6.2.1, written out row by row and apart from the source's tables.
const rows = [
  '@£$¥èéùìòÇ\nØø\rÅå',
  'Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ',
  ' !"#¤%&\'()*+,-./',
  '0123456789:;<=>?',
  '¡ABCDEFGHIJKLMNO',
  'PQRSTUVWXYZÄÖÑÜ§',
  '¿abcdefghijklmno',
  'pqrstuvwxyzäöñüà',
]
const basic = new Set(rows.join(''))
const extension = new Set('\f^{}\\[~]|€')

/** The slow reference: a list of indivisible pieces with their costs, packed by hand. */
function reference(text: string): { encoding: string; units: number; segments: string[]; forcing: string[] } {
  const characters = [...text]
  const forcing = [...new Set(characters.filter((character) => !basic.has(character) && !extension.has(character)))]
  const cost = (character: string) => (forcing.length > 0 ? character.length : extension.has(character) ? 2 : 1)
  const units = characters.reduce((sum, character) => sum + cost(character), 0)
  const [single, joined] = forcing.length > 0 ? [70, 67] : [160, 153]
  const limit = units <= single! ? single! : joined!
  const segments: string[][] = []
  let room = 0
  for (const character of characters) {
    if (cost(character) > room) {
      segments.push([])
      room = limit
    }
    segments.at(-1)!.push(character)
    room -= cost(character)
  }
  return { encoding: forcing.length > 0 ? 'ucs-2' : 'gsm-7', units, segments: segments.map((part) => part.join('')), forcing }
}

const gsmText = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...basic) }, { weight: 1, arbitrary: fc.constantFrom(...extension) }), {
    maxLength: 700,
    size: 'max',
  })
  .map((characters) => characters.join(''))
const anyText = fc.oneof(
  gsmText,
  fc.string({ unit: 'binary', maxLength: 300, size: 'max' }),
  fc
    .array(fc.constantFrom('a', '€', 'ї', '👍', '\ud83d', '\udc4d', 'é'), { maxLength: 400, size: 'max' })
    .map((parts) => parts.join('')),
)

describe('countSegments', () => {
  test('GSM-7 has 127 basic and 10 extension characters, and no other', () => {
    expect(basic.size).toBe(127)
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code)
      const expected = basic.has(character) ? ['gsm-7', 1] : extension.has(character) ? ['gsm-7', 2] : ['ucs-2', 1]
      const { encoding, units } = countSegments(character)
      if (encoding !== expected[0] || units !== expected[1])
        expect([character, encoding, units]).toEqual([character, ...expected])
    }
  })

  test.each([
    ['', 'gsm-7', 0, 0, 160, 160],
    ['a'.repeat(160), 'gsm-7', 160, 1, 160, 0],
    ['a'.repeat(161), 'gsm-7', 161, 2, 153, 145],
    ['a'.repeat(306), 'gsm-7', 306, 2, 153, 0],
    ['a'.repeat(307), 'gsm-7', 307, 3, 153, 152],
    ['€'.repeat(80), 'gsm-7', 160, 1, 160, 0],
    ['€'.repeat(81), 'gsm-7', 162, 2, 153, 143],
    // 152 septets fit, the escape pair does not: the first segment stays one short.
    [`${'a'.repeat(152)}€${'a'.repeat(152)}`, 'gsm-7', 306, 3, 153, 152],
    ['ї'.repeat(70), 'ucs-2', 70, 1, 70, 0],
    ['ї'.repeat(71), 'ucs-2', 71, 2, 67, 63],
    ['👍'.repeat(35), 'ucs-2', 70, 1, 70, 0],
    ['👍'.repeat(36), 'ucs-2', 72, 2, 67, 61],
    // 33 pairs a segment: the 67th unit is left free each time.
    ['👍'.repeat(67), 'ucs-2', 134, 3, 67, 65],
  ])('%j', (text, encoding, units, segments, perSegment, remaining) => {
    expect(countSegments(text)).toMatchObject({ encoding, units, segments, perSegment, remaining })
  })

  test('names each character that forces UCS-2 once', () => {
    expect(countSegments('`Привіт` 👍👍 – ok').forcing).toEqual(['`', 'П', 'р', 'и', 'в', 'і', 'т', '👍', '–'])
  })

  test('takes the last code point of one unit for one unit', () => {
    expect(countSegments('\uffffї').forcing).toEqual(['\uffff', 'ї'])
    expect(splitSegments('\uffff'.repeat(71)).map((part) => part.length)).toEqual([67, 4])
  })

  test('agrees with the reference on any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const expected = reference(text)
        const counted = countSegments(text)
        expect(counted).toMatchObject({ encoding: expected.encoding, units: expected.units, forcing: expected.forcing })
        expect(counted.segments).toBe(expected.segments.length)
        expect(splitSegments(text)).toEqual(expected.segments)
      }),
      { numRuns: 500 },
    )
  })
})

describe('splitSegments', () => {
  test('loses nothing, overfills nothing, splits no pair, and fills each segment as far as it goes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { encoding, perSegment, remaining, segments } = countSegments(text)
        const parts = splitSegments(text)
        const cost = (part: string) =>
          encoding === 'ucs-2' ? part.length : [...part].reduce((sum, character) => sum + (extension.has(character) ? 2 : 1), 0)
        expect(parts.join('')).toBe(text)
        expect(parts).toHaveLength(segments)
        for (const [index, part] of parts.entries()) {
          expect(part).not.toBe('')
          expect(cost(part)).toBeLessThanOrEqual(perSegment)
          const next = parts[index + 1]
          if (next === undefined) expect(perSegment - cost(part)).toBe(remaining)
          else {
            const [first] = next
            expect(cost(part) + cost(first!)).toBeGreaterThan(perSegment)
            expect(/[\ud800-\udbff]$/.test(part) && /^[\udc00-\udfff]/.test(next)).toBe(false)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('applySmsPolicy', () => {
  const failureOf = (text: string, policy: Parameters<typeof applySmsPolicy>[1]) => {
    try {
      applySmsPolicy(text, policy)
    } catch (error) {
      if (error instanceof SendError) return error.toFailure()
    }
    throw new Error('expected a SendError')
  }

  test.each([undefined, {}, { unicode: 'allow' } as const])('lets everything through under %j', (policy) => {
    expect(applySmsPolicy('“Привіт” 👍', policy)).toBe('“Привіт” 👍')
  })

  test('refuses UCS-2 and names the characters', () => {
    expect(failureOf('Ціна – 5', { unicode: 'reject' })).toEqual({
      kind: 'content',
      field: 'text',
      message: expect.stringContaining('"Ц" (U+0426), "і" (U+0456), "н" (U+043D), "а" (U+0430), "–" (U+2013);'),
    })
    expect(failureOf('абвгґд', { unicode: 'reject' }).message).toBe(
      'the SMS needs UCS-2 because of "а" (U+0430), "б" (U+0431), "в" (U+0432), "г" (U+0433), "ґ" (U+0491) and 1 more; sms.unicode forbids it',
    )
    expect(applySmsPolicy('€5 [ok]', { unicode: 'reject' })).toBe('€5 [ok]')
  })

  test('refuses more segments than allowed, counted after transliteration', () => {
    const typographic = `${'a'.repeat(99)}…`
    expect(failureOf(typographic, { maxSegments: 1 })).toMatchObject({
      kind: 'content',
      message: expect.stringContaining('2 segments (in UCS-2'),
    })
    expect(applySmsPolicy(typographic, { maxSegments: 1, unicode: 'transliterate' })).toBe(`${'a'.repeat(99)}...`)
    expect(failureOf('a'.repeat(307), { maxSegments: 2 }).message).toBe(
      'the SMS takes 3 segments, and sms.maxSegments is 2; shorten it',
    )
    expect(applySmsPolicy('a'.repeat(306), { maxSegments: 2 })).toHaveLength(306)
  })

  test('leaves typography alone where transliterating it would not save UCS-2', () => {
    expect(applySmsPolicy('“Привіт”…', { unicode: 'transliterate' })).toBe('“Привіт”…')
    expect(applySmsPolicy('“Hi”…', { unicode: 'transliterate' })).toBe('"Hi"...')
  })

  test('transliterates as a whole or not at all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('…', 'a', 'ї', '“', 'ﬃ', 'é', 'ő', '€')).map((parts) => parts.join('')),
        (text) => {
          const sent = applySmsPolicy(text, { unicode: 'transliterate' })
          expect([text, countSegments(sent).encoding]).toContain(countSegments(sent).encoding === 'gsm-7' ? 'gsm-7' : text)
          if (countSegments(sent).encoding === 'ucs-2') expect(sent).toBe(text)
        },
      ),
    )
  })
})
