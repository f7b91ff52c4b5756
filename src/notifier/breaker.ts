import type { Failure } from '../contract/failure.ts'
import type { Clock } from '../contract/time.ts'

/** When a provider's circuit opens, and for how long, in milliseconds. */
export interface BreakerPolicy {
  /** Failures in a row (transient or unknown) that open it; a configuration failure opens it at once. */
  readonly threshold: number
  readonly coolDown: number
}

/** One provider's circuit. */
export interface Breaker {
  /** `closed`: call it; `probe`: call it once and see; `probing`: wait for the probe; `open`: not before `until`. */
  state(): 'closed' | 'probe' | 'probing' | 'open'
  readonly until: number
  /** Claims the probe, if the state asks for one; true if this call is it. */
  enter(): boolean
  /** A call has ended (undefined: was not made). A recipient's or content's fault says that the provider works. */
  leave(probe: boolean, failure: Failure | null | undefined): void
}

/** A closed circuit. `onChange` hears of each opening and closing. */
export function createBreaker(
  policy: BreakerPolicy,
  clock: Clock,
  onChange: (until: number | null, failure: Failure | null) => void,
): Breaker {
  let failures = 0
  let until: number | null = null
  let probing = false

  function open(failure: Failure): void {
    until = clock.now() + policy.coolDown
    failures = 0
    onChange(until, failure)
  }

  return {
    state() {
      if (until === null) return 'closed'
      if (probing) return 'probing'
      return clock.now() >= until ? 'probe' : 'open'
    },
    get until() {
      return until ?? 0
    },
    enter() {
      if (until === null) return false
      probing = true
      return true
    },
    leave(probe, failure) {
      if (probe) probing = false
      if (failure === undefined) return
      if (failure === null || failure.kind === 'recipient' || failure.kind === 'content') {
        failures = 0
        if (until !== null && probe) {
          until = null
          onChange(null, null)
        }
      } else if (failure.kind === 'configuration' || probe || ++failures >= policy.threshold) {
        if (until === null || probe) open(failure)
      }
    },
  }
}
