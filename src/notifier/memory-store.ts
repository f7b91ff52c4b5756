import { OmnicascadeError } from '../contract/errors.ts'
import type { Receipt } from '../contract/receipt.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import { createDueQueue } from './due-queue.ts'

/** Options of the in-memory store. */
export interface MemoryStoreOptions {
  /** How many settled notifications are kept, with their idempotency keys; the oldest are dropped. Default 10 000. */
  readonly keepSettled?: number
}

interface Parked {
  /** The receipt as JSON: the same receipt is kept once. */
  readonly text: string
  readonly receipt: Receipt
  readonly expiresAt: number
}

/** The default store: everything in this process's memory, gone when it ends. */
export function memoryStore({ keepSettled = 10_000 }: MemoryStoreOptions = {}): NotificationStore {
  const records = new Map<string, NotificationRecord>()
  const idsByIdempotencyKey = new Map<string, string>()
  const idsByKey = new Map<string, string[]>()
  const places = new Map<string, number>()
  let count = 0
  const parked = new Map<string, Parked>()
  const parkedByKey = new Map<string, Set<Parked>>()
  const dueQueue = createDueQueue()
  const settled = new Set<string>()
  const watchers = new Set<(id: string) => void>()

  function put(record: NotificationRecord): void {
    records.set(record.id, record)
    dueQueue.set(record.id, record.dueAt)
    for (const key of keysOf(record)) {
      const ids = idsByKey.get(key)
      if (ids === undefined) idsByKey.set(key, [record.id])
      else if (!ids.includes(record.id)) ids.splice(ids.findLastIndex((id) => isOlder(id, record.id)) + 1, 0, record.id)
    }
    for (const changed of watchers) changed(record.id)
    // One that still waits to be told of is not to be dropped.
    if (record.settledAt === null || record.dueAt !== null) return
    settled.add(record.id)
    // Walking a set from its start passes over what was deleted there, so the oldest are dropped many at a time.
    if (settled.size <= keepSettled + (keepSettled >> 3)) return
    for (const id of settled) if (settled.size > keepSettled) drop(id)
  }

  function isOlder(id: string, other: string): boolean {
    return places.get(id)! < places.get(other)!
  }

  function drop(id: string): void {
    const record = records.get(id)!
    settled.delete(id)
    records.delete(id)
    places.delete(id)
    dueQueue.set(id, null)
    if (record.idempotencyKey !== null) idsByIdempotencyKey.delete(record.idempotencyKey)
    for (const key of keysOf(record)) {
      const rest = idsByKey.get(key)?.filter((other) => other !== id) ?? []
      if (rest.length > 0) idsByKey.set(key, rest)
      else idsByKey.delete(key)
    }
  }

  function unpark(entry: Parked | undefined): void {
    if (entry === undefined) return
    parked.delete(entry.text)
    for (const key of entry.receipt.keys) {
      const index = indexKey(entry.receipt.provider, key)
      const entries = parkedByKey.get(index)
      entries?.delete(entry)
      if (entries?.size === 0) parkedByKey.delete(index)
    }
  }

  function unparkExpired(now: number, limit = parked.size): number {
    const { size } = parked
    // Receipts are parked for equal times, so what has expired stands first.
    for (const entry of parked.values()) {
      if (entry.expiresAt > now || size - parked.size >= limit) break
      unpark(entry)
    }
    return size - parked.size
  }

  return {
    insert(record) {
      const { idempotencyKey } = record
      const existing = idempotencyKey === null ? undefined : idsByIdempotencyKey.get(idempotencyKey)
      if (existing !== undefined) return { record: records.get(existing)!, created: false }
      if (records.has(record.id)) throw new OmnicascadeError('duplicate-id', `there is a notification ${record.id} already`)
      if (idempotencyKey !== null) idsByIdempotencyKey.set(idempotencyKey, record.id)
      places.set(record.id, count++)
      put(record)
      return { record, created: true }
    },
    get: (id) => records.get(id),
    findByKey(provider, key, limit) {
      const ids = idsByKey.get(indexKey(provider, key)) ?? []
      return ids
        .slice(Math.max(0, ids.length - limit))
        .reverse()
        .map((id) => records.get(id)!)
    },
    update(record, expectedVersion) {
      if (records.get(record.id)?.version !== expectedVersion) return false
      put(record)
      return true
    },
    parkReceipt(receipt, now, expiresAt) {
      unparkExpired(now)
      const text = JSON.stringify(receipt)
      const kept = parked.get(text)
      if (kept !== undefined && kept.expiresAt > now) return
      unpark(kept)
      const entry = { text, receipt, expiresAt }
      parked.set(text, entry)
      for (const key of receipt.keys) {
        const index = indexKey(receipt.provider, key)
        parkedByKey.set(index, (parkedByKey.get(index) ?? new Set()).add(entry))
      }
    },
    findParked: (provider, keys, now) =>
      [...new Set(keys.flatMap((key) => [...(parkedByKey.get(indexKey(provider, key)) ?? [])]))]
        .filter(({ expiresAt }) => expiresAt > now)
        .sort((a, b) => a.expiresAt - b.expiresAt)
        .map(({ receipt }) => receipt),
    dropParked: (receipt) => unpark(parked.get(JSON.stringify(receipt))),
    due: (now, limit) => dueQueue.due(now, limit),
    nextDueAt: () => dueQueue.earliest(),
    prune(settledBefore, now, limit) {
      const past = [...settled]
        .map((id) => records.get(id)!)
        .filter((record) => record.settledAt! < settledBefore && record.dueAt === null)
      const oldest = past.sort((a, b) => a.settledAt! - b.settledAt!).slice(0, limit)
      for (const { id } of oldest) drop(id)
      return Math.max(oldest.length, unparkExpired(now, limit))
    },
    watch(onChange) {
      const watcher = (id: string) => onChange(id)
      watchers.add(watcher)
      return async () => {
        watchers.delete(watcher)
      }
    },
  }
}

function keysOf(record: NotificationRecord): string[] {
  return record.steps.flatMap((step) =>
    step.attempts.flatMap((attempt) => attempt.keys.map((key) => indexKey(attempt.provider, key))),
  )
}

function indexKey(provider: string, key: string): string {
  return `${provider}\n${key}`
}
