import { toMilliseconds } from '../contract/duration.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { lazy } from '../notifier/lazy.ts'

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /** Goes on by `duration`, firing timers on the way, each at its own moment and with its promises settled before the next. */
  advance(duration: Duration): Promise<void>
  /** Goes on to `time` (Unix milliseconds). */
  advanceTo(time: number): Promise<void>
  /** Timers that are set and have not fired. */
  readonly timers: number
}

// What the core loads on first use is loaded before time goes on: how long a disk takes must not decide what a test sees.
const loadAll = lazy(() =>
  Promise.all([
    import('../notifier/commit.ts'),
    import('../notifier/work.ts'),
    import('../notifier/receipts.ts'),
    import('../notifier/watching.ts'),
    import('../notifier/upkeep.ts'),
    import('../notifier/polling.ts'),
    import('../notifier/closing.ts'),
    import('../text/sms.ts'),
  ]),
)

/** A clock for tests, starting at `start` (Unix milliseconds). */
export function virtualClock(start = 0): VirtualClock {
  let now = start
  let sequence = 0
  const timers = new Map<number, { at: number; run: () => void }>()

  async function advanceTo(time: number): Promise<void> {
    await loadAll()
    await turn()
    for (;;) {
      const next = [...timers].filter(([, { at }]) => at <= time).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
      if (next === undefined) break
      timers.delete(next[0])
      now = Math.max(now, next[1].at)
      next[1].run()
      await turn()
    }
    now = Math.max(now, time)
  }

  return {
    now: () => now,
    setTimer(delay, run) {
      const id = sequence++
      timers.set(id, { at: now + Math.max(0, delay), run })
      return () => timers.delete(id)
    },
    advance: (duration) => advanceTo(now + toMilliseconds(duration)),
    advanceTo,
    get timers() {
      return timers.size
    },
  }
}

/** Lets every promise that can settle without I/O settle: immediates run only once no microtask is left. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
