import { toMilliseconds } from '../cascade/duration.ts'
import type { Failure } from '../contract/failure.ts'
import type { ChannelProvider, SendRequest, SendResult } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'
import { failureOf, noResult } from './classify.ts'

/** How long a call may take where its provider does not say, in milliseconds. */
export const defaultTimeout = 30_000

/** How a call ended. */
export type Called = { readonly result: SendResult } | { readonly failure: Failure }

/** A provider's time-out, in milliseconds. */
export function timeoutOf(provider: ChannelProvider): number {
  return provider.timeout === undefined ? defaultTimeout : toMilliseconds(provider.timeout)
}

/** Calls a provider, cuts it at its time-out, and never rejects. `late` hears what a call that was cut comes to all the same. */
export function call(
  provider: ChannelProvider,
  request: SendRequest,
  clock: Clock,
  late: (called: Called) => void,
): Promise<Called> {
  const abort = new AbortController()
  return new Promise((resolve) => {
    let cut = false
    const stopTimer = clock.setTimer(timeoutOf(provider), () => {
      cut = true
      resolve({ failure: { kind: 'unknown', message: `${provider.name} did not answer in time and was cut`, code: 'TIMEOUT' } })
      abort.abort()
    })
    const settle = (called: Called) => {
      stopTimer()
      if (cut) late(called)
      else resolve(called)
    }
    try {
      provider.send(request, { signal: abort.signal }).then(
        (result) => settle(typeof result === 'object' && result !== null ? { result } : { failure: noResult(provider.name) }),
        (error) => settle({ failure: failureOf(provider.name, error) }),
      )
    } catch (error) {
      settle({ failure: failureOf(provider.name, error) })
    }
  })
}
