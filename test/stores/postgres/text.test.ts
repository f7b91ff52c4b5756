import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { messagesOf } from '../../../src/stores/postgres/announce.ts'
import { decodeText, encodeText, lines } from '../../../src/stores/postgres/text.ts'

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30, size: 'max' }),
  fc.string({ unit: fc.constantFrom('\u0000', '\ud800', '\udc00', '\n', '"', '\\', '#', '😀', 'n', 'u') }),
)

describe('texts as the tables have them', () => {
  test('come back as they were, in one line that Postgres can take', () => {
    fc.assert(
      fc.property(odd, (text) => {
        const encoded = encodeText(text)
        expect(decodeText(encoded)).toBe(text)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(encoded).not.toMatch(/[\u0000-\u001f]/)
        expect(Buffer.from(encoded).toString()).toBe(encoded)
        // What marks a missing value, and an empty column.
        expect(encoded).not.toBe('"')
        expect(encoded).not.toBe('')
      }),
    )
  })

  test('differ where the texts differ, also where only a hash is kept', () => {
    fc.assert(fc.property(odd, odd, (one, other) => (encodeText(one) === encodeText(other)) === (one === other)))
    const long = 'x'.repeat(2000)
    expect(encodeText(`${long}a`)).not.toBe(encodeText(`${long}b`))
    expect(encodeText(long).length).toBeLessThan(100)
    expect(decodeText(encodeText(long))).toBe(undefined)
  })

  test('an ordinary text is itself', () => {
    expect(['n1', 'order-1 shipped', 'žluťoučký'].map(encodeText)).toEqual(['n1', 'order-1 shipped', 'žluťoučký'])
  })

  test('a column is a line per value, the missing ones marked', () => {
    expect(lines(['a', null, 3, encodeText('')])).toBe('a\n"\n3\n""')
  })
})

test('messages name every id once, each below the limit of 8000 bytes; with too many of them, none', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ maxLength: 400, size: 'max' }), { maxLength: 150, size: 'max' }), (ids) => {
      const messages = messagesOf(ids, 'own')
      const named = messages.flatMap((message) => {
        expect(Buffer.byteLength(message)).toBeLessThan(8000)
        const [from, ...encoded] = message.split('\n')
        expect(from).toBe('own')
        return encoded
      })
      expect(named.map(decodeText)).toEqual(ids)
    }),
  )
  expect(
    messagesOf(
      Array.from({ length: 50_000 }, (_, index) => `id-${index}`),
      'own',
    ),
  ).toEqual(['own'])
})
