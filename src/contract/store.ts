import type { Awaitable } from './json.ts'
import type { Receipt } from './receipt.ts'
import type { NotificationRecord } from './record.ts'

/**
 * Where records live: one record, one version, one `dueAt`. Every write is atomic, and durable when its promise resolves.
 * Records are plain JSON and never changed in place, neither by the store nor by its callers.
 */
export interface NotificationStore {
  /** Stores a new record. If the record's `idempotencyKey` is taken, stores nothing and gives the record that has it. An id that is taken is an error. */
  insert(record: NotificationRecord): Awaitable<{ readonly record: NotificationRecord; readonly created: boolean }>
  get(id: string): Awaitable<NotificationRecord | undefined>
  /** Records with an attempt of `provider` that carries `key`, the newest first, at most `limit`. */
  findByKey(provider: string, key: string, limit: number): Awaitable<readonly NotificationRecord[]>
  /** Compare and swap: writes `record` if the stored version is `expectedVersion`; `false` if it is not. */
  update(record: NotificationRecord, expectedVersion: number): Awaitable<boolean>
  /** Keeps a receipt that no attempt carries the keys of, until `expiresAt`. The same receipt parked twice is kept once. */
  parkReceipt(receipt: Receipt, now: number, expiresAt: number): Awaitable<void>
  /** The parked receipts of `provider` that carry any of `keys`, oldest first. */
  findParked(provider: string, keys: readonly string[], now: number): Awaitable<readonly Receipt[]>
  /** Forgets one parked receipt, if it is parked. */
  dropParked(receipt: Receipt): Awaitable<void>
  /** Ids of records with `dueAt <= now`, the earliest first. */
  due(now: number, limit: number): Awaitable<readonly string[]>
  /** The earliest `dueAt` of all, or null. */
  nextDueAt(): Awaitable<number | null>
  close?(): Awaitable<void>
}

/** Wakes notifications up. At least once, and harmless when wrong: the handler reads the record and asks the machine. */
export interface Scheduler {
  /** A record's `dueAt` is now `time`. */
  wakeAt(id: string, time: number): Awaitable<void>
  /** Starts waking. `onWake` settles once the notification has been seen to, and never rejects. */
  start(onWake: (id: string) => Promise<void>): void
  /** Stops waking; no `onWake` is called after it has resolved. */
  stop(): Awaitable<void>
}
