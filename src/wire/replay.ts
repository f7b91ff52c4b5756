import { millisecondsOf } from '../contract/duration.ts'
import { WebhookVerificationError } from '../contract/errors.ts'
import type { Duration } from '../contract/time.ts'
import type { OptionRule } from './options.ts'

/** How far a signature's time may lie from now, in either direction, where a vendor says nothing. */
const defaultTolerance = 300_000

/** The rule of an option `tolerance`. */
export function toleranceRule(tolerance: Duration | undefined): OptionRule {
  return ['tolerance', tolerance, tolerance === undefined || millisecondsOf(tolerance) !== undefined, 'be a duration, such as 5m']
}

/** Throws `WebhookVerificationError` unless a signature's time, in seconds, is near enough to `now` (Unix milliseconds). */
export function checkFresh(
  field: string,
  seconds: string | undefined,
  now: number,
  tolerance: Duration = defaultTolerance,
): void {
  const at = seconds !== undefined && /^\d{1,12}(\.\d+)?$/.test(seconds) ? Number(seconds) * 1000 : Number.NaN
  if (!(Math.abs(now - at) <= millisecondsOf(tolerance)!))
    throw new WebhookVerificationError(`${field} is missing, stale or from the future: look at the clock of this machine`)
}
