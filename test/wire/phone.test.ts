import { describe, expect, test } from 'vitest'
import { digitsOf, e164Of } from '../../src/wire/phone.ts'

describe('digitsOf', () => {
  test.each(['+420777123456', '420777123456'])('gives the digits of %s', (to) => {
    expect(digitsOf('Vendor', to)).toBe('420777123456')
  })

  test.each(['', '+', '12345', '+1234567890123456', '+420 777', 'a@example.org', 420777123456, undefined])(
    'takes %j for no number, and does not repeat it',
    (to) => {
      expect(() => digitsOf('Vendor', to)).toThrow('Vendor takes a phone number in E.164, and this is none')
    },
  )
})

test('e164Of puts the plus before digits alone', () => {
  expect(['420777123456', '+420777123456', 'Shop', ''].map(e164Of)).toEqual(['+420777123456', '+420777123456', 'Shop', ''])
})
