import { describe, expect, test } from 'vitest'
import { retryAfterOf } from '../../src/wire/retry-after.ts'

describe('retryAfterOf', () => {
  const now = Date.UTC(2026, 10, 25, 9)

  test.each([
    ['120', 120_000],
    ['0.25', 250],
    ['0', 0],
    ['-5', 0],
    ['Wed, 25 Nov 2026 09:00:30 GMT', 30_000],
    ['Wed, 25 Nov 2026 08:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    ['Infinity', undefined],
    ['1e306', undefined],
  ])('reads %j as %j milliseconds', (value, expected) => {
    expect(retryAfterOf(value, now)).toBe(expected)
  })
})
