import { tzOffset } from '@date-fns/tz/tzOffset'
import type { Window } from '../contract/time.ts'

const minute = 60_000
const day = 1440 * minute

/** Minutes since midnight of `HH:MM`, or undefined. `24:00` is the end of the day. */
export function minutesOf(time: unknown): number | undefined {
  const match = typeof time === 'string' && /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time)
  if (!match) return undefined
  const total = Number(match[1]) * 60 + Number(match[2])
  return total <= 1440 ? total : undefined
}

/** What is said of a time zone that does not exist. */
export const noZone = 'is not an IANA time zone, such as Europe/Prague'

/** Whether the runtime knows the time zone. No zone is more than 14 hours from UTC, whatever offset its name spells. */
export function isTimeZone(zone: unknown): zone is string {
  return typeof zone === 'string' && Math.abs(tzOffset(zone, new Date(0))) <= 840
}

/**
 * The first moment at or after `at` at which the window is open, in Unix milliseconds.
 * A day on which the clocks skip the opening time opens at the first moment after the gap;
 * where they repeat it, it opens at the first of the two, and again at the second if it has closed in between.
 */
export function opensAt(window: Window, zone: string, at: number): number {
  const from = minutesOf(window.from)! % 1440
  const to = minutesOf(window.to)! % 1440
  const timeZone = window.timeZone ?? zone

  function isOpen(moment: number): boolean {
    const time = Math.floor((moment + offset(timeZone, moment) - midnightBefore(moment, timeZone)) / minute)
    return from < to ? time >= from && time < to : time >= from || time < to
  }

  if (isOpen(at)) return at
  const today = midnightBefore(at, timeZone)
  const openings = [0, 1, 2, 3].flatMap((days) => momentsOf(today + days * day + from * minute, timeZone))
  const moments = [...openings, ...changeBetween(at, at + 4 * day, timeZone)]
  return Math.min(...moments.filter((moment) => moment > at && isOpen(moment)))
}

/** The latest local midnight, in milliseconds as if local time were UTC. */
function midnightBefore(moment: number, zone: string): number {
  return Math.floor((moment + offset(zone, moment)) / day) * day
}

/** When local clocks show `local` (milliseconds as if local time were UTC): twice where they repeat it; near it where they skip it. */
function momentsOf(local: number, zone: string): number[] {
  // No offset reaches a day, so these two are in force on either side of any change nearby.
  return [local - offset(zone, local - day), local - offset(zone, local + day)]
}

/** The moment in `(low, high]` at which the clocks change, if they do. */
function changeBetween(low: number, high: number, zone: string): number[] {
  const before = offset(zone, low)
  if (offset(zone, high) === before) return []
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offset(zone, middle) === before) low = middle
    else high = middle
  }
  return [high]
}

function offset(zone: string, at: number): number {
  return Math.round(tzOffset(zone, new Date(at)) * minute)
}
