import type { Awaitable } from '../../contract/json.ts'
import type { Clock } from '../../contract/time.ts'
import { closedError, timeoutError } from './errors.ts'

/** What every call of the store runs in. */
export interface Bounds {
  /** Rejects if `call` takes longer than a call may; what was sent by then may still be stored. */
  run<T>(call: () => Awaitable<T>): Promise<T>
  /** From now on calls are refused. */
  close(): void
}

/** Bounds calls in time: `ioredis` tries to connect again for as long as the app's client lets it, which may be for ever. */
export function createBounds(clock: Clock, timeout: number): Bounds {
  let isClosed = false
  return {
    async run(call) {
      if (isClosed) throw closedError()
      return new Promise((resolve, reject) => {
        const disarm = clock.setTimer(timeout, () => reject(timeoutError(timeout)))
        Promise.resolve(call()).then(resolve, reject).finally(disarm)
      })
    },
    close() {
      isClosed = true
    },
  }
}
