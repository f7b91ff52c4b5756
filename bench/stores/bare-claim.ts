import { DatabaseSync } from 'node:sqlite'
import { fileOf, openPool, openRedis, type Place } from './engines.ts'

/** Finds the notification that is due first, reads it, and puts it off by a day. */
export interface Claim {
  claim(now: number): Promise<void>
  close(): Promise<void>
}

const day = 86_400_000

/** A claim by hand, on our own tables: what the engine itself takes for it. */
export async function openBareClaim(place: Place): Promise<Claim> {
  const { engine, name } = place
  if (engine === 'sqlite') return onSqlite(place)
  return engine === 'redis' ? onRedis(name) : onPostgres(name)
}

function onSqlite(place: Place): Claim {
  const db = new DatabaseSync(fileOf(place))
  db.exec('pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma cache_size = -16000')
  const due = db.prepare('select id from notifications where due_at <= ? order by due_at limit 1')
  const get = db.prepare('select record from notifications where id = ?')
  const update = db.prepare('update notifications set version = version + 1, due_at = ?, record = ? where id = ?')
  return {
    async claim(now) {
      const id = String(due.get(now)?.id)
      const record = JSON.parse(String(get.get(id)?.record))
      update.run(now + day, JSON.stringify({ ...record, dueAt: now + day }), id)
    },
    close: async () => db.close(),
  }
}

async function onPostgres(name: string): Promise<Claim> {
  const pool = openPool(1)
  const table = `"${name}".notifications`
  const due = { name: 'due', text: `select id from ${table} where due_at <= $1 order by due_at limit 1` }
  const get = { name: 'get', text: `select record from ${table} where id = $1` }
  const update = { name: 'update', text: `update ${table} set version = version + 1, due_at = $2, record = $3 where id = $1` }
  return {
    async claim(now) {
      const id: string = (await pool.query({ ...due, values: [now] })).rows[0].id
      const record = JSON.parse((await pool.query({ ...get, values: [id] })).rows[0].record)
      await pool.query({ ...update, values: [id, now + day, JSON.stringify({ ...record, dueAt: now + day })] })
    },
    close: () => pool.end(),
  }
}

function onRedis(name: string): Claim {
  const client = openRedis()
  const key = (id: string) => `{${name}}:record:${id}`
  return {
    async claim(now) {
      const [id = ''] = await client.zrangebyscore(`{${name}}:due`, '-inf', now, 'LIMIT', 0, 1)
      const record = JSON.parse((await client.hget(key(id), 'json')) ?? '')
      const json = JSON.stringify({ ...record, dueAt: now + day })
      await client
        .pipeline([
          ['hset', key(id), 'json', json],
          ['zadd', `{${name}}:due`, now + day, id],
        ])
        .exec()
    },
    close: async () => client.disconnect(),
  }
}
