import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../contract/store-error.ts'

/** What a file of ours holds. */
export interface Schema {
  /** Tells such files from those of other applications. */
  readonly applicationId: number
  readonly migrations: readonly string[]
}

// One entry for each version of the schema, which brings the one before it up to it. What was released is never changed.
// Moments are REAL: they may be fractions of a millisecond. Keys are ANY: those that are no proper text are kept as bytes.
// The record stands last, so that what is long is only read where it is asked for. Each index costs a page to write per record: the
// keys of a record are not looked up by it, but read from it.
const migrations = [
  `create table notifications (
    seq integer primary key,
    id any not null unique,
    version integer not null,
    due_at real,
    settled_at real,
    idempotency_key any,
    record text not null
  ) strict;
  create unique index notifications_idempotency_key on notifications (idempotency_key) where idempotency_key is not null;
  create index notifications_due on notifications (due_at) where due_at is not null;
  create index notifications_settled on notifications (settled_at) where settled_at is not null and due_at is null;
  create table attempt_keys (
    provider any not null,
    key any not null,
    notification integer not null,
    primary key (provider, key, notification)
  ) strict, without rowid;
  create table parked_receipts (seq integer primary key, expires_at real not null, receipt text not null unique) strict;
  create index parked_receipts_expires on parked_receipts (expires_at);
  create table parked_keys (
    provider any not null,
    key any not null,
    receipt integer not null,
    primary key (provider, key, receipt)
  ) strict, without rowid;`,
]

/** Notifications and parked receipts: 'omni' in ASCII. */
export const notificationsSchema: Schema = { applicationId: 0x6f6d6e69, migrations }

/** Refuses a file of another application or of a newer version, having written nothing to it. */
export function checkSchema(db: DatabaseSync, { applicationId, migrations }: Schema): void {
  const { id, version } = stampOf(db)
  if (id === applicationId) {
    if (version <= migrations.length) return
    const words = `the file's schema has version ${version}, and this omnicascade knows no later one than ${migrations.length}: upgrade omnicascade`
    throw new StoreError('sqlite', 'schema', words)
  }
  const isEmpty = db.prepare('select 1 from sqlite_schema limit 1').get() === undefined
  if (id === 0 && version === 0 && isEmpty) return
  throw new StoreError('sqlite', 'schema', 'the file is the database of another application: give the store a file of its own')
}

/** Brings the schema up to date. It writes in any case: a file that cannot be written to shows itself here. */
export function migrate(db: DatabaseSync, schema: Schema): void {
  const { applicationId, migrations } = schema
  db.exec('begin immediate')
  try {
    // Another process may have migrated it since it was checked.
    checkSchema(db, schema)
    for (const migration of migrations.slice(stampOf(db).version)) db.exec(migration)
    db.exec(`pragma application_id = ${applicationId}; pragma user_version = ${migrations.length}; commit`)
  } catch (error) {
    rollback(db)
    throw error
  }
}

/** Ends a transaction that failed; SQLite may have ended it by itself. */
export function rollback(db: DatabaseSync): void {
  try {
    db.exec('rollback')
  } catch {}
}

function stampOf(db: DatabaseSync): { readonly id: number; readonly version: number } {
  return { id: pragma(db, 'application_id'), version: pragma(db, 'user_version') }
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`pragma ${name}`).get()?.[name])
}
