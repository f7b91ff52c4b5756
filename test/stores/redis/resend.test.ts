import { Redis } from 'ioredis'
import { redis } from 'omnicascade/stores/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { next, sampleRecord, settled } from '../../../src/testing/store-contract/samples.ts'
import { describeOwnRedis, type OwnRedis, quiet, startRedis } from '../../support/redis.ts'
import { type CuttingProxy, cuttingProxy } from './proxy.ts'

describeOwnRedis('when a connection is lost between a write and its answer', () => {
  let server: OwnRedis
  let proxy: CuttingProxy
  let client: Redis

  beforeAll(async () => {
    server = await startRedis()
    proxy = await cuttingProxy(server.port)
    client = quiet(new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 5 }))
  })
  afterAll(async () => {
    client.disconnect()
    proxy.close()
    await server.stop()
  })

  /** A store whose first look at the server is done, so that the next answer is that of its next call. */
  async function open(prefix: string) {
    const store = redis({ client, prefix })
    await store.nextDueAt()
    return store
  }

  test('an insert that is sent again answers as it did: it was created', async () => {
    const store = await open('insert')
    for (const idempotencyKey of [null, 'order-1']) {
      const record = sampleRecord(`n-${idempotencyKey}`, { idempotencyKey, keys: ['m1'] })
      const cut = proxy.cutNextAnswer()
      expect(await store.insert(record)).toEqual({ record, created: true })
      await cut
      expect(await store.get(record.id)).toEqual(record)
    }
    expect((await store.findByKey('twin', 'm1', 10)).map(({ id }) => id)).toEqual(['n-order-1', 'n-null'])
  })

  test('an update that is sent again answers as it did: it was written', async () => {
    const store = await open('update')
    const record = sampleRecord('n1')
    await store.insert(record)
    const cut = proxy.cutNextAnswer()
    expect(await store.update(next(record), 0)).toBe(true)
    await cut
    expect((await store.get('n1'))?.version).toBe(1)
    expect(await store.update(next(record), 0)).toBe(false)
  })

  test('an update that lost is still lost when it is sent again', async () => {
    const store = await open('lost')
    const record = sampleRecord('n1')
    await store.insert(record)
    await store.update(next(record, { metadata: { first: true } }), 0)
    const cut = proxy.cutNextAnswer()
    expect(await store.update(next(record, { metadata: { first: false } }), 0)).toBe(false)
    await cut
    expect((await store.get('n1'))?.metadata).toEqual({ first: true })
  })

  test('an update answers as it did though others have written meanwhile', async () => {
    const store = await open('meanwhile')
    const other = redis({ client: server.connect(), prefix: 'meanwhile' })
    const first = sampleRecord('n1')
    await store.insert(first)
    const second = next(first)
    const release = proxy.hold()
    const cut = proxy.cutNextAnswer()
    const written = store.update(second, 0)
    await cut
    let newest = second
    for (let version = 1; version < 3; version++) {
      newest = next(newest)
      expect(await other.update(newest, version)).toBe(true)
    }
    release()
    expect(await written).toBe(true)
    expect(await store.get('n1')).toEqual(newest)
  })

  test('a pipeline of which only some was answered is finished, and nothing is written twice', async () => {
    const store = await open('pipeline')
    const records = Array.from({ length: 50 }, (_, index) => sampleRecord(`n${index}`, { idempotencyKey: `order-${index}` }))
    for (const bytes of [100, 7]) {
      const cut = proxy.cutNextAnswer(bytes)
      const prefixed = records.map((record) => ({
        ...record,
        id: `${bytes}-${record.id}`,
        idempotencyKey: `${bytes}-${record.id}`,
      }))
      const inserted = await Promise.all(prefixed.map((record) => store.insert(record)))
      await cut
      expect(inserted.every(({ created }) => created)).toBe(true)
      const cutAgain = proxy.cutNextAnswer(bytes)
      const updated = await Promise.all(prefixed.map((record) => store.update(settled(record, 5), 0)))
      await cutAgain
      expect(updated.every(Boolean)).toBe(true)
    }
    expect(await store.prune(10, 10, 1000)).toBe(100)
  })

  test('connections that are killed again and again in the middle of many writes lose none and double none', async () => {
    const own = server.connect({ retryStrategy: () => 1, maxRetriesPerRequest: null })
    const store = redis({ client: own, prefix: 'killed' })
    const killer = server.connect()
    const ids = Array.from({ length: 20 }, (_, index) => `n${index}`)
    let written = 0
    let killed = 0
    await Promise.all(
      ids.map(async (id) => {
        let record = sampleRecord(id)
        expect((await store.insert(record)).created).toBe(true)
        for (let version = 0; version < 50; version++) {
          record = next(record)
          const update = store.update(record, version)
          if (++written % 37 === 0) killed += Number(await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))
          expect(await update).toBe(true)
        }
      }),
    )
    expect(killed).toBeGreaterThan(10)
    for (const id of ids) expect((await store.get(id))?.version).toBe(50)
  })
})
