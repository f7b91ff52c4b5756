import { randomBytes } from 'node:crypto'
import { migrate, postgres } from 'omnicascade/stores/postgres'
import { storeContract } from 'omnicascade/testing'
import { describe, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { pglitePool } from './postgres/pglite.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('the store contract, on a real server', async () => {
  if (world === null) return
  const pool = world.pool({ max: 6 })
  await migrate({ pool, schema: world.schema })
  const open = async () => {
    // Tables of its own for each case: the suite wants them empty.
    const tag = randomBytes(4).toString('hex')
    const tables = { notifications: `n_${tag}`, attemptKeys: `k_${tag}`, parkedReceipts: `r_${tag}`, migrations: `m_${tag}` }
    const place = { pool, schema: world.schema, tables }
    await migrate(place)
    const store = postgres(place)
    return { store, reopen: () => postgres(place), dispose: async () => store.close?.() }
  }
  for (const { name, run } of storeContract(open)) test(name, run)
})

describe('the store contract, on PGlite', async () => {
  // Its one connection cannot be kept for listening, so `watch` is missing; two stores take turns on it.
  const pool = await pglitePool()
  let count = 0
  const open = async () => {
    const place = { pool, schema: `case_${count++}` }
    await migrate(place)
    const store = postgres(place)
    return { store, reopen: () => postgres(place), dispose: async () => store.close?.() }
  }
  for (const { name, run } of storeContract(open)) test(name, run)
})
