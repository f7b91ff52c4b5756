import { isOmnicascadeError, OmnicascadeError } from '../contract/errors.ts'
import type { Awaitable } from '../contract/json.ts'
import type { NotificationRecord, Outcome } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'

// Loaded when somebody first waits for a notification.

/** Those who wait for notifications to change. */
export interface Watching {
  /** The record now and after each change, until it has settled; not copied. */
  watch(id: string, signal: AbortSignal | undefined): AsyncGenerator<NotificationRecord, void, undefined>
  /** The outcome, once it has settled. */
  outcomeOf(id: string, signal: AbortSignal | undefined): Promise<Outcome>
  /** This process has stored a record. */
  changed(record: NotificationRecord): void
  /** Nothing will change any more: whoever waits, now or later, is told why. */
  close(error: Error): Promise<void>
}

/** What watching needs. */
export interface WatchingContext {
  readonly store: NotificationStore
  readonly clock: Clock
  readonly get: (id: string) => Promise<NotificationRecord | undefined>
  readonly onError: (error: unknown) => void
}

interface Watcher {
  /** There may be something new: this record, or (without one) whatever is stored. */
  wake(record?: NotificationRecord): void
  fail(error: unknown): void
}

// How often a shared store is looked at while somebody waits: what it tells of changes may get lost, and not every store tells.
const lookEvery = { telling: 5000, silent: 1000 }

// What a look that failed has seen.
const unseen = {} as NotificationRecord

/** Nobody waits yet. */
export function createWatching({ store, clock, get, onError }: WatchingContext): Watching {
  const watchers = new Map<string, Set<Watcher>>()
  let over: Error | undefined
  let listening: Awaitable<() => Awaitable<void>> | undefined
  let disarm = () => {}
  let hasTold = false

  function hear(id: string | null): void {
    for (const waiting of id === null ? watchers.values() : [watchers.get(id) ?? []]) for (const { wake } of waiting) wake()
  }

  /** Hears of what other processes store, as long as anybody waits here. */
  function listen(): void {
    if (!store.shared) return
    lookLater()
    void guard(async () => {
      listening = store.watch?.(hear)
      await listening
    })
  }

  function lookLater(): void {
    disarm = clock.setTimer(store.watch === undefined ? lookEvery.silent : lookEvery.telling, () => {
      hasTold = false
      hear(null)
      lookLater()
    })
  }

  function unlisten(): Promise<void> {
    disarm()
    const ending = listening
    listening = undefined
    // One that never began was told of before.
    return Promise.resolve(ending).then(
      (end) => guard(async () => end?.()),
      () => {},
    )
  }

  async function guard(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      onError(error)
    }
  }

  function join(id: string, watcher: Watcher): () => void {
    if (watchers.size === 0) listen()
    const waiting = watchers.get(id) ?? new Set()
    watchers.set(id, waiting.add(watcher))
    return () => {
      waiting.delete(watcher)
      if (waiting.size > 0 || watchers.get(id) !== waiting) return
      watchers.delete(id)
      if (watchers.size === 0) void unlisten()
    }
  }

  /** A look that fails after the first is made again with the next; however many wait, it is told once. */
  async function lookAgain(id: string): Promise<NotificationRecord | undefined> {
    try {
      return await get(id)
    } catch (error) {
      if (isOmnicascadeError(error) && error.code === 'closed') throw error
      if (!hasTold) onError(error)
      hasTold = true
      return unseen
    }
  }

  async function* watch(id: string, signal: AbortSignal | undefined) {
    signal?.throwIfAborted()
    // Joining first and looking second leaves no gap for a change to go unseen.
    let news: NotificationRecord | 'look' | undefined = 'look'
    let failure: { readonly error: unknown } | undefined
    let resume = () => {}
    const watcher: Watcher = {
      wake(record) {
        // Whoever looks sees what this process has stored, too; a record that is older than another one says nothing.
        if (record === undefined) news = 'look'
        else if (news === undefined || (news !== 'look' && news.version < record.version)) news = record
        resume()
      },
      fail(error) {
        failure = { error }
        resume()
      },
    }
    const abort = () => watcher.fail(signal?.reason)
    const leave = join(id, watcher)
    signal?.addEventListener('abort', abort)
    try {
      for (let seen = -1; ; ) {
        if (failure !== undefined) throw failure.error
        if (news !== undefined) {
          const told: NotificationRecord | 'look' = news
          news = undefined
          const record: NotificationRecord | undefined = told === 'look' ? await (seen < 0 ? get(id) : lookAgain(id)) : told
          if (record === unseen) continue
          if (record === undefined)
            throw new OmnicascadeError('not-found', `there is no notification ${id} in the store, or no longer (see keepFor)`)
          if (record.version > seen) {
            seen = record.version
            yield record
          }
          if (record.settledAt !== null) return
          if (over !== undefined) throw over
        } else
          await new Promise<void>((resolve) => {
            resume = resolve
          })
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      leave()
    }
  }

  return {
    watch,
    async outcomeOf(id, signal) {
      for await (const { outcome } of watch(id, signal)) if (outcome !== null) return outcome
      throw over
    },
    changed(record) {
      for (const { wake } of watchers.get(record.id) ?? []) wake(record)
    },
    async close(error) {
      over = error
      for (const waiting of watchers.values()) for (const { fail } of waiting) fail(error)
      await unlisten()
    },
  }
}
