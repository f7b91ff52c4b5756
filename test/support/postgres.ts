import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll } from 'vitest'

/** A schema of the test's own on the real server, dropped when its file is through. */
export interface PostgresWorld {
  readonly schema: string
  readonly url: string
  /** A pool of its own for whoever needs one; ended with the rest. */
  pool(options?: pg.PoolConfig): pg.Pool
}

const url = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test'

/** The server, or null where there is none, said in one line. With CI set a missing server fails the run. Call it at the top of a test file. */
export async function postgresWorld(): Promise<PostgresWorld | null> {
  const schema = `omni_test_${randomBytes(5).toString('hex')}`
  const pools: pg.Pool[] = []
  const world: PostgresWorld = {
    schema,
    url,
    pool(options = {}) {
      const pool = new pg.Pool({ connectionString: url, max: 4, ...options })
      // Tests cut connections: an idle one that is cut is no error here.
      pool.on('error', () => {})
      pools.push(pool)
      return pool
    },
  }
  try {
    await world.pool({ connectionTimeoutMillis: 3000 }).query('select 1')
  } catch (error) {
    await Promise.all(pools.map((pool) => pool.end()))
    if (process.env.CI) throw new Error('no PostgreSQL at TEST_POSTGRES_URL (default 127.0.0.1:5432)', { cause: error })
    console.warn('no PostgreSQL at TEST_POSTGRES_URL (default 127.0.0.1:5432): its tests are skipped')
    return null
  }
  afterAll(async () => {
    await world.pool().query(`drop schema if exists "${schema}" cascade`)
    await Promise.all(pools.map((pool) => pool.ending || pool.end()))
  })
  return world
}
