import type { NotificationRecord } from '../../contract/record.ts'
import type { Names } from './names.ts'
import { column, encodeText, lines } from './text.ts'

/** A record on its way into the table. */
export interface Write {
  readonly record: NotificationRecord
  /** The version to replace; null for a new record. */
  readonly expected: number | null
  /** Unique to this write: whoever finds it in the row knows that the write was stored, though the answer was lost. */
  readonly writeId: string
  readonly id: string
  readonly idempotencyKey: string | null
  readonly text: string
  readonly keys: readonly AttemptKey[]
}

/** A key that an attempt carries, encoded. */
export interface AttemptKey {
  readonly provider: string
  readonly key: string
}

// What a row remembers of earlier writes: enough to recognise one's own after a few more of others.
const rememberedWrites = 1500

/** One statement that stores new records, replaces those of the expected version, and gives the ids of the writes that were stored. */
export function writeStatement(names: Names, writes: readonly Write[]): { readonly text: string; readonly values: string[] } {
  const values: string[] = []
  const param = (column: readonly (string | number | null)[]) => `$${values.push(lines(column))}`
  const text = (of: readonly (string | null)[]) => column(param(of))
  const numbers = (of: readonly (number | null)[]) => column(param(of), 'bigint')
  const common = (of: readonly Write[]) =>
    [
      text(of.map(({ id }) => id)),
      numbers(of.map(({ record }) => record.version)),
      numbers(of.map(({ record }) => whole(record.dueAt))),
      numbers(of.map(({ record }) => whole(record.settledAt))),
      text(of.map(({ writeId }) => writeId)),
      text(of.map((write) => write.text)),
    ].join(', ')

  const inserts = writes.filter(({ expected }) => expected === null)
  const updates = writes.filter(({ expected }) => expected !== null)
  const keys = writes.flatMap((write) => write.keys.map((key) => ({ ...key, owner: write.writeId })))
  const parts: string[] = []
  const written: string[] = []
  // Rows are taken in the same order by everyone: new ones by idempotency key, on which they wait for each other, old ones by id.
  if (inserts.length > 0) {
    written.push('select id, seq, inserted_by as write from inserted')
    parts.push(`inserted as (
      insert into ${names.notifications} (id, version, due_at, settled_at, inserted_by, written_by, record, idempotency_key)
      select id, version, due_at, settled_at, write, write, record, idempotency_key
      from unnest(${common(inserts)}, ${text(inserts.map(({ idempotencyKey }) => idempotencyKey))})
        as fresh (id, version, due_at, settled_at, write, record, idempotency_key)
      order by idempotency_key collate "C", id collate "C"
      on conflict do nothing returning id, seq, inserted_by)`)
  }
  if (updates.length > 0) {
    written.push('select id, seq, write from updated')
    parts.push(`newer as materialized (
      select * from unnest(${common(updates)}, ${numbers(updates.map(({ expected }) => expected))})
        as newer (id, version, due_at, settled_at, write, record, expected)),
    locked as materialized (
      select kept.id from ${names.notifications} as kept join newer on kept.id = newer.id and kept.version = newer.expected
      order by kept.id for update of kept),
    updated as (
      update ${names.notifications} as kept
      set version = newer.version, due_at = newer.due_at, settled_at = newer.settled_at, record = newer.record,
        written_by = newer.write || ' ' || left(kept.written_by, ${rememberedWrites})
      from newer join locked on locked.id = newer.id
      where kept.id = newer.id and kept.version = newer.expected returning kept.id, kept.seq, newer.write)`)
  }
  parts.push(`written as (${written.join(' union all ')})`)
  if (keys.length > 0)
    parts.push(`keyed as (
      insert into ${names.attemptKeys} (provider, key, seq, id)
      select keys.provider, keys.key, written.seq, written.id
      from unnest(${text(keys.map(({ owner }) => owner))}, ${text(keys.map(({ provider }) => provider))}, ${text(keys.map(({ key }) => key))})
        as keys (owner, provider, key) join written on written.write = keys.owner
      on conflict do nothing)`)
  return { text: `with ${parts.join(', ')} select write from written`, values }
}

/** The rows of writes that were not stored, or whose answer was lost: who has their id or their idempotency key. */
export function holdersStatement(names: Names, writes: readonly Write[]): { readonly text: string; readonly values: string[] } {
  const keys = writes.flatMap(({ idempotencyKey }) => (idempotencyKey === null ? [] : [idempotencyKey]))
  const fields = 'id, idempotency_key as key, inserted_by as inserted, written_by as written, record'
  return {
    text: `select ${fields} from ${names.notifications} where id = any(${column('$1')})
      union all select ${fields} from ${names.notifications} where idempotency_key = any(${column('$2')})`,
    values: [lines(writes.map(({ id }) => id)), lines(keys)],
  }
}

/** Ids as the table has them. */
export function encodedKeys(
  record: NotificationRecord,
  isKnown: (keys: readonly string[], provider: string) => boolean,
): AttemptKey[] {
  return record.steps.flatMap(({ attempts }) =>
    attempts.flatMap(({ provider, keys }) =>
      isKnown(keys, provider) ? [] : keys.map((key) => ({ provider: encodeText(provider), key: encodeText(key) })),
    ),
  )
}

function whole(time: number | null): number | null {
  return time === null ? null : Math.ceil(time)
}
