import type { Outcome } from '../contract/record.ts'

/** Those who wait for notifications to settle. */
export interface Waiters {
  /** Resolves when `id` settles, at once if `look` finds that it has; rejects as `look` does, or when `signal` aborts. */
  wait(id: string, look: () => Promise<Outcome | null>, signal: AbortSignal | undefined): Promise<Outcome>
  settle(id: string, outcome: Outcome): void
  /** Nothing will settle any more: whoever waits, now or later, is told why. */
  close(error: Error): void
}

interface Waiter {
  done(outcome: Outcome): void
  fail(error: unknown): void
}

/** Nobody waits yet. */
export function createWaiters(): Waiters {
  const waiters = new Map<string, Set<Waiter>>()
  let over: Error | undefined
  return {
    wait: (id, look, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const waiting = waiters.get(id) ?? new Set()
        const leave = () => {
          waiting.delete(waiter)
          if (waiting.size === 0 && waiters.get(id) === waiting) waiters.delete(id)
          signal?.removeEventListener('abort', abort)
        }
        const waiter: Waiter = {
          done(outcome) {
            leave()
            resolve(outcome)
          },
          fail(error) {
            leave()
            reject(error)
          },
        }
        const abort = () => waiter.fail(signal!.reason)
        waiters.set(id, waiting.add(waiter))
        signal?.addEventListener('abort', abort)
        // Waiting first and looking second leaves no gap for it to settle in.
        look().then((outcome) => (outcome !== null ? waiter.done(outcome) : over && waiter.fail(over)), waiter.fail)
      }),
    settle(id, outcome) {
      for (const { done } of waiters.get(id) ?? []) done(outcome)
    },
    close(error) {
      over = error
      for (const waiting of waiters.values()) for (const { fail } of waiting) fail(error)
    },
  }
}
