import { toMilliseconds } from '../contract/duration.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { createDueQueue } from '../notifier/due-queue.ts'
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

/** The timers of one moment, in the order in which they were set. */
interface Moment {
  place: number
  readonly at: number
  readonly timers: Set<() => void>
}

// A test that fakes timers, for the sake of `Date`, say, must not stop this clock.
const { setImmediate: immediately } = globalThis

/** What the core loads on first use is loaded before time goes on: how long a disk takes must not decide what a test sees. */
export const loadAll = lazy(() =>
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

type Settle = () => Promise<void>
const waitedFor = new WeakMap<Clock, Settle[]>()

/** A clock for tests, starting at `start` (Unix milliseconds). */
export function virtualClock(start = 0): VirtualClock {
  const settles: Settle[] = [turn]
  const clock = steppedClock(start, async () => {
    for (const settle of settles) await settle()
  })
  waitedFor.set(clock, settles)
  return clock
}

/** Has a clock that `virtualClock` has made wait for `settle` too, before time goes on. Gives undefined for any other. */
export function joinClock(clock: Clock | undefined, settle: Settle): VirtualClock | undefined {
  const settles = clock && waitedFor.get(clock)
  settles?.push(settle)
  return settles && (clock as VirtualClock)
}

/** A virtual clock that waits for `settle` before time goes on, and after each timer. */
export function steppedClock(start: number, settle: Settle): VirtualClock {
  let now = start
  let count = 0
  const moments = new Map<number, Moment>()
  const queue = createDueQueue<Moment>()

  function momentAt(at: number): Moment {
    const moment = moments.get(at) ?? { place: -1, at, timers: new Set() }
    if (moments.has(at)) return moment
    moments.set(at, moment)
    queue.set(moment, at)
    return moment
  }

  async function advanceTo(time: number): Promise<void> {
    await loadAll()
    await settle()
    for (;;) {
      const [moment] = queue.due(time, 1)
      if (moment === undefined) break
      const [run] = moment.timers
      if (run === undefined) {
        moments.delete(moment.at)
        queue.set(moment, null)
        continue
      }
      moment.timers.delete(run)
      count--
      now = Math.max(now, moment.at)
      run()
      await settle()
    }
    now = Math.max(now, time)
  }

  return {
    now: () => now,
    setTimer(delay, run) {
      const { timers } = momentAt(now + Math.max(0, delay))
      const fire = () => run()
      timers.add(fire)
      count++
      return () => {
        if (timers.delete(fire)) count--
      }
    },
    advance: (duration) => advanceTo(now + toMilliseconds(duration)),
    advanceTo,
    get timers() {
      return count
    },
  }
}

/** Lets every promise that can settle without I/O settle: immediates run only once no microtask is left. */
export function turn(): Promise<void> {
  return new Promise((resolve) => immediately(resolve))
}
