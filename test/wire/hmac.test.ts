import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64Of, hexOf } from '../../src/wire/bytes.ts'
import { hmac } from '../../src/wire/hmac.ts'

test('is the HMAC of RFC 2202 and RFC 4231', async () => {
  const data = 'what do ya want for nothing?'
  expect(hexOf(await hmac('SHA-1', 'Jefe', data))).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
  expect(hexOf(await hmac('SHA-256', 'Jefe', data))).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})

test('is what node:crypto makes of any key and message, in parts', async () => {
  const some = fc.uint8Array({ minLength: 1, maxLength: 300, size: 'max' })
  await fc.assert(
    fc.asyncProperty(some, some, fc.string(), async (key, message, text) => {
      const own = await hmac('SHA-512', new Uint8Array(key), message, text)
      const expected = createHmac('sha512', key).update(message).update(text)
      expect(base64Of(own)).toBe(expected.digest('base64'))
    }),
  )
})
