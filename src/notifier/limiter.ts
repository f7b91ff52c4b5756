import { toMilliseconds } from '../cascade/duration.ts'
import type { ProviderLimits } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'

/** Lets sends through no faster, and no more at a time, than a provider allows; first come, first served. */
export interface Limiter {
  /** Resolves, or is true at once, when the caller may go. */
  enter(): true | Promise<void>
  leave(): void
}

/** A token bucket that holds `rate.count` and a gate of `concurrency`. */
export function createLimiter({ rate, concurrency = Number.POSITIVE_INFINITY }: ProviderLimits, clock: Clock): Limiter {
  const capacity = rate?.count ?? Number.POSITIVE_INFINITY
  const refill = rate === undefined ? 0 : rate.count / toMilliseconds(rate.per)
  let tokens = capacity
  let filledAt = clock.now()
  let running = 0
  let armed = false
  const waiting: (() => void)[] = []

  function take(): boolean {
    if (running >= concurrency) return false
    if (rate !== undefined) {
      const now = clock.now()
      tokens = Math.min(capacity, tokens + Math.max(0, now - filledAt) * refill)
      filledAt = now
      // Rounding must not make a timer fire a moment too early for ever.
      if (tokens < 1 - 1e-9) return false
      tokens--
    }
    running++
    return true
  }

  function drain(): void {
    while (waiting.length > 0 && take()) waiting.shift()!()
    if (waiting.length === 0 || armed || running >= concurrency) return
    armed = true
    clock.setTimer(Math.max(1, Math.ceil((1 - tokens) / refill)), () => {
      armed = false
      drain()
    })
  }

  return {
    enter() {
      if (waiting.length === 0 && take()) return true
      return new Promise((resolve) => {
        waiting.push(resolve)
        drain()
      })
    },
    leave() {
      running--
      drain()
    },
  }
}
