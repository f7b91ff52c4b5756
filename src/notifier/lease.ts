import type { Failure } from '../contract/failure.ts'
import type { Clock } from '../contract/time.ts'

// How long an attempt is its process's own. A dead process is found out once it is over, so it is short; a long call renews it.
const longest = 60_000
// Time for the outcome to be stored after the call's own time-out.
const grace = 30_000
// Clocks of processes that share a store may differ by this much.
const skew = 5000

/** Why a call was not made though its attempt was written. */
export const notMade: Failure = {
  kind: 'transient',
  message: 'the process stood still for so long that the attempt was no longer its own: nothing was sent',
  code: 'LEASE_LOST',
}

/** When the lease of a call ends that is cut after `timeout` milliseconds. */
export function leaseUntil(now: number, timeout: number): number {
  return now + Math.min(longest, timeout + grace)
}

/** Whether another process may have taken an attempt for lost, by a clock of its own. */
export function mayBeLost(until: number, now: number): boolean {
  return now + skew >= until
}

/** Renews the lease of a call that may outlast it, while half of it is left; gives what ends that. `renew` never rejects. */
export function keepLease(clock: Clock, until: number, timeout: number, renew: (until: number) => Promise<void>): () => void {
  let disarm = () => {}
  let over = false
  const end = clock.now() + timeout + grace
  function arm(lease: number): void {
    if (over || lease >= end) return
    disarm = clock.setTimer(lease - longest / 2 - clock.now(), () => {
      const next = Math.min(end, clock.now() + longest)
      void renew(next).then(() => arm(next))
    })
  }
  arm(until)
  return () => {
    over = true
    disarm()
  }
}
