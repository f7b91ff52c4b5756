import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import pg from 'pg'

export const postgresUrl = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test'
export const redisUrl = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379'

/** A name that no other test file uses. */
export const ownName = (kind: string) => `${kind}_${randomBytes(6).toString('hex')}`

/** Whether a server can be reached. Where it must be (CI), its absence is an error; elsewhere one line says what is not tested. */
async function reachable(server: string, variable: string, connect: () => Promise<unknown>): Promise<boolean> {
  try {
    await connect()
    return true
  } catch (error) {
    if (process.env.CI === 'true') throw error
    console.warn(`${server} is not reachable (set ${variable}): its scheduler is not tested here`)
    return false
  }
}

export const postgresIsThere = await reachable('PostgreSQL', 'TEST_POSTGRES_URL', async () => {
  const client = new pg.Client({ connectionString: postgresUrl, connectionTimeoutMillis: 3000 })
  await client.connect()
  await client.end()
})

export const redisIsThere = await reachable('Redis', 'TEST_REDIS_URL', async () => {
  const client = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => {})
  await client.connect()
  client.disconnect()
})
