import { describe, expect, test } from 'vitest'
import { isMoment, momentOf, momentOfSeconds } from '../../src/wire/moment.ts'

describe('moments', () => {
  test.each([
    [1_700_000_000, 1_700_000_000_000],
    [1_700_000_000.1234, 1_700_000_000_123],
    [-1, -1000],
    [8.64e12, 8.64e15],
    [8.64e12 + 1, undefined],
    [-8.64e12 - 1, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [Number.NaN, undefined],
    ['1700000000', undefined],
    [null, undefined],
  ])('reads %j seconds as %j', (seconds, at) => {
    expect(momentOfSeconds(seconds)).toBe(at)
  })

  test('counts in whole milliseconds', () => {
    expect([momentOf(1.6), momentOf('1'), isMoment(1), isMoment(1.6), isMoment('1')]).toEqual([2, undefined, true, false, false])
  })

  test('reach as far as a Date', () => {
    for (const edge of [8.64e15, -8.64e15]) expect(new Date(edge).getTime()).toBe(momentOf(edge))
    for (const beyond of [8.64e15 + 1, -8.64e15 - 1])
      expect([new Date(beyond).getTime(), momentOf(beyond), isMoment(beyond)]).toEqual([Number.NaN, undefined, false])
  })
})
