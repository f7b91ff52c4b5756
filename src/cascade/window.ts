import { tzOffset } from '@date-fns/tz/tzOffset'
import type { Window } from '../contract/time.ts'

const minute = 60_000
const day = 1440 * minute

/** Minutes since midnight of `HH:MM`, or undefined. `24:00` is the end of the day. */
export function minutesOf(time: unknown): number | undefined {
  const [, hours, minutes] = typeof time === 'string' ? (/^([01]\d|2[0-4]):([0-5]\d)$/.exec(time) ?? []) : []
  const total = hours === undefined ? Number.NaN : Number(hours) * 60 + Number(minutes)
  return total <= 1440 ? total : undefined
}

/** Whether the runtime knows the time zone. */
export function isTimeZone(zone: unknown): zone is string {
  return typeof zone === 'string' && Number.isFinite(tzOffset(zone, new Date(0)))
}

/**
 * The first moment at or after `at` at which the window is open, in Unix milliseconds.
 * A day on which the clocks skip the opening time opens at the first moment after the gap;
 * where they repeat it, the first of the two counts.
 */
export function opensAt(window: Window, zone: string, at: number): number {
  const from = minutesOf(window.from)! % 1440
  const to = minutesOf(window.to)! % 1440
  if (from === to) return at
  const timeZone = window.timeZone ?? zone
  const local = at + offset(timeZone, at)
  const time = Math.floor((((local % day) + day) % day) / minute)
  if (from < to ? time >= from && time < to : time >= from || time < to) return at
  const midnight = Math.floor(local / day) * day
  const opening = midnight + (time < from ? 0 : day) + from * minute
  const opens = instantOf(opening, timeZone)
  // Clocks set back on the way repeat an hour, and the window may open in the repetition.
  if (offset(timeZone, opens) < offset(timeZone, at)) {
    return Math.min(
      opens,
      opensAt(
        window,
        zone,
        firstInstant(at, opens, (t) => offset(timeZone, t) < offset(timeZone, at)),
      ),
    )
  }
  // A window that lies in the hour that clocks skip does not open that day.
  return opensAt(window, zone, opens)
}

/** The first instant at which local clocks show `local` or later (milliseconds as if local time were UTC). */
function instantOf(local: number, zone: string): number {
  // Offsets change by at most a few hours, so the offsets a day before and after bracket every candidate.
  const before = local - offset(zone, local - day)
  const after = local - offset(zone, local + day)
  const early = Math.min(before, after)
  const late = Math.max(before, after)
  if (early === late || early + offset(zone, early) >= local) return early
  // Clocks jump between the two: `late` either shows `local`, or lies past the gap that swallowed it.
  return firstInstant(early, late, (t) => t + offset(zone, t) >= local)
}

/** The first millisecond in `(low, high]` at which `holds` turns true, given that it holds at `high`. */
function firstInstant(low: number, high: number, holds: (t: number) => boolean): number {
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

function offset(zone: string, at: number): number {
  return Math.round(tzOffset(zone, new Date(at)) * minute)
}
