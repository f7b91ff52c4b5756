import type { Failure } from '../contract/failure.ts'
import type { Clock } from '../contract/time.ts'

// How long an attempt is its process's own. A dead process is found out once it is over, so it is short; a long call renews it.
const longest = 60_000
// Time for the outcome to be stored after the call's own time-out.
const grace = 30_000
// Between two tries to renew one, in milliseconds: it must not run out because the store was away for a moment.
const firstRetry = 1000
const slowestRetry = 4000
// What is written and the call that follows are this near, save in a process that stood still: no timer for that.
const slack = 1000
// Clocks of processes that share a store may differ by this much.
const skew = 5000

/** Why a call was not made though its attempt was written. */
export const notMade = {
  /** It may be another's by now. */
  late: {
    kind: 'transient',
    message: 'the process stood still for so long that the attempt was no longer its own: nothing was sent',
    code: 'LEASE_LOST',
  },
  closed: { kind: 'transient', message: 'the notifier was closed before the call was made: nothing was sent', code: 'CLOSED' },
  /** The store failed over the attempt, and had written it all the same. */
  unsure: {
    kind: 'transient',
    message: 'the store did not say that the attempt was written: nothing was sent',
    code: 'STORE_UNSURE',
  },
} as const satisfies Record<string, Failure>

/** When the lease of a call ends that is cut after `timeout` milliseconds. */
export function leaseUntil(now: number, timeout: number): number {
  return now + Math.min(longest, timeout + grace)
}

/** Whether another process may have taken an attempt for lost, by a clock of its own. */
export function mayBeLost(until: number, now: number): boolean {
  return now + skew >= until
}

/** What became of a renewal; `lost`: the attempt is no longer this process's own. */
export type Renewal = 'renewed' | 'failed' | 'lost'

/** Renews the lease of a call that may outlast it, while half of it is left; gives what ends that. `renew` never rejects. */
export function keepLease(clock: Clock, until: number, timeout: number, renew: (until: number) => Promise<Renewal>): () => void {
  let disarm = () => {}
  let over = false
  const end = clock.now() + timeout + grace
  function arm(lease: number): void {
    if (lease + slack < end) renewIn(lease - longest / 2 - clock.now(), firstRetry)
  }
  function renewIn(delay: number, retry: number): void {
    if (over) return
    disarm = clock.setTimer(delay, () => {
      const next = Math.min(end, clock.now() + longest)
      void renew(next).then((renewal) => {
        if (renewal === 'renewed') arm(next)
        else if (renewal === 'failed') renewIn(retry, Math.min(2 * retry, slowestRetry))
      })
    })
  }
  arm(until)
  return () => {
    over = true
    disarm()
  }
}
