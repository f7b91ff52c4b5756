import { RequestError } from './errors.ts'
import type { Duration } from './time.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration, or undefined if it is not one (or negative, or not finite). */
export function millisecondsOf(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration >= 0 && Number.isFinite(duration) ? duration : undefined
  if (typeof duration !== 'string') return undefined
  const [, amount, unit] = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(duration) ?? []
  // '4.35m' is 261,000 ms, and not a little less.
  return amount === undefined ? undefined : Math.round(Number(amount) * units[unit!]! * 1e6) / 1e6
}

/** What is said of a value that is no duration. */
export const durationForm = "is not a duration: give milliseconds or '90s', '2m', '1.5h', '3d'"

/** Milliseconds of a duration; throws a `RequestError` that names `path` of `subject` and the form if it is not one. */
export function toMilliseconds(duration: Duration, subject = 'a duration', path = ''): number {
  const milliseconds = millisecondsOf(duration)
  if (milliseconds === undefined) throw new RequestError(subject, [{ path, message: durationForm }])
  return milliseconds
}
