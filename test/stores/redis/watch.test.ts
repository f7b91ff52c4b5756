import { redis } from 'omnicascade/stores/redis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { next, sampleRecord } from '../../../src/testing/store-contract/samples.ts'
import { freePort } from '../../support/free-port.ts'
import { describeOwnRedis, type OwnRedis, startRedis } from '../../support/redis.ts'

describeOwnRedis('what others change', () => {
  let server: OwnRedis
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  const pair = (prefix: string, options = {}) => ({
    store: redis({ client: server.connect(options), prefix }),
    other: redis({ client: server.connect(options), prefix }),
  })
  const listeners = async (prefix: string) =>
    Number(((await server.connect().pubsub('NUMSUB', `{${prefix}}:changes`)) as unknown[])[1])

  test('is heard by its id, whatever is in it, and what one has changed oneself is not', async () => {
    const { store, other } = pair('ids')
    const heard: (string | null)[] = []
    await store.watch?.((id) => heard.push(id))
    const ids = ['n1', 'a b', '\0', '\ud800', '']
    for (const id of ids) {
      await store.insert(sampleRecord(`own ${id}`))
      await other.insert(sampleRecord(id))
      await other.update(next(sampleRecord(id)), 0)
      expect(await other.update(next(sampleRecord(id)), 0)).toBe(false)
    }
    await vi.waitFor(() => expect(heard).toEqual(ids.flatMap((id) => [id, id])), 5000)
    await store.close?.()
  })

  test('is heard through one connection, which is closed with the last watcher, and by close', async () => {
    const { store } = pair('one')
    const listen = () => {}
    const ends = await Promise.all([store.watch?.(listen), store.watch?.(listen), store.watch?.(listen)])
    expect(await listeners('one')).toBe(1)
    await ends[0]?.()
    await ends[0]?.()
    await ends[1]?.()
    expect(await listeners('one')).toBe(1)
    await ends[2]?.()
    await vi.waitFor(async () => expect(await listeners('one')).toBe(0), 5000)
    await store.watch?.(() => {})
    expect(await listeners('one')).toBe(1)
    await store.close?.()
    await vi.waitFor(async () => expect(await listeners('one')).toBe(0), 5000)
  })

  test.each([{}, { lazyConnect: true }, { autoResubscribe: false }, { keyPrefix: 'app:' }])(
    'may have been anything while the connection was lost (%o)',
    async (options) => {
      const prefix = `lost-${JSON.stringify(options).replace(/\W/g, '')}`
      const { store, other } = pair(prefix, options)
      const heard: (string | null)[] = []
      const end = await store.watch?.((id) => heard.push(id))
      await server.connect().call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await vi.waitFor(() => expect(heard).toEqual([null]), 5000)
      await other.insert(sampleRecord('n1'))
      await vi.waitFor(() => expect(heard).toEqual([null, 'n1']), 5000)
      await end?.()
    },
  )

  test('is heard once the server is there: to begin to watch waits for nobody', async () => {
    const port = await freePort()
    const { Redis } = await import('ioredis')
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 10 })
    client.on('error', () => {})
    const store = redis({ client, prefix: 'late' })
    const heard: (string | null)[] = []
    await store.watch?.((id) => heard.push(id))
    const late = await startRedis({ port: String(port) })
    await vi.waitFor(() => expect(heard).toEqual([null]), 5000)
    await store.close?.()
    client.disconnect()
    await late.stop()
  })
})
