// 10,000 receipts, three times over, in random order, taken by two processes: the records are those of one process that had each once, in order.
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { connect, describeRedis, dropPrefix, ownPrefix, redisUrl } from '../support/redis.ts'
import { bundleChild } from './bundle.ts'
import type { EngineSetting } from './engines.ts'
import { preparePostgres } from './prepare.ts'
import { weather } from './storm.ts'

const bundle = await bundleChild()
const folder = await mkdtemp(join(tmpdir(), 'omnicascade-storm-'))
const postgres = await postgresWorld()
afterAll(async () => {
  await bundle.remove()
  await rm(folder, { recursive: true, force: true })
})

const patience = 120_000

async function weathers(engine: EngineSetting): Promise<void> {
  const seed = randomInt(2 ** 31)
  const { receipts, found, wanted, parked, strangers, errors } = await weather({
    seed,
    engine,
    file: bundle.file,
    notifications: 1250,
  })
  console.info(`seed ${seed}`)
  expect(receipts).toBe(10_000)
  expect(errors).toEqual([])
  expect(found).toEqual(wanted)
  expect(new Set(wanted.map(({ status }) => status))).toEqual(new Set(['delivered', 'failed']))
  expect(parked.toSorted((a, b) => a.at - b.at)).toEqual(strangers)
}

test('a storm of receipts on SQLite', () => weathers({ engine: 'sqlite', path: join(folder, 'storm.db') }), patience)

test.skipIf(postgres === null)(
  'a storm of receipts on PostgreSQL',
  async () => {
    const { engine, drop } = await preparePostgres(postgres?.url ?? '')
    try {
      await weathers(engine)
    } finally {
      await drop()
    }
  },
  patience,
)

describeRedis('on Redis', () => {
  test(
    'a storm of receipts',
    async () => {
      const client = connect()
      const prefix = ownPrefix()
      try {
        await weathers({ engine: 'redis', url: redisUrl, prefix })
      } finally {
        await dropPrefix(client, prefix)
        client.disconnect()
      }
    },
    patience,
  )
})
