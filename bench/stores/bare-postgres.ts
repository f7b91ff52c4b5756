import type { Running } from '../kit/contender.ts'
import { drop, openPool, type Place } from './engines.ts'
import { newId } from './notifications.ts'

/** How statements go to the server: one a record, or one for many. */
export interface BareStatements {
  /** How many are in flight, each for `batch` records. */
  readonly lanes: number
  readonly batch: number
}

/** `pg` by hand: the same JSON in one table with an index on the due time. */
export async function barePostgres(
  place: Place,
  { lanes, batch }: BareStatements,
  pair: readonly [string, string],
): Promise<Running> {
  const [first, accepted] = pair
  const pool = openPool()
  const table = `"${place.name}".bare`
  await pool.query(`create schema "${place.name}"`)
  await pool.query(`create table ${table} (id text primary key, version int, due_at bigint, record text)`)
  await pool.query(`create index on ${table} (due_at)`)

  const one = { name: 'one', text: `insert into ${table} values ($1, 2, $2, $3)` }
  const oneAgain = {
    name: 'one-again',
    text: `update ${table} set version = 3, due_at = $2, record = $3 where id = $1 and version = 2`,
  }
  const many = {
    name: 'many',
    text: `insert into ${table} select id, 2, due_at, record from unnest($1::text[], $2::bigint[], $3::text[]) as given (id, due_at, record)`,
  }
  const manyAgain = {
    name: 'many-again',
    text: `update ${table} as kept set version = 3, due_at = given.due_at, record = given.record
      from unnest($1::text[], $2::bigint[], $3::text[]) as given (id, due_at, record) where kept.id = given.id and kept.version = 2`,
  }

  async function store(): Promise<void> {
    if (batch === 1) {
      const id = newId()
      await pool.query({ ...one, values: [id, Date.now(), first] })
      await pool.query({ ...oneAgain, values: [id, Date.now(), accepted] })
      return
    }
    const ids = Array.from({ length: batch }, () => newId())
    const times = ids.map(() => Date.now())
    await pool.query({ ...many, values: [ids, times, ids.map(() => first)] })
    await pool.query({ ...manyAgain, values: [ids, times, ids.map(() => accepted)] })
  }

  return {
    async run(milliseconds) {
      const until = performance.now() + milliseconds
      let count = 0
      const lane = async () => {
        for (; performance.now() < until; count += batch) await store()
      }
      await Promise.all(Array.from({ length: lanes }, lane))
      return count
    },
    async close() {
      await pool.end()
      await drop(place)
    },
  }
}
