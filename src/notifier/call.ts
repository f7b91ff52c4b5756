import { toMilliseconds } from '../contract/duration.ts'
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

/** Correlation keys as receipts carry them: vendors' ids may be numbers, and an adapter may give anything. */
export function keysFrom(given: unknown): string[] {
  return Array.isArray(given) ? given.filter((key) => typeof key === 'string' || typeof key === 'number').map(String) : []
}

/** A call under way. */
export interface CallUnderWay {
  /** Never rejects. */
  readonly ended: Promise<Called>
  /** Gives it up: its result is unknown. */
  cut(failure: Failure): void
}

/** Calls a provider and cuts it at its time-out. `late` hears what a call that was cut comes to all the same. */
export function call(
  provider: ChannelProvider,
  request: SendRequest,
  clock: Clock,
  late: (called: Called) => void,
): CallUnderWay {
  const abort = new AbortController()
  let wasCut = false
  let end: (called: Called) => void
  const ended = new Promise<Called>((resolve) => {
    end = resolve
  })
  const stopTimer = clock.setTimer(timeoutOf(provider), () =>
    cut({ kind: 'unknown', message: `${provider.name} did not answer in time and was cut`, code: 'TIMEOUT' }),
  )

  function cut(failure: Failure): void {
    wasCut = true
    stopTimer()
    end({ failure })
    abort.abort()
  }

  function settle(called: Called): void {
    stopTimer()
    if (wasCut) late(called)
    else end(called)
  }

  try {
    Promise.resolve(provider.send(request, { signal: abort.signal })).then(
      (result) => settle(typeof result === 'object' && result !== null ? { result } : { failure: noResult(provider.name) }),
      (error) => settle({ failure: failureOf(provider.name, error) }),
    )
  } catch (error) {
    settle({ failure: failureOf(provider.name, error) })
  }
  return { ended, cut }
}
