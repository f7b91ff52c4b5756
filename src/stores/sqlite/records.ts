import type { DatabaseSync } from 'node:sqlite'
import { OmnicascadeError } from '../../contract/errors.ts'
import type { NotificationRecord } from '../../contract/record.ts'
import { type Column, fromColumn, toColumn, toRecord } from './text.ts'

/** The statements that read and write records. `text` is the record's JSON. */
export interface Records {
  insert(record: NotificationRecord, text: string): { readonly record: NotificationRecord; readonly created: boolean }
  update(record: NotificationRecord, text: string, expectedVersion: number): boolean
  get(id: string): NotificationRecord | undefined
  findByKey(provider: string, key: string, limit: number): NotificationRecord[]
  due(now: number, limit: number): string[]
  nextDueAt(): number | null
  prune(settledBefore: number, limit: number): number
}

/** Prepares the statements on records. */
export function createRecords(db: DatabaseSync): Records {
  const insert = db.prepare(
    `insert into notifications (id, version, due_at, settled_at, idempotency_key, record) values (?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
  )
  const update = db.prepare(
    'update notifications set version = ?, due_at = ?, settled_at = ?, record = ? where id = ? and version = ?',
  )
  const addKey = db.prepare('insert or ignore into attempt_keys select ?, ?, seq from notifications where id = ?')
  const get = db.prepare('select record from notifications where id = ?')
  const getByIdempotencyKey = db.prepare('select record from notifications where idempotency_key = ?')
  const findByKey = db.prepare(
    `select record from attempt_keys join notifications on seq = notification
     where provider = ? and key = ? order by notification desc limit ?`,
  )
  const due = db.prepare('select id from notifications where due_at <= ? order by due_at limit ?')
  const nextDueAt = db.prepare('select min(due_at) as time from notifications where due_at is not null')
  const prunable = db.prepare(
    'select seq, record from notifications where settled_at < ? and due_at is null order by settled_at limit ?',
  )
  const drop = db.prepare('delete from notifications where seq = ?')
  const dropKey = db.prepare('delete from attempt_keys where provider = ? and key = ? and notification = ?')
  const dropKeys = db.prepare('delete from attempt_keys where notification = ?')

  function addKeys(record: NotificationRecord): void {
    for (const [provider, key] of keysOf(record)) addKey.run(provider, key, toColumn(record.id))
  }

  /** Attempts lose no keys, so the record has them all; only where it is damaged is the whole table looked through. */
  function forget(seq: number, text: unknown): void {
    drop.run(seq)
    const keys = keysIn(text)
    if (keys === undefined) dropKeys.run(seq)
    else for (const [provider, key] of keys) dropKey.run(provider, key, seq)
  }

  return {
    insert(record, text) {
      const { id, version, dueAt, settledAt } = record
      const idempotencyKey = record.idempotencyKey === null ? null : toColumn(record.idempotencyKey)
      const { changes } = insert.run(toColumn(id), version, dueAt, settledAt, idempotencyKey, text)
      if (changes === 1) {
        addKeys(record)
        return { record, created: true }
      }
      const existing = idempotencyKey === null ? undefined : getByIdempotencyKey.get(idempotencyKey)
      if (existing !== undefined) return { record: toRecord(existing.record), created: false }
      throw new OmnicascadeError('duplicate-id', `there is a notification ${id} already`)
    },
    update(record, text, expectedVersion) {
      const { id, version, dueAt, settledAt } = record
      if (update.run(version, dueAt, settledAt, text, toColumn(id), expectedVersion).changes !== 1) return false
      // Those that are there already cost a look.
      addKeys(record)
      return true
    },
    get(id) {
      const row = get.get(toColumn(id))
      return row && toRecord(row.record)
    },
    findByKey: (provider, key, limit) =>
      findByKey.all(toColumn(provider), toColumn(key), limit).map((row) => toRecord(row.record)),
    due: (now, limit) => due.all(now, limit).map(({ id }) => fromColumn(id)),
    nextDueAt() {
      const time = nextDueAt.get()?.time
      return typeof time === 'number' ? time : null
    },
    prune(settledBefore, limit) {
      const rows = prunable.all(settledBefore, limit)
      for (const { seq, record } of rows) forget(Number(seq), record)
      return rows.length
    },
  }
}

/** The keys of a stored record; undefined if it is damaged. */
function keysIn(text: unknown): ReturnType<typeof keysOf> | undefined {
  try {
    return keysOf(toRecord(text))
  } catch {
    return undefined
  }
}

function keysOf({ steps }: NotificationRecord): (readonly [provider: Column, key: Column])[] {
  return steps.flatMap(({ attempts }) =>
    attempts.flatMap(({ provider, keys }) => keys.map((key) => [toColumn(provider), toColumn(key)] as const)),
  )
}
