import { OmnicascadeError } from '../../contract/errors.ts'
import type { NotificationRecord } from '../../contract/record.ts'
import type { Scheduler } from '../../contract/store.ts'
import { StoreError } from '../../contract/store-error.ts'
import { wakeUpOf } from '../../contract/wake-up.ts'
import { createBatcher, type Settled } from './batch.ts'
import { parseStored } from './faults.ts'
import type { KnownKeys } from './known-keys.ts'
import type { Names } from './names.ts'
import type { PostgresPool, Query, Row } from './pool.ts'
import { type RetryContext, retrying } from './retry.ts'
import { encodeText } from './text.ts'
import { inTransaction, lend } from './transaction.ts'
import { encodedKeys, holdersStatement, type Write, writeStatement } from './write-sql.ts'

/** What writing needs. */
export interface WriterContext extends RetryContext {
  readonly pool: PostgresPool
  readonly names: Names
  readonly query: Query
  readonly known: KnownKeys
  /** The database's default is READ COMMITTED, so that one statement needs no transaction of its own. */
  readonly isReadCommitted: () => boolean
  /** The scheduler whose wake-ups are written along. */
  readonly enlisted: () => Scheduler | undefined
  /** Unique to this store and this process. */
  readonly token: string
  readonly onWritten: (id: string) => void
}

/** Stores new records and replaces old ones, many per statement. */
export interface Writer {
  insert(record: NotificationRecord): Promise<Inserted>
  update(record: NotificationRecord, expectedVersion: number): Promise<boolean>
}

// A trigger, or a policy on rows, may swallow an insert: then nobody holds its key, and it is not there.
const mostRounds = 20
const swallowed = 'new records vanish as they are written: look for triggers and row-level security on the notifications table'

interface Inserted {
  readonly record: NotificationRecord
  readonly created: boolean
}

/** What is known of a batch over all its tries. */
interface Progress {
  /** Not seen stored yet. */
  readonly open: Set<Write>
  readonly outcomes: Map<Write, Settled<Inserted>>
  /** A connection was lost: what is open may have been stored. */
  wasCut: boolean
  /** What a scheduler wants called once a transaction is committed whose end was not seen. */
  readonly unseen: (() => void)[]
}

/** The side of the store that writes records. */
export function createWriter(context: WriterContext): Writer {
  const { pool, names, query, known } = context
  let count = 0

  const write = createBatcher<Write, Inserted>(store, {
    lanes: 2,
    most: 400,
    weigh: ({ text }) => text.length,
    keyOf: ({ id }) => id,
  })

  function writeOf(record: NotificationRecord, expected: number | null): Write {
    const isKnown = (keys: readonly string[], provider: string) => expected !== null && known.has(keys, record.id, provider)
    return {
      record,
      expected,
      writeId: `${context.token}${(count++).toString(36)}`,
      id: encodeText(record.id),
      idempotencyKey: record.idempotencyKey === null ? null : encodeText(record.idempotencyKey),
      text: JSON.stringify(record),
      keys: encodedKeys(record, isKnown),
    }
  }

  async function store(writes: readonly Write[]): Promise<readonly Settled<Inserted>[]> {
    const progress: Progress = { open: new Set(writes), outcomes: new Map(), unseen: [], wasCut: false }
    const failed = await storeTogether(progress)
    // One of them is to blame, or they meet others too often: each for itself, with what is known so far.
    const isAlone = failed !== undefined && (writes.length === 1 || !isOfOne(failed.error))
    for (const one of failed === undefined || isAlone ? [] : [...progress.open]) {
      const own = await storeTogether({ ...progress, open: new Set([one]) })
      if (own !== undefined) progress.outcomes.set(one, own)
    }
    return writes.map((one) => progress.outcomes.get(one) ?? failed ?? { value: { record: one.record, created: false } })
  }

  /** Settles what it can; gives what went wrong with those that are still open. */
  async function storeTogether(progress: Progress): Promise<{ readonly error: unknown } | undefined> {
    try {
      await retrying(context, true, async (wasCut) => {
        progress.wasCut ||= wasCut
        let rounds = 0
        // Whoever held the key may be forgotten before it is looked at: then there is room.
        while (progress.open.size > 0) {
          if (++rounds > mostRounds) throw new StoreError('postgres', 'refused', swallowed)
          for (const one of await writeOnce([...progress.open], progress.unseen)) succeed(progress, one)
          await lookAtOthers(progress)
        }
      })
      return undefined
    } catch (error) {
      return { error }
    }
  }

  async function writeOnce(writes: readonly Write[], unseen: (() => void)[]): Promise<readonly Write[]> {
    const { text, values } = writeStatement(names, writes)
    const storedOf = (rows: readonly Row[]) => {
      const stored = new Set(rows.map(({ write: id }) => id))
      return writes.filter(({ writeId }) => stored.has(writeId))
    }
    const scheduler = context.enlisted()
    const wakes = scheduler !== undefined && writes.some(({ record }) => needsWakeUp(record))
    if (!wakes && context.isReadCommitted()) return storedOf(await query(text, values))
    await scheduler?.ready?.()
    let onCommit: (() => void) | undefined
    let stored: readonly Write[]
    try {
      stored = await inTransaction(pool, async (transaction) => {
        const inner = storedOf((await transaction.query(text, values)).rows as Row[])
        const wakeUps = inner.flatMap(({ record }) => (needsWakeUp(record) ? (wakeUpOf(record) ?? []) : []))
        if (wakeUps.length > 0) onCommit = await lend(transaction, async (lent) => scheduler?.wakeWithin?.(lent, wakeUps))
        return inner
      })
    } catch (error) {
      if (onCommit !== undefined) unseen.push(onCommit)
      throw error
    }
    call(onCommit)
    return stored
  }

  function succeed({ outcomes, open }: Progress, one: Write): void {
    open.delete(one)
    outcomes.set(one, { value: { record: one.record, created: true } })
    known.add(one.record)
    context.onWritten(one.record.id)
  }

  /** Those that were not stored now: because others were first, or because they had been stored before the connection was cut. */
  async function lookAtOthers(progress: Progress): Promise<void> {
    const { open, outcomes, wasCut } = progress
    // The version was another's, and nothing is in doubt.
    for (const one of open) {
      if (wasCut || one.expected === null) continue
      open.delete(one)
      outcomes.set(one, { value: { record: one.record, created: false } })
    }
    const asked = [...open]
    const rows = asked.length === 0 ? [] : await query(...statementOf(holdersStatement(names, asked)))
    const byId = new Map(rows.map((row) => [row.id, row]))
    const byKey = new Map(rows.map((row) => [row.key, row]))
    for (const one of [...open]) {
      const same = byId.get(one.id)
      if (isOwn(one, same)) {
        succeed(progress, one)
        for (const onCommit of progress.unseen.splice(0)) call(onCommit)
      } else if (one.expected !== null) {
        open.delete(one)
        outcomes.set(one, { value: { record: one.record, created: false } })
      } else {
        const holder = one.idempotencyKey === null ? undefined : byKey.get(one.idempotencyKey)
        if (holder === undefined && same === undefined) continue
        open.delete(one)
        outcomes.set(one, holder === undefined ? { error: duplicateId(one.record.id) } : existing(holder))
      }
    }
  }

  function existing({ record }: Row): Settled<Inserted> {
    try {
      return { value: { record: known.add(parseStored<NotificationRecord>(record)), created: false } }
    } catch (error) {
      return { error }
    }
  }

  return {
    insert: (record) => write(writeOf(record, null)),
    update: async (record, expectedVersion) => (await write(writeOf(record, expectedVersion))).created,
  }
}

function isOwn({ writeId, expected }: Write, row: Row | undefined): boolean {
  if (expected === null) return row?.inserted === writeId
  // The last word of what a row remembers may have been cut.
  return `${row?.written ?? ''} `.startsWith(`${writeId} `) || (row?.written ?? '').includes(` ${writeId} `)
}

function statementOf({ text, values }: { readonly text: string; readonly values: string[] }): [string, string[]] {
  return [text, values]
}

/** The ends of leases are left to the sweep of what is overdue: they cost no job, and so no transaction. */
function needsWakeUp(record: NotificationRecord): boolean {
  return wakeUpOf(record)?.lease === false
}

/** Whether an error may be the fault of one of the batch: then the others must not suffer. */
function isOfOne(error: unknown): boolean {
  return (
    error instanceof StoreError &&
    (error.fault === 'conflict' || error.fault === 'locked' || (error.fault === 'refused' && error.engineCode !== undefined))
  )
}

function duplicateId(id: string): OmnicascadeError {
  return new OmnicascadeError('duplicate-id', `there is a notification ${id} already`)
}

/** The record is stored: what a scheduler's own function throws now must not say otherwise, and the sweep of what is overdue stands in for it. */
function call(onCommit: (() => void) | undefined): void {
  try {
    onCommit?.()
  } catch {}
}
