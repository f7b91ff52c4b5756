import { RequestError } from '../contract/errors.ts'
import type { Accepted } from './notifier.ts'
import { pullFrom } from './pull.ts'

/** Options of `sendMany`. */
export interface SendManyOptions {
  /** How many notifications are in hand at a time: taken in, and their first calls not yet answered. Default 50. */
  readonly concurrency?: number
  /** Stops taking requests; what was taken is finished. The iteration then throws the signal's reason. */
  readonly signal?: AbortSignal
}

/** What became of one request, in the order in which they were finished. */
export type SendManyResult<R> = {
  /** Position in the input, from 0. */
  readonly index: number
  readonly request: R
  /** Progress so far, this one included. */
  readonly accepted: number
  readonly rejected: number
} & (
  | { readonly id: string; readonly created: boolean; readonly error?: never }
  | { readonly error: Error; readonly id?: never; readonly created?: never }
)

interface Finished<R> {
  readonly index: number
  readonly request: R
  readonly accepted?: Accepted
  readonly error?: Error
}

/**
 * Takes requests no faster than they are dealt with: an element is pulled only when a slot is free, and a slot is free once its result
 * was read. Results are given as they come, also while the source takes its time.
 */
export async function* sendEach<R>(
  requests: Iterable<R> | AsyncIterable<R>,
  send: (request: R) => Promise<{ readonly accepted: Accepted; readonly work: Promise<unknown> }>,
  { concurrency = 50, signal }: SendManyOptions,
): AsyncGenerator<SendManyResult<R>, void, undefined> {
  if (!(concurrency >= 1)) throw new RequestError('sendMany', [{ path: 'concurrency', message: 'is not a number of at least 1' }])
  const finished: Finished<R>[] = []
  let inHand = 0
  let next = 0
  let accepted = 0
  let rejected = 0
  let over = false
  let fault: { readonly error: unknown } | undefined
  let wake = () => {}

  async function take(index: number, request: R): Promise<void> {
    inHand++
    try {
      const sent = await send(request)
      await sent.work
      finished.push({ index, request, accepted: sent.accepted })
    } catch (error) {
      finished.push({ index, request, error: error instanceof Error ? error : new Error(String(error)) })
    }
    wake()
  }

  const source = pullFrom(requests, {
    take: (request) => {
      if (!over && !signal?.aborted) void take(next++, request)
    },
    fail: (error) => {
      fault = { error }
    },
    ended: () => wake(),
  })
  const stop = () => wake()
  signal?.addEventListener('abort', stop)
  try {
    for (;;) {
      const isOpen = !source.isExhausted && !signal?.aborted
      if (isOpen && !source.isPulling && inHand < concurrency) void source.pull()
      const result = finished.shift()
      if (result !== undefined) {
        inHand--
        const { index, request, accepted: sent, error } = result
        if (sent === undefined) yield { index, request, accepted, rejected: ++rejected, error: error! }
        else yield { index, request, accepted: ++accepted, rejected, ...sent }
      } else if (inHand === 0 && !isOpen) break
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    if (fault !== undefined) throw fault.error
    signal?.throwIfAborted()
  } finally {
    over = true
    signal?.removeEventListener('abort', stop)
    await source.end()
  }
}
