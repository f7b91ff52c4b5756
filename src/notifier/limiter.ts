import { toMilliseconds } from '../contract/duration.ts'
import type { ProviderLimits } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'

// A backlog is called back at so many times the pace: some were put off twice or are cancelled meanwhile, and a place that nobody takes is lost.
const overbooking = 3
const golden = (Math.sqrt(5) - 1) / 2
// How long a call takes, in milliseconds, until calls have told, and at most: who comes back too early is put off again, too late idles.
const firstGuess = 100
const highestGuess = 1000

/** Lets sends through no faster, and no more at a time, than a provider allows; first come, first served. */
export interface Limiter {
  /** The moment at which the caller may go: now, or once it is reached. */
  enter(): number | Promise<number>
  /** Null if whoever enters now goes within `patience` milliseconds, as far as the rate and the latest calls tell. */
  putOff(patience: number): PutOff | null
  /** The send that was let in at `entered` is made now. What was to be written first may have taken its time, and the vendor counts from here. */
  go(entered: number): void
  /** A send has ended. `entered`: the moment at which it was let in; `made`: false if it then was not made. */
  leave(entered?: number, made?: boolean): void
  /** Lets everyone go: nothing will be sent any more. */
  close(): void
}

/** A time at which to come again. The taken ones are spread over what the backlog needs: it waits elsewhere and comes back little by little. */
export interface PutOff {
  readonly until: number
  take(): void
}

/**
 * At most `rate.count` in any `rate.per`, also across a pause, and at most `concurrency` at a time. With `awaitsGo` sends count from their `go`: until it
 * comes, nobody else gets the place.
 */
export function createLimiter(
  { rate, concurrency = Number.POSITIVE_INFINITY }: ProviderLimits,
  clock: Clock,
  awaitsGo = false,
): Limiter {
  const count = rate?.count ?? 1
  const per = rate === undefined ? 0 : toMilliseconds(rate.per)
  // A ring of the latest `count` sends: the next one takes the place of the oldest, which must lie `per` back.
  const sends: number[] = []
  let sent = 0
  // Places of those that were let in and are not made yet, by the moment at which they were let in.
  const held = new Map<number, number[]>()
  const isHeld = new Set<number>()
  let latest = Number.NEGATIVE_INFINITY
  // By then the backlog is called back, as far as is known.
  let end = Number.NEGATIVE_INFINITY
  let putOffs = 0
  let takes = firstGuess
  let running = 0
  let closed = false
  let disarm: (() => void) | undefined
  const waiting = createQueue<(moment: number) => void>()

  /** A clock that is set back must not hold everyone until it has caught up. */
  function follow(now: number): void {
    if (now < latest) {
      for (const index of sends.keys()) sends[index]! -= latest - now
      end -= latest - now
    }
    latest = now
  }

  function oldest(now: number): number {
    follow(now)
    return sends[sent % count] ?? Number.NEGATIVE_INFINITY
  }

  function take(now: number): boolean {
    if (closed) return true
    const last = oldest(now)
    if (running >= concurrency || last + per > now || isHeld.has(sent % count)) return false
    // Less than half of what is allowed was called for: who was to be back by now is not coming, and what comes next need not wait behind him.
    if (waiting.size() === 0 && running * 2 < concurrency && last + 2 * per <= now) end = now
    running++
    const place = sent++ % count
    sends[place] = now
    if (awaitsGo && rate !== undefined) hold(place, now)
    return true
  }

  function hold(place: number, now: number): void {
    isHeld.add(place)
    const others = held.get(now)
    if (others === undefined) held.set(now, [place])
    else others.push(place)
  }

  /** The place of one that was let in at a moment: those of one moment are alike, so it is the latest of them. */
  function letGo(entered: number): number | undefined {
    const places = held.get(entered)
    const place = places?.pop()
    if (places?.length === 0) held.delete(entered)
    if (place !== undefined) isHeld.delete(place)
    return place
  }

  function drain(): void {
    const now = clock.now()
    while (waiting.size() > 0 && take(now)) waiting.next()(now)
    if (waiting.size() === 0 || disarm !== undefined || running >= concurrency || isHeld.has(sent % count)) return
    disarm = clock.setTimer(Math.max(1, Math.ceil(oldest(now) + per - now)), () => {
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
      const pace = Math.max(per / count, takes / concurrency)
      const opens = Math.max(oldest(now) + per, now) + waiting.size() * pace
      if (closed || opens - now <= patience) return null
      const further = Math.max(end, opens) + pace / overbooking
      const places = Math.ceil((further - opens) / pace)
      // Multiples of the golden ratio: however many there are, they lie evenly, so that those who are cancelled leave no long gap.
      const place = Math.floor(((putOffs * golden) % 1) * places)
      return {
        until: Math.ceil(opens + place * pace),
        take() {
          end = further
          putOffs++
        },
      }
    },
    go(entered) {
      const place = letGo(entered)
      if (place === undefined) return
      const now = clock.now()
      // First, or this one would be moved along with those before it.
      follow(now)
      sends[place] = now
      drain()
    },
    leave(entered, made = true) {
      running--
      if (entered !== undefined && !made) letGo(entered)
      if (entered !== undefined && made) takes += (Math.min(Math.max(clock.now() - entered, 0), highestGuess) - takes) / 8
      if (!made && sends[(sent - 1) % count] === entered) sends[--sent % count] = Number.NEGATIVE_INFINITY
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
