import { expect, test } from 'vitest'
import { sha1Hex } from '../../src/wire/sha1.ts'

// The first example of FIPS 180, and the empty text.
test.each([
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
])('hashes %j', async (text, expected) => {
  expect(await sha1Hex(text)).toBe(expected)
})
