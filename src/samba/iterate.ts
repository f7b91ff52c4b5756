import type { SambaSmsEvent } from './events.ts'

/** A stream of events: one by one with `for await`, or in batches. Leaving either loop lets go of the source. */
export interface SambaEvents extends AsyncIterable<SambaSmsEvent> {
  /** The same events as they arrive, some hundreds at a time: faster where each needs no `await` of its own. */
  batches(): AsyncGenerator<readonly SambaSmsEvent[], void, undefined>
}

/** Events from batches; each iteration calls `open` anew. */
export function eventsOf(open: () => AsyncGenerator<readonly SambaSmsEvent[], void, undefined>): SambaEvents {
  return { batches: open, [Symbol.asyncIterator]: () => oneByOne(open()) }
}

// By hand, for an async generator that yields each event would cost as much as parsing it.
function oneByOne(batches: AsyncGenerator<readonly SambaSmsEvent[], void, undefined>): AsyncIterableIterator<SambaSmsEvent> {
  let batch: readonly SambaSmsEvent[] = []
  let at = 0
  let refill: Promise<unknown> | undefined

  async function take(): Promise<IteratorResult<SambaSmsEvent, undefined>> {
    while (at >= batch.length) {
      const { value, done } = await batches.next()
      if (done) return { value: undefined, done }
      batch = value
      at = 0
    }
    return { value: batch[at++]!, done: false }
  }

  return {
    next() {
      if (at < batch.length && !refill) return Promise.resolve({ value: batch[at++]!, done: false })
      // Calls made while a batch is on its way wait for their turn.
      const taken = refill ? refill.then(take) : take()
      const turn: Promise<unknown> = taken
        .catch(() => {})
        .then(() => {
          if (refill === turn) refill = undefined
        })
      refill = turn
      return taken
    },
    async return() {
      batch = []
      await batches.return()
      return { value: undefined, done: true }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
