import type { Clock } from '../contract/time.ts'

// A longer delay overflows a timer and fires at once.
const longestDelay = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  now: Date.now,
  setTimer(delay, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delay), longestDelay))
    return () => clearTimeout(timer)
  },
}
