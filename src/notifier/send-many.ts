import type { Accepted } from './notifier.ts'

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
} & ({ readonly id: string; readonly created: boolean; readonly error?: never } | { readonly error: Error; readonly id?: never })

/** Takes requests no faster than they are dealt with: an element is pulled only when a slot is free and the result before was read. */
export async function* sendEach<R>(
  requests: Iterable<R> | AsyncIterable<R>,
  send: (request: R) => Promise<{ readonly accepted: Accepted; readonly work: Promise<unknown> }>,
  { concurrency = 50, signal }: SendManyOptions,
): AsyncGenerator<SendManyResult<R>, void, undefined> {
  const source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]()
  const inHand = new Map<number, Promise<{ index: number; request: R; accepted?: Accepted; error?: Error }>>()
  let next = 0
  let accepted = 0
  let rejected = 0
  let exhausted = false

  async function take(index: number, request: R) {
    try {
      const sent = await send(request)
      await sent.work
      return { index, request, accepted: sent.accepted }
    } catch (error) {
      return { index, request, error: error instanceof Error ? error : new Error(String(error)) }
    }
  }

  try {
    for (;;) {
      while (!exhausted && !signal?.aborted && inHand.size < Math.max(1, concurrency)) {
        const pulled = await source.next()
        if (pulled.done) exhausted = true
        else inHand.set(next, take(next++, pulled.value))
      }
      if (inHand.size === 0) break
      const { index, request, accepted: sent, error } = await Promise.race(inHand.values())
      inHand.delete(index)
      if (sent === undefined) yield { index, request, accepted, rejected: ++rejected, error: error! }
      else yield { index, request, accepted: ++accepted, rejected, ...sent }
    }
    signal?.throwIfAborted()
  } finally {
    if (!exhausted) await source.return?.()
  }
}
