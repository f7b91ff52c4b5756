/** A length of time: milliseconds, or a number with a unit, such as `'90s'`, `'2m'`, `'1.5h'`, `'3d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** A moment: a `Date`, Unix milliseconds, or ISO 8601 with an offset (`2026-11-25T09:00:00+01:00`). */
export type Moment = Date | number | string

/**
 * Daily hours in which a step may start, in the recipient's time zone, as `HH:MM`.
 * `from` is inclusive, `to` exclusive; `22:00`-`06:00` wraps midnight; equal ends mean always open.
 */
export interface Window {
  readonly from: string
  readonly to: string
  /** IANA zone to use instead of the recipient's. */
  readonly timeZone?: string
}

/** Where the time comes from. Inject one to test without waiting. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls `run` once, `delay` milliseconds from now, and returns a function that calls it off. */
  setTimer(delay: number, run: () => void): () => void
}
