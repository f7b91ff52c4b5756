import type { NotificationRecord } from '../../contract/record.ts'
import type { NotificationStore } from '../../contract/store.ts'
import { createBatcher, type Settled } from './batch.ts'
import { parseStored } from './faults.ts'
import type { KnownKeys } from './known-keys.ts'
import type { Names } from './names.ts'
import type { Query, Row } from './pool.ts'
import { column, decodeText, encodeText, lines } from './text.ts'

/** What reading needs. */
export interface ReaderContext {
  readonly names: Names
  /** Tries again after a lost connection. */
  readonly query: Query
  readonly known: KnownKeys
}

interface KeyQuestion {
  readonly provider: string
  readonly key: string
  readonly limit: number
}

const lanes = 2

/** The side of the store that reads records. Concurrent reads share one statement. */
export function createReader({
  names,
  query,
  known,
}: ReaderContext): Pick<NotificationStore, 'get' | 'findByKey' | 'due' | 'nextDueAt'> {
  const read = (text: string | null | undefined) => known.add(parseStored<NotificationRecord>(text))

  const get = createBatcher<string, NotificationRecord | undefined>(
    async (ids) => {
      const encoded = ids.map(encodeText)
      const text = `select id, record from ${names.notifications} where id = any(${column('$1')})`
      const rows = new Map((await query(text, [lines(encoded)])).map((row) => [row.id, row]))
      return encoded.map((id) => settle(rows.get(id), (row) => row && read(row.record)))
    },
    { lanes, most: 500 },
  )

  const findByKey = createBatcher<KeyQuestion, readonly NotificationRecord[]>(
    async (questions) => {
      const rows = await query(
        `select asked.number::text as number, found.record
         from unnest(${column('$1')}, ${column('$2')}, ${column('$3', 'bigint')}) with ordinality as asked (provider, key, most, number)
         cross join lateral (
           select keys.seq, kept.record from ${names.attemptKeys} as keys join ${names.notifications} as kept on kept.id = keys.id
           where keys.provider = asked.provider and keys.key = asked.key order by keys.seq desc limit asked.most) as found
         order by asked.number, found.seq desc`,
        [
          lines(questions.map(({ provider }) => encodeText(provider))),
          lines(questions.map(({ key }) => encodeText(key))),
          lines(questions.map(({ limit }) => Math.max(0, Math.floor(limit)))),
        ],
      )
      const found = grouped(rows)
      return questions.map((_, index) => settle(found.get(index), (own) => (own ?? []).map(({ record }) => read(record))))
    },
    { lanes, most: 500 },
  )

  return {
    get,
    findByKey: (provider, key, limit) => findByKey({ provider, key, limit }),
    async due(now, limit) {
      // What is too long to be an id of the table is told by its record.
      const rows = await query(
        `select id, case when id like '"#%' then record end as record from ${names.notifications}
         where due_at <= $1::text::bigint order by due_at limit $2::text::bigint`,
        [String(Math.floor(now)), String(Math.floor(limit))],
      )
      return rows.map(({ id, record }) => decodeText(id ?? '') ?? parseStored<NotificationRecord>(record).id)
    },
    async nextDueAt() {
      const [row] = await query(
        `select due_at::text as time from ${names.notifications} where due_at is not null order by due_at limit 1`,
        [],
      )
      return row === undefined ? null : Number(row.time)
    },
  }
}

/** The rows of each question, by its place in the batch. */
export function grouped(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const place = Number(row.number) - 1
    const group = groups.get(place)
    if (group === undefined) groups.set(place, [row])
    else group.push(row)
  }
  return groups
}

/** One damaged record must not fail the reads that shared its statement. */
export function settle<I, O>(row: I, read: (row: I) => O): Settled<O> {
  try {
    return { value: read(row) }
  } catch (error) {
    return { error }
  }
}
