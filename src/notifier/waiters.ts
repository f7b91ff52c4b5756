import type { Outcome } from '../contract/record.ts'

/** Those who wait for notifications to settle. */
export interface Waiters {
  /** Resolves when `id` settles, at once if `look` finds that it has; rejects as `look` does, or when `signal` aborts. */
  wait(id: string, look: () => Promise<Outcome | null>, signal: AbortSignal | undefined): Promise<Outcome>
  settle(id: string, outcome: Outcome): void
}

/** Nobody waits yet. */
export function createWaiters(): Waiters {
  const waiters = new Map<string, Set<(outcome: Outcome) => void>>()
  return {
    wait: (id, look, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const waiting = waiters.get(id) ?? new Set()
        const leave = () => {
          waiting.delete(done)
          if (waiting.size === 0 && waiters.get(id) === waiting) waiters.delete(id)
          signal?.removeEventListener('abort', abort)
        }
        const done = (outcome: Outcome) => {
          leave()
          resolve(outcome)
        }
        const fail = (error: unknown) => {
          leave()
          reject(error)
        }
        const abort = () => fail(signal!.reason)
        waiters.set(id, waiting.add(done))
        signal?.addEventListener('abort', abort)
        // Waiting first and looking second leaves no gap for it to settle in.
        look().then((outcome) => outcome !== null && done(outcome), fail)
      }),
    settle(id, outcome) {
      for (const done of waiters.get(id) ?? []) done(outcome)
    },
  }
}
