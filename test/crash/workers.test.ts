// A front, a webhook process and four workers share a database. One is killed, one stands still past its lease, connections are cut, the database
// crashes: the same invariants as for one process.
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bundle, bundleChild } from './bundle.ts'
import { type Blow, sail } from './fleet.ts'
import { verify } from './invariants.ts'
import { preparePostgres } from './prepare.ts'
import { hasRedisServer, type OwnServer, postgresPrograms, startDurableRedis, startPostgres } from './servers.ts'

const blows: readonly Blow[] = ['kill a worker', 'stop a worker past its lease', 'cut the connections', 'restart the database']
const programs = postgresPrograms()
let bundle: Bundle
beforeAll(async () => {
  bundle = await bundleChild()
})
afterAll(() => bundle.remove())

/** Where the programs are missing, CI fails, and elsewhere the tests are left out. */
function given(what: string, isThere: boolean) {
  if (isThere) return describe
  if (process.env.CI === 'true') throw new Error(`${what} is missing, and CI must not skip its tests`)
  console.warn(`${what} is missing: its tests are skipped`)
  return describe.skip
}

async function survives(server: OwnServer, engine: Parameters<typeof sail>[0]['engine']): Promise<void> {
  const seed = randomInt(2 ** 31)
  const { evidence, figures } = await sail({ seed, engine, file: bundle.file, server, blows, atOnce: 60 })
  console.info(`seed ${seed}: ${JSON.stringify(figures)}`)
  verify(evidence)
  expect(figures.kills).toEqual(Object.fromEntries(blows.map((blow) => [blow, 1])))
}

given('PostgreSQL (initdb, postgres)', programs !== undefined)('six processes on PostgreSQL and pg-boss', () => {
  test('lose nothing, send nothing twice, and end as if nothing had happened', async () => {
    const server = await startPostgres(programs ?? '')
    try {
      const { engine, drop } = await preparePostgres(server.url)
      await survives(server, engine)
      await drop()
    } finally {
      await server.stop()
    }
  }, 120_000)
})

given('redis-server', hasRedisServer())('six processes on Redis and BullMQ', () => {
  test('lose nothing, send nothing twice, and end as if nothing had happened', async () => {
    const server = await startDurableRedis()
    try {
      await survives(server, { engine: 'redis', url: server.url, prefix: 'crash' })
    } finally {
      await server.stop()
    }
  }, 120_000)
})
