import type { Awaitable } from './json.ts'
import type { Receipt } from './receipt.ts'
import type { NotificationRecord } from './record.ts'
import type { WakeUp } from './wake-up.ts'

/**
 * Where records live: one record, one version, one `dueAt`. Every write is atomic, and durable when its promise resolves.
 * Records are plain JSON and never changed in place, neither by the store nor by its callers. What fails, fails with a `StoreError`.
 */
export interface NotificationStore {
  /** Other processes may write to it: what is overdue is swept from time to time, and what is waited for is looked at. */
  readonly shared?: boolean
  /** Stores a new record. If the record's `idempotencyKey` is taken, stores nothing and gives the record that has it. An id that is taken is an error (`duplicate-id`). */
  insert(record: NotificationRecord): Awaitable<{ readonly record: NotificationRecord; readonly created: boolean }>
  get(id: string): Awaitable<NotificationRecord | undefined>
  /** Records with an attempt of `provider` that carries `key`, the newest first, at most `limit`. */
  findByKey(provider: string, key: string, limit: number): Awaitable<readonly NotificationRecord[]>
  /** Compare and swap: writes `record` if the stored version is `expectedVersion`; `false` if it is not, or there is no such record. */
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
  /**
   * Forgets up to `limit` records that settled before `settledBefore` and wait for nothing (`dueAt` is null), the longest settled first, with their
   * keys; and up to `limit` parked receipts that have expired by `now`. Gives how many it has forgotten of whichever were more.
   */
  prune(settledBefore: number, now: number, limit: number): Awaitable<number>
  /**
   * Hears of changes that others make, as soon as may be: the id of a record, or null when any may have changed. None need be heard of:
   * whoever waits also looks by himself now and then. Gives what ends it.
   */
  watch?(onChange: (id: string | null) => void): Awaitable<() => Awaitable<void>>
  /** From now on writes the scheduler's wake-ups in the transaction that writes their records; `false` if it cannot. */
  enlist?(scheduler: Scheduler): boolean
  close?(): Awaitable<void>
}

/** A transaction of a SQL database: what a scheduler that lives in the store's own database needs of it. */
export interface SqlTransaction {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: unknown[] }>
}

/** Wakes notifications up. At least once, and harmless when wrong: the handler reads the record and asks the machine. */
export interface Scheduler {
  /** A record's `dueAt` has changed. One that is woken too early is put off anew by its handler. */
  wakeAt(wakeUp: WakeUp): Awaitable<void>
  /** What it needs before it can write within a transaction: a store asks for it while it holds no connection, which both may have to share. */
  ready?(): Awaitable<void>
  /**
   * The same as `wakeAt` for many, as part of a store's transaction; the ends of leases need not be told. Gives what is to be called once that is
   * committed. Must not wait for anything but the transaction.
   */
  wakeWithin?(transaction: SqlTransaction, wakeUps: readonly WakeUp[]): Promise<() => void>
  /** Starts waking. `onWake` resolves once the notification has been seen to, and never rejects; `onError` hears what fails in the background. */
  start(onWake: (id: string) => Promise<void>, onError: (error: unknown) => void): Awaitable<void>
  /** Stops waking; no `onWake` is called after it has resolved. */
  stop(): Awaitable<void>
}
