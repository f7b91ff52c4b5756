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

/** A record as it is now, and where it stands. */
interface Entry {
  record: NotificationRecord
  /** Rises with each insert. */
  readonly order: number
  /** In the queue of what is due. */
  place: number
}

/** The default store: everything in this process's memory, gone when it ends. */
export function memoryStore({ keepSettled = 10_000 }: MemoryStoreOptions = {}): NotificationStore {
  const entries = new Map<string, Entry>()
  const byIdempotencyKey = new Map<string, Entry>()
  // By provider, then by key; the oldest first.
  const byKey = new Map<string, Map<string, Entry[]>>()
  let count = 0
  const parked = new Map<string, Parked>()
  const parkedByKey = new Map<string, Set<Parked>>()
  const dueQueue = createDueQueue<Entry>()
  const settled = new Set<Entry>()
  const watchers = new Set<(id: string) => void>()

  function put(entry: Entry, before: NotificationRecord | undefined): void {
    const { record } = entry
    dueQueue.set(entry, record.dueAt)
    indexKeys(entry, before)
    for (const changed of watchers) changed(record.id)
    // One that still waits to be told of, or does again, is not to be dropped.
    if (record.settledAt === null || record.dueAt !== null) return void settled.delete(entry)
    settled.add(entry)
    // Walking a set from its start passes over what was deleted there, so the oldest are dropped many at a time.
    if (settled.size <= keepSettled + (keepSettled >> 3)) return
    for (const old of settled) {
      if (settled.size <= keepSettled) return
      drop(old)
    }
  }

  /** Attempts are only added, and so are their keys: an array that was there before is indexed. */
  function indexKeys(entry: Entry, before: NotificationRecord | undefined): void {
    entry.record.steps.forEach(({ attempts }, index) => {
      attempts.forEach(({ provider, keys }, attempt) => {
        if (keys !== before?.steps[index]?.attempts[attempt]?.keys) for (const key of keys) addKey(provider, key, entry)
      })
    })
  }

  function addKey(provider: string, key: string, entry: Entry): void {
    const ofProvider = byKey.get(provider) ?? new Map<string, Entry[]>()
    byKey.set(provider, ofProvider)
    const list = ofProvider.get(key)
    if (list === undefined) return void ofProvider.set(key, [entry])
    const older = list.findLastIndex(({ order }) => order <= entry.order)
    if (list[older] !== entry) list.splice(older + 1, 0, entry)
  }

  function dropKey(provider: string, key: string, entry: Entry): void {
    const list = byKey.get(provider)?.get(key)
    const index = list?.indexOf(entry) ?? -1
    if (index < 0) return
    if (list!.length > 1) list!.splice(index, 1)
    else byKey.get(provider)!.delete(key)
  }

  function drop(entry: Entry): void {
    const { id, idempotencyKey, steps } = entry.record
    settled.delete(entry)
    entries.delete(id)
    dueQueue.set(entry, null)
    if (idempotencyKey !== null) byIdempotencyKey.delete(idempotencyKey)
    for (const { attempts } of steps)
      for (const { provider, keys } of attempts) for (const key of keys) dropKey(provider, key, entry)
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
      const { id, idempotencyKey } = record
      const existing = idempotencyKey === null ? undefined : byIdempotencyKey.get(idempotencyKey)
      if (existing !== undefined) return { record: existing.record, created: false }
      if (entries.has(id)) throw new OmnicascadeError('duplicate-id', `there is a notification ${id} already`)
      const entry = { record, order: count++, place: -1 }
      entries.set(id, entry)
      if (idempotencyKey !== null) byIdempotencyKey.set(idempotencyKey, entry)
      put(entry, undefined)
      return { record, created: true }
    },
    get: (id) => entries.get(id)?.record,
    findByKey(provider, key, limit) {
      const list = byKey.get(provider)?.get(key) ?? []
      const newest = list.slice(Math.max(0, list.length - limit)).reverse()
      return newest.map(({ record }) => record)
    },
    update(record, expectedVersion) {
      const entry = entries.get(record.id)
      if (entry?.record.version !== expectedVersion) return false
      const before = entry.record
      entry.record = record
      put(entry, before)
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
    findParked(provider, keys, now) {
      // Asked after each send, and receipts are seldom quicker.
      if (parked.size === 0) return []
      return [...new Set(keys.flatMap((key) => [...(parkedByKey.get(indexKey(provider, key)) ?? [])]))]
        .filter(({ expiresAt }) => expiresAt > now)
        .sort((a, b) => a.expiresAt - b.expiresAt)
        .map(({ receipt }) => receipt)
    },
    dropParked: (receipt) => unpark(parked.get(JSON.stringify(receipt))),
    due: (now, limit) => dueQueue.due(now, limit).map(({ record }) => record.id),
    nextDueAt: () => dueQueue.earliest(),
    prune(settledBefore, now, limit) {
      const past = [...settled].filter(({ record }) => record.settledAt! < settledBefore && record.dueAt === null)
      const oldest = past.sort((a, b) => a.record.settledAt! - b.record.settledAt!).slice(0, limit)
      for (const entry of oldest) drop(entry)
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

function indexKey(provider: string, key: string): string {
  return `${provider}\n${key}`
}
