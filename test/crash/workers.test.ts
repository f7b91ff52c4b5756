// A front, a webhook process and four workers share a database. One is killed, one stands still past its lease, connections are cut, the database
// crashes: the same invariants as for one process.
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leftOut } from '../support/left-out.ts'
import { type Bundle, bundleChild } from './bundle.ts'
import { type Blow, sail } from './fleet.ts'
import { verify } from './invariants.ts'
import { preparePostgres } from './prepare.ts'
import { hasRedisServer, type OwnServer, postgresPrograms, startDurableRedis, startPostgres } from './servers.ts'
import { survive } from './survive.ts'

const blows: readonly Blow[] = ['kill a worker', 'stop a worker past its lease', 'cut the connections', 'restart the database']
const programs = postgresPrograms()
let bundle: Bundle
beforeAll(async () => {
  bundle = await bundleChild()
})
afterAll(() => bundle.remove())

const given = (what: string, isThere: boolean) => (isThere ? describe : leftOut(what))

type Engine = Parameters<typeof sail>[0]['engine']

async function fleetSurvives(engine: Engine, server: OwnServer): Promise<void> {
  const seed = randomInt(2 ** 31)
  const { evidence, figures } = await sail({ seed, engine, file: bundle.file, server, blows, atOnce: 60 })
  console.info(`seed ${seed}: ${JSON.stringify(figures)}`)
  verify(evidence)
  expect(figures.kills).toEqual(Object.fromEntries(blows.map((blow) => [blow, 1])))
}

async function oneSurvives(engine: Engine): Promise<void> {
  const seed = randomInt(2 ** 31)
  const { evidence, figures } = await survive({ seed, engine, file: bundle.file, kills: 25, atOnce: 50, factor: 100 })
  console.info(`seed ${seed}: ${JSON.stringify(figures)}`)
  verify(evidence)
}

const voyages: readonly [name: string, run: (engine: Engine, server: OwnServer) => Promise<void>][] = [
  ['six processes', fleetSurvives],
  ['one process that is killed 25 times', oneSurvives],
]
const promise = '%s: nothing is lost, nothing is sent twice, and all ends as if nothing had happened'

given('PostgreSQL (initdb, postgres)', programs !== undefined)('on PostgreSQL and pg-boss', () => {
  let server: OwnServer
  beforeAll(async () => {
    server = await startPostgres(programs ?? '')
  }, 60_000)
  afterAll(() => server?.stop())

  test.each(voyages)(
    promise,
    async (_, run) => {
      const { engine, drop } = await preparePostgres(server.url)
      await run(engine, server)
      await drop()
    },
    120_000,
  )
})

given('redis-server', hasRedisServer())('on Redis and BullMQ', () => {
  let server: OwnServer
  beforeAll(async () => {
    server = await startDurableRedis()
  }, 60_000)
  afterAll(() => server?.stop())

  test.each(voyages)(
    promise,
    async (name, run) => {
      await run({ engine: 'redis', url: server.url, prefix: name.replaceAll(' ', '-') }, server)
    },
    120_000,
  )
})
