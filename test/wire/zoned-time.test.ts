import { describe, expect, test } from 'vitest'
import { zonedTime } from '../../src/wire/zoned-time.ts'

describe('zonedTime', () => {
  test.each([
    ['2026-01-15 12:00:00', Date.UTC(2026, 0, 15, 10)],
    ['2026-07-15 12:00:00', Date.UTC(2026, 6, 15, 9)],
    ['2026-07-15T12:00:00', Date.UTC(2026, 6, 15, 9)],
    ['2026-03-29 02:59:59', Date.UTC(2026, 2, 29, 0, 59, 59)],
    ['2026-03-29 04:00:00', Date.UTC(2026, 2, 29, 1)],
    ['2026-10-25 02:59:59', Date.UTC(2026, 9, 24, 23, 59, 59)],
    ['2026-10-25 03:30:00', Date.UTC(2026, 9, 25, 0, 30)],
    ['2026-10-25 04:00:00', Date.UTC(2026, 9, 25, 2)],
  ])('reads %s in Kyiv', (text, at) => {
    expect(zonedTime(text, 'Europe/Kyiv')).toBe(at)
  })

  test.each([
    '',
    'soon',
    '2026-01-15',
    '2026-13-15 12:00:00',
    '0026-08-05 12:30:05',
    '1969-12-31 23:59:59',
    '9999-12-31 12:00:00',
    null,
    7,
  ])('takes %j for no time', (text) => {
    expect(zonedTime(text, 'Europe/Kyiv')).toBeUndefined()
  })
})
