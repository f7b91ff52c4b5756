import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTimeZone, minutesOf, opensAt } from '../../src/cascade/window.ts'

const minute = 60_000
const day = 1440 * minute

// Each with moments at which its clocks jump: by an hour either way, by half an hour (Lord Howe), by a whole day (Apia skipped
// 30 December 2011), or never.
const zones: Readonly<Record<string, readonly string[]>> = {
  'Europe/Prague': ['2026-03-29T01:00Z', '2026-10-25T01:00Z'],
  'America/New_York': ['2026-03-08T07:00Z', '2026-11-01T06:00Z'],
  'Australia/Lord_Howe': ['2026-04-04T15:00Z', '2026-10-03T15:30Z'],
  'Asia/Kolkata': ['2026-06-01T00:00Z'],
  'Pacific/Apia': ['2011-12-30T10:00Z', '2012-03-31T14:00Z', '2011-09-24T14:00Z'],
  'Asia/Kathmandu': ['2026-01-01T00:00Z'],
  UTC: ['2026-02-28T00:00Z'],
}

const formats = new Map<string, Intl.DateTimeFormat>()
const faces = new Map<string, number>()

/** Minutes since local midnight, read off the runtime's own clock face. */
function clockFace(zone: string, at: number): number {
  const key = `${zone} ${Math.floor(at / minute)}`
  const known = faces.get(key)
  if (known !== undefined) return known
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  formats.set(zone, format)
  const [hours, minutes] = format.format(at).split(':')
  const face = Number(hours) * 60 + Number(minutes)
  faces.set(key, face)
  return face
}

function isOpen(from: number, to: number, time: number): boolean {
  if (from === to) return true
  return from < to ? time >= from && time < to : time >= from || time < to
}

/** The first minute, or `at` itself, at which the clock face shows an hour inside the window. */
function scan(from: number, to: number, zone: string, at: number): number {
  for (let t = at; t < at + 4 * day; t = (Math.floor(t / minute) + 1) * minute) {
    if (isOpen(from % 1440, to % 1440, clockFace(zone, t))) return t
  }
  throw new Error('never opens')
}

const written = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

test.each(Object.keys(zones))('%s: it opens at the minute that a scan of the clock finds', (zone) => {
  // Half of all windows and moments lie about the change, where mistakes are made.
  const early = fc.integer({ min: 0, max: 4 * 12 }).map((five) => five * 5)
  const time = fc.oneof(early, fc.integer({ min: 0, max: 1440 }))
  const near = fc.oneof(fc.integer({ min: -180, max: 180 }), fc.integer({ min: -36 * 60, max: 36 * 60 }))
  const start = fc
    .record({ change: fc.constantFrom(...zones[zone]!), after: near, ms: fc.constantFrom(0, 1, minute - 1) })
    .map(({ change, after, ms }) => Date.parse(change) + after * minute + ms)
  fc.assert(
    fc.property(time, time, start, (from, to, at) => {
      const expected = scan(from, to, zone, at)
      const found = opensAt({ from: written(from), to: written(to) }, zone, at)
      expect({
        from: written(from),
        to: written(to),
        at: new Date(at).toISOString(),
        opens: new Date(found).toISOString(),
      }).toEqual({
        from: written(from),
        to: written(to),
        at: new Date(at).toISOString(),
        opens: new Date(expected).toISOString(),
      })
    }),
    { numRuns: 300 },
  )
})

describe('days on which the clocks change', () => {
  const opens = (from: string, to: string, zone: string, at: string) =>
    new Date(opensAt({ from, to }, zone, Date.parse(at))).toISOString()

  test('an opening that the clocks skip is put off to the moment after the gap', () => {
    // Prague: 02:00 to 03:00 does not exist on 29 March.
    expect(opens('02:30', '09:00', 'Europe/Prague', '2026-03-29T00:00:00+01:00')).toBe('2026-03-29T01:00:00.000Z')
  })

  test('a window that lies within the skipped hour opens the day after', () => {
    expect(opens('02:10', '02:50', 'Europe/Prague', '2026-03-29T00:00:00+01:00')).toBe('2026-03-30T00:10:00.000Z')
  })

  test('an opening in the hour that is repeated opens at the first of the two', () => {
    // Prague: 02:00 to 03:00 happens twice on 25 October, from 00:00Z and from 01:00Z.
    expect(opens('02:30', '09:00', 'Europe/Prague', '2026-10-25T00:00:00+02:00')).toBe('2026-10-25T00:30:00.000Z')
  })

  test('a window within the repeated hour closes and opens again', () => {
    expect(opens('02:10', '02:50', 'Europe/Prague', '2026-10-25T00:55:00Z')).toBe('2026-10-25T01:10:00.000Z')
    expect(opens('02:10', '02:50', 'Europe/Prague', '2026-10-25T01:55:00Z')).toBe('2026-10-26T01:10:00.000Z')
  })

  test('half an hour of summer time', () => {
    // Lord Howe: 02:00 +10:30 becomes 02:30 +11 on 4 October.
    expect(opens('02:15', '08:00', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z')).toBe('2026-10-03T15:30:00.000Z')
  })

  test('a date that does not exist', () => {
    // Samoa went from 29 to 31 December 2011.
    expect(opens('09:00', '17:00', 'Pacific/Apia', '2011-12-29T18:00:00-10:00')).toBe('2011-12-30T19:00:00.000Z')
  })
})

describe('plain days', () => {
  const at = (time: string) => Date.parse(`2026-11-25T${time}:00Z`)
  const opens = (from: string, to: string, time: string, zone = 'UTC') =>
    new Date(opensAt({ from, to }, zone, at(time))).toISOString()

  test.each([
    ['09:00', '21:00', '09:00', '2026-11-25T09:00:00.000Z'],
    ['09:00', '21:00', '20:59', '2026-11-25T20:59:00.000Z'],
    ['09:00', '21:00', '21:00', '2026-11-26T09:00:00.000Z'],
    ['09:00', '21:00', '08:59', '2026-11-25T09:00:00.000Z'],
    ['22:00', '06:00', '23:00', '2026-11-25T23:00:00.000Z'],
    ['22:00', '06:00', '05:59', '2026-11-25T05:59:00.000Z'],
    ['22:00', '06:00', '06:00', '2026-11-25T22:00:00.000Z'],
    ['09:00', '24:00', '23:59', '2026-11-25T23:59:00.000Z'],
    ['09:00', '24:00', '00:00', '2026-11-25T09:00:00.000Z'],
    ['09:00', '00:00', '23:59', '2026-11-25T23:59:00.000Z'],
    ['00:00', '06:00', '06:00', '2026-11-26T00:00:00.000Z'],
    ['24:00', '06:00', '06:00', '2026-11-26T00:00:00.000Z'],
    ['09:00', '09:00', '03:00', '2026-11-25T03:00:00.000Z'],
    ['00:00', '24:00', '03:00', '2026-11-25T03:00:00.000Z'],
  ])('%s to %s, at %s: %s', (from, to, time, expected) => {
    expect(opens(from, to, time)).toBe(expected)
  })

  test("the window's own zone counts, where it names one", () => {
    const window = { from: '09:00', to: '21:00', timeZone: 'Asia/Kathmandu' }
    expect(new Date(opensAt(window, 'Europe/Prague', at('00:00'))).toISOString()).toBe('2026-11-25T03:15:00.000Z')
  })

  test('seconds and milliseconds before the opening do not open it early, nor do those before the closing close it', () => {
    const edge = Date.parse('2026-11-25T08:59:59.999Z')
    expect(opensAt({ from: '09:00', to: '21:00' }, 'UTC', edge)).toBe(edge + 1)
    const last = Date.parse('2026-11-25T20:59:59.999Z')
    expect(opensAt({ from: '09:00', to: '21:00' }, 'UTC', last)).toBe(last)
  })

  test('moments before 1970 have a local time too', () => {
    const window = { from: '09:00', to: '21:00' }
    expect(new Date(opensAt(window, 'UTC', Date.parse('1969-12-30T22:00:00Z'))).toISOString()).toBe('1969-12-31T09:00:00.000Z')
  })
})

test.each([
  ['00:00', 0],
  ['09:30', 570],
  ['23:59', 1439],
  ['24:00', 1440],
] as const)('%s is minute %i of the day', (time, minutes) => {
  expect(minutesOf(time)).toBe(minutes)
})

test.each(['24:01', '25:00', '9:00', '09:60', '0900', ' 09:00', '09:00:00', '', null, undefined, 900, {}, ['09:00']])(
  '%o is no time of day',
  (time) => {
    expect(minutesOf(time)).toBeUndefined()
  },
)

test.each(['Europe/Prague', 'UTC', 'America/Argentina/Buenos_Aires', 'Asia/Kathmandu', 'Etc/GMT-14'])(
  '%s is a time zone',
  (zone) => {
    expect(isTimeZone(zone)).toBe(true)
  },
)

test.each([
  '',
  'GMT+25',
  '+99:99',
  '+20:00',
  'Mars/Olympus',
  'Europe/Atlantis',
  'constructor',
  'toString',
  '__proto__',
  null,
  undefined,
  60,
  {},
])('%o is no time zone', (zone) => {
  expect(isTimeZone(zone)).toBe(false)
})
