import { openPool, openRedis, type Place } from './engines.ts'

/** What a worker of ours does with a record, written by hand for a job of a bare queue: read it, store that the call begins, store what it came to. */
export interface ByHand {
  /** Stores so many records, with ids from 0. */
  fill(count: number): Promise<void>
  handle(id: number): Promise<void>
  close(): Promise<void>
}

/** By hand, with the records of our own size: `records` is how one begins, and how it ends. */
export async function openByHand(place: Place, records: readonly [string, string]): Promise<ByHand> {
  return place.engine === 'redis+bullmq' ? onRedis(place.name, records) : onPostgres(place.name, records)
}

async function onPostgres(name: string, [first, last]: readonly [string, string]): Promise<ByHand> {
  const pool = openPool()
  const table = `"${name}".by_hand`
  const get = { name: 'get', text: `select record from ${table} where id = $1` }
  const update = {
    name: 'update',
    text: `update ${table} set version = version + 1, due_at = $2, record = $3 where id = $1 and version = $4`,
  }
  return {
    async fill(count) {
      await pool.query(`create table ${table} (id text primary key, version int, due_at bigint, record text)`)
      await pool.query(`create index on ${table} (due_at)`)
      const text = `insert into ${table} select number::text, 1, $2, $3 from generate_series(0, $1::int - 1) as number`
      await pool.query(text, [count, Date.now(), first])
    },
    async handle(id) {
      JSON.parse((await pool.query({ ...get, values: [id] })).rows[0].record)
      await pool.query({ ...update, values: [id, Date.now() + 60_000, first, 1] })
      await pool.query({ ...update, values: [id, null, last, 2] })
    },
    close: () => pool.end(),
  }
}

function onRedis(name: string, [first, last]: readonly [string, string]): ByHand {
  const client = openRedis()
  const key = (id: number) => `{${name}}:by-hand:${id}`
  const due = `{${name}}:by-hand-due`
  return {
    async fill(count) {
      for (let id = 0; id < count; id += 1000) {
        const some = Array.from({ length: Math.min(1000, count - id) }, (_, index) => id + index)
        const writes = some.flatMap((one) => [
          ['hset', key(one), 'version', 1, 'json', first],
          ['zadd', due, Date.now(), one],
        ])
        await client.pipeline(writes).exec()
      }
    },
    async handle(id) {
      JSON.parse((await client.hget(key(id), 'json')) ?? '')
      const begun = [
        ['hset', key(id), 'version', 2, 'json', first],
        ['zadd', due, Date.now() + 60_000, id],
      ]
      await client.pipeline(begun).exec()
      const over = [
        ['hset', key(id), 'version', 3, 'json', last],
        ['zrem', due, id],
      ]
      await client.pipeline(over).exec()
    },
    close: async () => client.disconnect(),
  }
}
