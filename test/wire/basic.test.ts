import { expect, test } from 'vitest'
import { basicOf } from '../../src/wire/basic.ts'

// The examples of RFC 7617, sections 2 and 2.1.
test.each([
  ['Aladdin', 'open sesame', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
  ['test', '123£', 'Basic dGVzdDoxMjPCow=='],
])('encodes %s', (username, password, expected) => {
  expect(basicOf(username, password)).toBe(expected)
})
