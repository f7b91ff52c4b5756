import { toMilliseconds } from '../contract/duration.ts'
import type { ProviderLimits } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'

/** Lets sends through no faster, and no more at a time, than a provider allows; first come, first served. */
export interface Limiter {
  /** The moment at which the caller may go: now, or once it is reached. */
  enter(): number | Promise<number>
  /**
   * Null if whoever enters now goes within `patience` milliseconds, as far as the rate tells. Else a time at which to come again: each who asks
   * gets one of his own, at the rate's pace, so that a backlog waits elsewhere and comes back little by little.
   */
  putOff(patience: number): number | null
  /** A send has ended. `unused`: it was let in at this moment, and then not made. */
  leave(unused?: number): void
  /** Lets everyone go: nothing will be sent any more. */
  close(): void
}

/** At most `rate.count` in any `rate.per`, also across a pause, and at most `concurrency` at a time. */
export function createLimiter({ rate, concurrency = Number.POSITIVE_INFINITY }: ProviderLimits, clock: Clock): Limiter {
  const count = rate?.count ?? 1
  const per = rate === undefined ? 0 : toMilliseconds(rate.per)
  // A ring of the latest `count` sends: the next one takes the place of the oldest, which must lie `per` back.
  const sends: number[] = []
  let sent = 0
  let latest = Number.NEGATIVE_INFINITY
  let latestPutOff = Number.NEGATIVE_INFINITY
  let running = 0
  let closed = false
  let disarm: (() => void) | undefined
  const waiting = createQueue<(moment: number) => void>()

  function opensAt(now: number): number {
    if (rate === undefined) return now
    // A clock that is set back must not hold everyone until it has caught up.
    if (now < latest) for (const index of sends.keys()) sends[index]! -= latest - now
    latest = now
    return (sends[sent % count] ?? Number.NEGATIVE_INFINITY) + per
  }

  function take(now: number): boolean {
    if (closed) return true
    if (running >= concurrency || opensAt(now) > now) return false
    running++
    sends[sent++ % count] = now
    return true
  }

  function drain(): void {
    const now = clock.now()
    while (waiting.size() > 0 && take(now)) waiting.next()(now)
    if (waiting.size() === 0 || disarm !== undefined || running >= concurrency) return
    disarm = clock.setTimer(Math.max(1, Math.ceil(opensAt(now) - now)), () => {
      disarm = undefined
      drain()
    })
  }

  return {
    enter() {
      const now = clock.now()
      if (waiting.size() === 0 && take(now)) return now
      return new Promise((resolve) => {
        waiting.add(resolve)
        drain()
      })
    },
    putOff(patience) {
      const now = clock.now()
      const pace = per / count
      const opens = Math.max(opensAt(now), now) + waiting.size() * pace
      if (opens - now <= patience || closed) return null
      latestPutOff = Math.max(latestPutOff + pace, opens)
      return Math.ceil(latestPutOff)
    },
    leave(unused) {
      running--
      if (unused !== undefined && sends[(sent - 1) % count] === unused) sends[--sent % count] = Number.NEGATIVE_INFINITY
      drain()
    },
    close() {
      closed = true
      disarm?.()
      drain()
    },
  }
}

/** First in, first out, at the same cost however many wait: `shift` of a long array moves all the others. */
function createQueue<T>() {
  let items: T[] = []
  let head = 0
  return {
    size: () => items.length - head,
    add: (item: T) => void items.push(item),
    next(): T {
      const item = items[head++]!
      if (head > 1000 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
  }
}
