import type { Clock } from 'omnicascade'

/** How the processes of a run tell the time: all of them alike, and faster than it passes. */
export interface ClockSetting {
  /** When the run began, in real Unix milliseconds. */
  readonly start: number
  readonly factor: number
  /** How far the run has leapt ahead, in milliseconds of its own time. */
  readonly leap: number
}

/** A clock that runs fast and can leap. */
export interface FastClock extends Clock {
  leapTo(leap: number): void
}

/** Real time, `factor` times as fast, and `leap` ahead: leases and retries pass by themselves, a day of silence only by a leap. */
export function fastClock({ start, factor, leap }: ClockSetting): FastClock {
  const timers = new Set<{ readonly at: number; readonly run: () => void; handle?: NodeJS.Timeout }>()
  const now = () => Math.floor(start + (Date.now() - start) * factor + leap)

  type Timer = typeof timers extends Set<infer T> ? T : never
  function arm(timer: Timer): void {
    clearTimeout(timer.handle)
    const delay = Math.max(0, Math.min((timer.at - now()) / factor, 2 ** 31 - 2))
    timer.handle = setTimeout(() => {
      timers.delete(timer)
      timer.run()
    }, Math.ceil(delay))
  }

  return {
    now,
    setTimer(delay, run) {
      const timer: Timer = { at: now() + Math.max(0, delay), run }
      timers.add(timer)
      arm(timer)
      return () => {
        clearTimeout(timer.handle)
        timers.delete(timer)
      }
    },
    leapTo(next) {
      leap = next
      for (const timer of timers) arm(timer)
    },
  }
}
