import { Cluster } from 'ioredis'
import { type RedisClient, redis } from 'omnicascade/stores/redis'
import { storeContract } from 'omnicascade/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { next, sampleRecord } from '../../../src/testing/store-contract/samples.ts'
import { freePort } from '../../support/free-port.ts'
import { describeOwnRedis, type OwnRedis, ownPrefix, quiet, startRedis } from '../../support/redis.ts'

const slots = ['0 5460', '5461 10922', '10923 16383']

describeOwnRedis('a cluster of three', () => {
  let nodes: OwnRedis[]
  const clients: Cluster[] = []

  beforeAll(async () => {
    nodes = await Promise.all(
      slots.map(async () => startRedis({ 'cluster-enabled': 'yes', 'cluster-port': String(await freePort()) })),
    )
    const [first] = await Promise.all(
      nodes.map(async (node, index) => {
        const client = node.connect()
        await client.call('CLUSTER', 'ADDSLOTSRANGE', ...(slots[index] ?? '').split(' '))
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
        return client
      }),
    )
    for (const { port, busPort } of nodes.slice(1)) await first?.call('CLUSTER', 'MEET', '127.0.0.1', port, String(busPort))
    await Promise.all(
      nodes.map((node) =>
        vi.waitFor(
          async () =>
            expect(String(await node.connect().call('CLUSTER', 'INFO'))).toMatch(/state:ok\s(.*\s)*cluster_known_nodes:3/),
          20_000,
        ),
      ),
    )
  }, 30_000)
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await Promise.all(nodes.map((node) => node.stop()))
  })

  function connectCluster(keyPrefix = ''): Cluster {
    const client = quiet(
      new Cluster(
        nodes.map(({ port }) => ({ port, host: '127.0.0.1' })),
        { keyPrefix },
      ),
    )
    clients.push(client)
    return client
  }

  /** Prefixes of every test lie on other nodes. */
  function open() {
    const prefix = ownPrefix()
    const another = () => redis({ client: connectCluster(), prefix })
    return { store: another(), reopen: another, dispose() {} }
  }

  for (const { name, run } of storeContract(open)) test(name, run, 30_000)

  test('all keys of a store lie in one slot', async () => {
    const client = connectCluster('app:')
    const prefix = ownPrefix()
    const store = redis({ client, prefix })
    await store.insert(sampleRecord('n1', { keys: ['{a}'], idempotencyKey: '{b}' }))
    await store.parkReceipt({ provider: 'twin', keys: ['{c}'], status: 'sent', at: 1 }, 1, 2)
    const found = (await Promise.all(client.nodes('master').map((node) => node.keys(`*${prefix}*`)))).filter(
      ({ length }) => length > 0,
    )
    expect(found).toHaveLength(1)
    expect(found[0]).toHaveLength(7)
    expect(found[0]?.every((name) => name.startsWith(`app:{${prefix}}:`))).toBe(true)
  })

  /** Where a store's keys lie, and where they might move. */
  async function placeOf(prefix: string) {
    const connections = nodes.map((node) => node.connect())
    const slot = Number(await connections[0]?.call('CLUSTER', 'KEYSLOT', `{${prefix}}`))
    const from = slots.findIndex((range) => slot <= Number(range.split(' ')[1]))
    const [source, target] = [connections[from], connections[(from + 1) % 3]]
    if (source === undefined || target === undefined) throw new Error('no such node')
    return { slot, source, target }
  }

  test('a slot that is moving is waited for, also by a few of many', async () => {
    const client = connectCluster()
    const prefix = ownPrefix()
    const { slot, source, target } = await placeOf(prefix)
    await redis({ client, prefix }).insert(sampleRecord('n1'))
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(await target.call('CLUSTER', 'MYID')))
    const errors: unknown[] = []
    // Once each pipeline is answered, so that the first meets a slot that moves.
    const stopped = async (answers: [error: Error | null, result: unknown][] | null) => {
      errors.push(...(answers ?? []).map(([error]) => error?.message.split(' ')[0]))
      await source.call('CLUSTER', 'SETSLOT', slot, 'STABLE')
      return answers
    }
    const watched: RedisClient = {
      duplicate: () => client.duplicate(),
      pipeline: (commands) => ({ exec: () => client.pipeline(commands).exec().then(stopped) }),
    }
    const store = redis({ client: watched, prefix, allowEviction: true })
    expect(await Promise.all([store.get('n1'), store.get('n2')])).toEqual([sampleRecord('n1'), undefined])
    expect(errors).toEqual([undefined, 'TRYAGAIN', undefined])
  })

  test('a slot that has moved to another node is followed there, with a full pipeline', async () => {
    const client = connectCluster()
    const prefix = ownPrefix()
    const store = redis({ client, prefix })
    await store.nextDueAt()
    const { slot, source, target } = await placeOf(prefix)
    const targetId = String(await target.call('CLUSTER', 'MYID'))
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(await source.call('CLUSTER', 'MYID')))
    await target.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
    for (const node of nodes) await node.connect().call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
    const records = Array.from({ length: 30 }, (_, index) => sampleRecord(`n${index}`))
    const inserted = await Promise.all(records.map((record) => store.insert(record)))
    expect(inserted.every(({ created }) => created)).toBe(true)
    expect(await Promise.all(records.map((record) => store.update(next(record), 0)))).not.toContain(false)
    expect(await target.exists(`{${prefix}}:record:n29`)).toBe(1)
  })

  test('a node that dies under the listener is replaced by another', async () => {
    const prefix = ownPrefix()
    const { target } = await placeOf(prefix)
    for (const node of nodes) await node.connect().config('SET', 'cluster-require-full-coverage', 'no')
    const store = redis({ client: connectCluster(), prefix })
    const heard: (string | null)[] = []
    const listens = async () => Number(((await target.pubsub('NUMSUB', `{${prefix}}:changes`)) as unknown[])[1]) === 1
    // The cluster's client listens where it likes: until that is the node that is to die.
    let unwatch: (() => Promise<void> | void) | undefined
    for (let isThere = false; !isThere; ) {
      await unwatch?.()
      unwatch = await store.watch?.((id) => heard.push(id))
      isThere = await listens()
    }
    nodes.find(({ port }) => port === target.options.port)?.process.kill('SIGKILL')
    const other = redis({ client: connectCluster(), prefix })
    const changed = async () => {
      await other.insert(sampleRecord(`n${heard.length + attempts++}`))
      expect(heard.length).toBeGreaterThan(0)
    }
    let attempts = 0
    await vi.waitFor(changed, { timeout: 20_000, interval: 50 })
    await store.close?.()
  }, 30_000)
})
