import type { Clock } from '../contract/time.ts'

/** In milliseconds: a longer delay overflows a timer and fires at once. */
export const longestDelay = 2 ** 31 - 1

/** The machine's own clock, for adapters; the core, which loads nothing of `wire/`, has its like in `notifier/clock.ts`. */
export const systemClock: Clock = {
  now: Date.now,
  setTimer(delay, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delay), longestDelay))
    return () => clearTimeout(timer)
  },
}
