import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constantTimeEqual, matchesSecret } from '../../src/wire/constant-time.ts'

describe('constantTimeEqual', () => {
  test('agrees with === for any two strings', () => {
    const near = fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 2 }))
    fc.assert(
      fc.property(near, ([text, more]) =>
        [text, more, text + more, more + text].every((a) => constantTimeEqual(a, text) === (a === text)),
      ),
    )
  })

  test('tells bytes apart that differ anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
        const other = bytes.map((byte, index) => (index === at % bytes.length ? byte ^ flip : byte))
        expect(constantTimeEqual(bytes, other)).toBe(false)
        expect(constantTimeEqual(bytes, bytes.slice())).toBe(true)
      }),
    )
  })

  test('is not fooled by a secret that repeats', () => {
    expect(constantTimeEqual('abab', 'ab')).toBe(false)
    expect(constantTimeEqual('ab', 'abab')).toBe(false)
    expect(constantTimeEqual('\0', '')).toBe(false)
    expect(constantTimeEqual('', '\0')).toBe(false)
  })
})

describe('matchesSecret', () => {
  test('takes any of several secrets', () => {
    expect(matchesSecret('b', ['a', 'b'])).toBe(true)
    expect(matchesSecret('b', ['b', 'a'])).toBe(true)
    expect(matchesSecret('c', ['a', 'b'])).toBe(false)
  })

  test('takes nothing for nothing', () => {
    expect(matchesSecret(undefined, [''])).toBe(false)
    expect(matchesSecret('', [''])).toBe(false)
    expect(matchesSecret('', [])).toBe(false)
    expect(matchesSecret(null, ['a'])).toBe(false)
  })
})
