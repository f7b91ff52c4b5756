// What the benchmark opens: our stores and schedulers on engines of its own making, each in a place that is dropped afterwards.
import { rm } from 'node:fs/promises'
import { Redis } from 'ioredis'
import type { NotificationStore, NotifierOptions } from 'omnicascade'
import { bullmq } from 'omnicascade/schedulers/bullmq'
import { pgBoss } from 'omnicascade/schedulers/pg-boss'
import { migrate, postgres } from 'omnicascade/stores/postgres'
import { redis } from 'omnicascade/stores/redis'
import { sqlite } from 'omnicascade/stores/sqlite'
import pg from 'pg'
import { PgBoss } from 'pg-boss'

/** Stores, alone or with a scheduler. */
export type EngineName =
  | 'sqlite'
  | 'sqlite-normal'
  | 'postgres'
  | 'postgres+pg-boss'
  | 'postgres+pg-boss-notify'
  | 'redis'
  | 'redis+bullmq'

/** A place of its own: a file, a schema or a prefix. Plain JSON, so that another process can open the same. */
export interface Place {
  readonly engine: EngineName
  /** Letters, digits and _ only. */
  readonly name: string
  /** A folder for files. */
  readonly folder: string
}

/** A store, opened by this process. */
export interface Opened {
  readonly store: NotificationStore
  readonly scheduler: NotifierOptions<never>['scheduler']
  /** Lets go of connections. The notifier has closed the store by then. */
  close(): Promise<void>
}

export const postgresUrl = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test'
export const redisUrl = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379'

/** How wake-ups are fetched, by us and by the bare queue alike. */
export const fetching = { batchSize: 100, batches: 2, jobs: 100 } as const

/** A pool on the server that the benchmark uses. */
export function openPool(max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString: postgresUrl, max })
  pool.on('error', (error) => console.error(`pool: ${error.message}`))
  return pool
}

/** A client of the server that the benchmark uses. */
export function openRedis() {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: null })
  client.on('error', (error) => console.error(`redis: ${error.message}`))
  return client
}

/** A started boss with its tables beside the store's. */
export async function openBoss(name: string, useListenNotify = false): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: postgresUrl,
    schema: `${name}_jobs`,
    max: 6,
    schedule: false,
    supervise: false,
    useListenNotify,
  })
  boss.on('error', (error) => console.error(`pg-boss: ${error.message}`))
  await boss.start()
  return boss
}

/** The file of a place on SQLite. */
export const fileOf = ({ folder, name }: Place): string => `${folder}/${name}.db`

/** Makes the tables that a place needs. */
export async function prepare({ engine, name }: Place): Promise<void> {
  if (!engine.startsWith('postgres')) return
  const pool = openPool(1)
  await migrate({ pool, schema: name })
  await pool.end()
}

/** Opens a place that was prepared. */
export async function open(place: Place): Promise<Opened> {
  const { engine, name } = place
  if (engine === 'sqlite' || engine === 'sqlite-normal')
    return {
      store: sqlite({ path: fileOf(place), synchronous: engine === 'sqlite' ? 'full' : 'normal' }),
      scheduler: undefined,
      close: async () => {},
    }
  if (engine === 'redis' || engine === 'redis+bullmq') {
    const client = openRedis()
    return {
      store: redis({ client, prefix: name }),
      scheduler: engine === 'redis' ? undefined : bullmq({ connection: client, prefix: `{${name}}`, concurrency: fetching.jobs }),
      close: async () => client.disconnect(),
    }
  }
  const pool = openPool()
  const store = postgres({ pool, schema: name })
  if (engine === 'postgres') return { store, scheduler: undefined, close: () => pool.end() }
  const notify = engine === 'postgres+pg-boss-notify'
  const boss = await openBoss(name, notify)
  return {
    store,
    scheduler: pgBoss({ boss, notify, batchSize: fetching.batchSize, concurrency: fetching.batches }),
    async close() {
      await boss.stop({ graceful: false })
      await pool.end()
    },
  }
}

/** Leaves nothing of a place behind, nor of a bare engine's. */
export async function drop(place: Place): Promise<void> {
  const { engine, name } = place
  if (engine.startsWith('sqlite')) {
    for (const suffix of ['', '-wal', '-shm']) await rm(`${fileOf(place)}${suffix}`, { force: true })
  } else if (engine.startsWith('postgres')) {
    const pool = openPool(1)
    await pool.query(`drop schema if exists "${name}" cascade`)
    await pool.query(`drop schema if exists "${name}_jobs" cascade`)
    await pool.end()
  } else {
    const client = openRedis()
    for await (const found of client.scanStream({ match: `{${name}}*`, count: 1000 })) {
      const keys: string[] = found
      if (keys.length > 0) await client.unlink(...keys)
    }
    client.disconnect()
  }
}
