import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64Of, fromBase64, hexOf, joined } from '../../src/wire/bytes.ts'

test('bytes go into base64 and hex as Buffer has them, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(hexOf(bytes)).toBe(Buffer.from(bytes).toString('hex'))
      expect(fromBase64(base64Of(bytes))).toEqual(Uint8Array.from(bytes))
    }),
  )
})

test.each(['a', 'YQ', 'YQ=', 'YQ===', 'Y Q=', 'Y===', '*Q==', 'YQ==YQ=='])('%j is no base64', (text) => {
  expect(fromBase64(text)).toBeUndefined()
})

test('parts are joined, texts in UTF-8', () => {
  expect(new TextDecoder().decode(joined(['ž', new Uint8Array([0x61]), '']))).toBe('ža')
})
