import { expect, test } from 'vitest'
import { sha1Hex, sha256Hex } from '../../src/wire/digest.ts'

// The first examples of FIPS 180, and the empty text.
test.each([
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
])('hashes %j', async (text, sha1, sha256) => {
  expect(await sha1Hex(text)).toBe(sha1)
  expect(await sha256Hex(text)).toBe(sha256)
  expect(await sha256Hex(new TextEncoder().encode(text))).toBe(sha256)
})
