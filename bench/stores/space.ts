import { stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import type { Sample } from '../kit/figures.ts'
import { drop, fileOf, open, openPool, openRedis, type Place, prepare } from './engines.ts'
import { noop, notifierOn, request } from './notifications.ts'

/** What each of the notifications that wait takes up: table, indexes, memory. */
export async function spaceOf(place: Place, count: number): Promise<Sample[]> {
  const sizes = await sizesOf(place)
  return Object.entries(sizes).map(([what, bytes]) => ({
    section: 'space',
    id: `space ${what}`,
    what,
    unit: 'bytes',
    value: bytes / count,
  }))
}

async function sizesOf(place: Place): Promise<Readonly<Record<string, number>>> {
  if (place.engine === 'sqlite') return onSqlite(place)
  return place.engine === 'redis' ? onRedis(place) : onPostgres(place.name)
}

async function onSqlite(place: Place): Promise<Readonly<Record<string, number>>> {
  const db = new DatabaseSync(fileOf(place))
  db.exec('pragma wal_checkpoint(passive)')
  db.close()
  return { 'SQLite, file': (await stat(fileOf(place))).size }
}

async function onPostgres(name: string): Promise<Readonly<Record<string, number>>> {
  const pool = openPool(1)
  const { rows } = await pool.query<{ name: string; bytes: string }>(
    `select relname as name, pg_relation_size(pg_class.oid) as bytes from pg_class
     join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relkind in ('r', 'i') and relname ~ '^(notifications|attempt_keys)' order by relkind desc, relname`,
    [name],
  )
  await pool.end()
  return Object.fromEntries(rows.map(({ name: what, bytes }) => [`Postgres, ${what}`, Number(bytes)]))
}

/** By what Redis says of a sample: other tests may use the same server. */
async function onRedis({ name }: Place): Promise<Readonly<Record<string, number>>> {
  const client = openRedis()
  let records = 0
  let keys = 0
  const sampled = 1000
  const memory = async (key: string) => Number(await client.call('memory', 'usage', key, 'samples', '0'))
  const due = await memory(`{${name}}:due`)
  const count = await client.zcard(`{${name}}:due`)
  const ids = await client.zrange(`{${name}}:due`, '0', String(sampled - 1))
  for (const id of ids) {
    records += await memory(`{${name}}:record:${id}`)
    keys += await memory(`{${name}}:attempts:${JSON.stringify(['noop', `m-${id}`])}`)
  }
  client.disconnect()
  const each = count / ids.length
  return { 'Redis, record': records * each, 'Redis, key of an attempt': keys * each, 'Redis, entry by due time': due }
}

/** Bytes of write-ahead log for each notification that is sent and accepted, 64 in hand. Whoever else writes to the server counts too. */
export async function walOf(place: Place): Promise<Sample> {
  const count = 4000
  await prepare(place)
  const opened = await open(place)
  const notifier = notifierOn(opened, noop('full'))
  const pool = openPool(1)
  try {
    // After a checkpoint each page is logged as a whole, once: as it will be again after the next.
    const { rows: before } = await pool.query<{ at: string }>('select pg_current_wal_insert_lsn()::text as at')
    const all = Array.from({ length: count }, () => request())
    for await (const { error } of notifier.sendMany(all, { concurrency: 64 })) if (error !== undefined) throw error
    await notifier.idle()
    const written = 'select (pg_current_wal_insert_lsn() - $1::pg_lsn)::text as bytes'
    const { rows } = await pool.query<{ bytes: string }>(written, [before[0]?.at])
    const what = `Postgres${place.engine.includes('pg-boss') ? ' + pg-boss' : ''}, log of one that is sent and accepted`
    return { section: 'space', id: `space ${what}`, what, unit: 'bytes', value: Number(rows[0]?.bytes) / count }
  } finally {
    await notifier.close()
    await opened.close()
    await pool.end()
    await drop(place)
  }
}
