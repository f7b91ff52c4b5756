import type { Clock } from '../contract/time.ts'

/** A clock whose timers can all be ended. */
export interface EndableClock extends Clock {
  /** Whoever waits goes on at once, now and from now on: waiting would only keep the process from its end. */
  end(): void
}

/** The same time, and timers that do not outlive `end`. */
export function endableClock(clock: Clock): EndableClock {
  const running = new Set<() => void>()
  let hasEnded = false
  return {
    now: clock.now,
    setTimer(delay, run) {
      const disarm = clock.setTimer(hasEnded ? 0 : delay, fire)
      function fire(): void {
        stop()
        run()
      }
      function stop(): void {
        running.delete(fire)
        disarm()
      }
      running.add(fire)
      return stop
    },
    end() {
      hasEnded = true
      for (const fire of running) fire()
    },
  }
}
