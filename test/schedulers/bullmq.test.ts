import { inspect } from 'node:util'
import { Queue } from 'bullmq'
import { Cluster } from 'ioredis'
import type { Clock, Scheduler, StoreError } from 'omnicascade'
import { type BullmqOptions, bullmq } from 'omnicascade/schedulers/bullmq'
import { schedulerContract } from 'omnicascade/testing'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/wire/clock.ts'
import { clockSkew } from '../../src/wire/outstanding.ts'
import { freePort } from '../support/free-port.ts'
import { connect, describeOwnRedis, describeRedis, dropPrefix, ownPrefix, quiet, redisUrl, startRedis } from '../support/redis.ts'
import { eventually, hangingWorker, kill, listen, ownQueue } from './support.ts'

const hour = 3_600_000
const wakeUp = (id: string, delay: number, lease = false) => ({ id, time: Date.now() + delay, lease })

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
function open(options: BullmqOptions): Scheduler {
  const scheduler = bullmq(options)
  stops.push(() => scheduler.stop())
  return scheduler
}

describeRedis('BullMQ on Redis', () => {
  const own = ownPrefix()
  const prefix = `{${own}}`
  const client = connect()
  const shared = { connection: client, prefix }

  afterAll(async () => {
    await dropPrefix(client, own)
    client.disconnect()
  })

  describe.concurrent('keeps the contract', () => {
    const openOne = () => {
      const queue = ownQueue()
      return {
        scheduler: bullmq({ ...shared, queue }),
        another: () => bullmq({ connection: { url: redisUrl }, queue, prefix }),
        dispose() {},
      }
    }
    for (const { name, run } of schedulerContract({ open: openOne })) test(name, run, 60_000)
  })

  async function delayed(queue: string): Promise<unknown[]> {
    const looking = new Queue(queue, { ...shared })
    const jobs = await looking.getDelayed()
    await looking.close()
    return jobs.map(({ data }) => data)
  }

  test('the calls of one turn go out together', async () => {
    const addBulk = vi.spyOn(Queue.prototype, 'addBulk')
    const scheduler = open({ ...shared, queue: ownQueue() })
    await Promise.all(Array.from({ length: 100 }, (_, i) => scheduler.wakeAt(wakeUp(`n${i}`, hour))))
    expect(addBulk).toHaveBeenCalledTimes(1)
    expect(addBulk.mock.calls[0]?.[0]).toHaveLength(100)
  })

  test('the same wake-up of two processes is kept once; a later time is none, an earlier one is one more', async () => {
    const queue = ownQueue()
    const [one, other] = [open({ ...shared, queue }), open({ ...shared, queue })]
    const time = Date.now() + hour
    for (const scheduler of [one, other]) await scheduler.wakeAt({ id: 'a:b%', time, lease: false })
    expect(await delayed(queue)).toEqual([{ id: 'a:b%', time }])
    await one.wakeAt({ id: 'a:b%', time: time + hour, lease: false })
    await one.wakeAt({ id: 'a:b%', time: time - 60_000, lease: false })
    expect(await delayed(queue)).toHaveLength(2)
  })

  test('the end of a lease is no job', async () => {
    const queue = ownQueue()
    const scheduler = open({ ...shared, queue })
    await scheduler.wakeAt(wakeUp('a', hour, true))
    expect(await delayed(queue)).toEqual([])
  })

  test('a job that is done leaves nothing behind', async () => {
    const queue = ownQueue()
    const scheduler = open({ ...shared, queue })
    const { woken } = await listen(scheduler)
    await Promise.all([1, 2, 3].map((n) => scheduler.wakeAt(wakeUp(`n${n}`, 50 * n))))
    await eventually(() => expect(woken).toHaveLength(3))
    await scheduler.stop()
    const kinds = (await client.keys(`${prefix}:${queue}:*`)).map((key) => key.slice(`${prefix}:${queue}:`.length))
    expect(kinds.filter((kind) => !/^(meta|events|id|marker|stalled-check)$/.test(kind))).toEqual([])
  })

  test('a process whose clock is behind neither spins on what is not due for it, nor loses it', async () => {
    const queue = ownQueue()
    const added = vi.spyOn(Queue.prototype, 'addBulk')
    const behind = { ...systemClock, now: () => Date.now() - 400 }
    const scheduler = open({ ...shared, queue, clock: behind })
    const time = Date.now() + 100
    const wakes: number[] = []
    await scheduler.start(
      async () => void wakes.push(behind.now()),
      () => {},
    )
    await open({ ...shared, queue }).wakeAt({ id: 'a', time, lease: false })
    await eventually(() => expect(wakes).toHaveLength(1))
    expect(wakes[0]).toBeGreaterThanOrEqual(time)
    expect(added.mock.calls.length).toBeLessThanOrEqual(4)
  })

  test('one that is scheduled anew, for the same time, while it is under way is not taken for that one', async () => {
    const queue = ownQueue()
    const scheduler = open({ ...shared, queue })
    const time = Date.now() + 100
    let rounds = 0
    await scheduler.start(
      async (id) => {
        if (++rounds === 1) await scheduler.wakeAt({ id, time, lease: false })
      },
      () => {},
    )
    await scheduler.wakeAt({ id: 'a', time, lease: false })
    await eventually(() => expect(rounds).toBe(2))
    expect(clockSkew).toBeGreaterThan(100)
  })

  test('what a killed process has taken is given to another', async () => {
    const queue = ownQueue()
    const scheduler = open({ ...shared, queue, redeliverAfter: '1s' })
    await scheduler.wakeAt(wakeUp('a', 0))
    const { process: worker, taken } = await hangingWorker('bullmq', redisUrl, prefix, queue)
    expect(taken).toBe('a')
    await kill(worker)
    const { woken } = await listen(scheduler)
    await eventually(() => expect(woken).toEqual(['a']), 30_000)
  }, 60_000)

  test('a slow handler keeps no other waiting', async () => {
    const scheduler = open({ ...shared, queue: ownQueue(), concurrency: 2 })
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { woken } = await listen(scheduler, (id) => (id === 'slow' ? held : Promise.resolve()))
    await scheduler.wakeAt(wakeUp('slow', 0))
    await eventually(() => expect(woken).toEqual(['slow']))
    for (const id of ['b', 'c']) await scheduler.wakeAt(wakeUp(id, 0))
    await eventually(() => expect(woken).toEqual(['slow', 'b', 'c']))
    release()
  })

  test('the client of the app stays open', async () => {
    const scheduler = open({ ...shared, queue: ownQueue() })
    await listen(scheduler)
    await scheduler.wakeAt(wakeUp('a', 0))
    await scheduler.stop()
    expect(await client.ping()).toBe('PONG')
  })
})

describeOwnRedis('BullMQ on a server of its own', () => {
  async function start(config?: Record<string, string>) {
    const server = await startRedis(config)
    stops.push(server.stop)
    return server
  }

  test('no connection of ours is left after the end, nor by what is scheduled after it', async () => {
    const server = await start()
    const looking = server.connect()
    const clients = async () =>
      String(await looking.call('CLIENT', 'LIST'))
        .trim()
        .split('\n').length
    const before = await clients()
    for (const connection of [{ port: server.port }, looking]) {
      const scheduler = open({ connection })
      const { woken } = await listen(scheduler)
      await scheduler.wakeAt(wakeUp('a', 0))
      await eventually(() => expect(woken).toEqual(['a']))
      await scheduler.stop()
      await scheduler.wakeAt(wakeUp('b', hour))
      await eventually(async () => expect(await clients()).toBe(before))
    }
  })

  test('connections that are cut are made anew, and what is scheduled meanwhile is woken', async () => {
    const server = await start()
    const scheduler = open({ connection: { port: server.port } })
    const { woken, errors } = await listen(scheduler)
    await scheduler.wakeAt(wakeUp('a', 0))
    await eventually(() => expect(woken).toEqual(['a']))
    await server.connect().call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await scheduler.wakeAt(wakeUp('b', 100))
    await eventually(() => expect(woken).toEqual(['a', 'b']))
    expect(inspect(errors)).not.toMatch(/127\.0\.0\.1|:\d{4}/)
  })

  test('a connection that stays lost is told of once, and again once it is lost anew', async () => {
    let server = await start()
    const { port } = server
    const retries: number[] = []
    const retryStrategy = (times: number) => {
      retries.push(times)
      return 20
    }
    const scheduler = open({ connection: { port, retryStrategy } })
    const { woken, errors } = await listen(scheduler)
    await scheduler.wakeAt(wakeUp('a', 0))
    await eventually(() => expect(woken).toEqual(['a']))
    await server.stop()
    await eventually(() => expect(Math.max(...retries)).toBeGreaterThan(10))
    expect(errors).toMatchObject([{ fault: 'unavailable' }])
    server = await start({ port: String(port) })
    await scheduler.wakeAt(wakeUp('b', 0))
    await eventually(() => expect(woken).toEqual(['a', 'b']))
    const before = errors.length
    retries.length = 0
    await server.stop()
    await eventually(() => expect(Math.max(...retries)).toBeGreaterThan(10))
    expect(errors.length).toBe(before + 1)
  }, 30_000)

  test('a server that wants a password says so', async () => {
    const server = await start()
    await server.connect().config('SET', 'requirepass', 'secret')
    const { errors } = await listen(open({ connection: { port: server.port } }))
    await eventually(() => expect(errors.length).toBeGreaterThan(0))
    expect(errors[0]).toMatchObject({ fault: 'refused', message: expect.stringContaining('a password is needed') })
  })

  test('the end does not wait for a server that is gone', async () => {
    const server = await start()
    const scheduler = open({ connection: { port: server.port } })
    const { woken, errors } = await listen(scheduler)
    await scheduler.wakeAt(wakeUp('a', 0))
    await eventually(() => expect(woken).toEqual(['a']))
    await server.stop()
    await eventually(() => expect(errors.length).toBeGreaterThan(0))
    expect(errors[0]).toMatchObject({ name: 'StoreError', engine: 'bullmq', fault: 'unavailable' })
    await scheduler.stop()
  }, 20_000)

  test('nor for one that was never there', async () => {
    const scheduler = open({ connection: { port: 1 } })
    const { errors } = await listen(scheduler)
    await eventually(() => expect(errors.length).toBeGreaterThan(0))
    const scheduling = Promise.resolve(scheduler.wakeAt(wakeUp('a', 0))).catch((thrown: StoreError) => thrown)
    await scheduler.stop()
    expect(await scheduling).toMatchObject({ name: 'StoreError', fault: 'unavailable' })
  }, 20_000)

  test('a server without memory is told of by fault and code, not by its words', async () => {
    const server = await start({ maxmemory: '1mb', 'maxmemory-policy': 'noeviction' })
    const error = await Promise.resolve(open({ connection: server.connect() }).wakeAt(wakeUp('a@b.example', hour))).catch(
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ name: 'StoreError', fault: 'full', engineCode: 'OOM' })
    expect(inspect(error)).not.toContain('a@b.example')
  })

  test('a cluster', async () => {
    const server = await start({
      'cluster-enabled': 'yes',
      'cluster-announce-ip': '127.0.0.1',
      'cluster-port': String(await freePort()),
    })
    const node = server.connect()
    await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await eventually(async () => expect(String(await node.call('CLUSTER', 'INFO'))).toContain('cluster_state:ok'))
    const cluster = quiet(new Cluster([{ host: '127.0.0.1', port: server.port }]))
    stops.push(() => cluster.disconnect())
    const scheduler = open({ connection: cluster })
    const { woken } = await listen(scheduler)
    await Promise.all([0, 50, 100].map((delay) => scheduler.wakeAt(wakeUp(`n${delay}`, delay))))
    await eventually(() => expect(woken).toHaveLength(3))
    await scheduler.stop()
    expect(await cluster.ping()).toBe('PONG')
  }, 30_000)
})

test('options that cannot work are named, all of them', () => {
  const connection = { keyPrefix: 'app:' }
  const clock = {} as Clock
  expect(() => bullmq({ connection, queue: 'a:b', prefix: '', concurrency: 0, redeliverAfter: '10ms', clock })).toThrow(
    /connection.*keyPrefix.*queue.*prefix.*concurrency.*redeliverAfter.*clock/,
  )
  expect(() => bullmq({ connection: {}, concurency: 1 } as never)).toThrow('concurency: is no option')
  expect(() => bullmq({ connection: undefined as unknown as object })).toThrow(/connection/)
})
