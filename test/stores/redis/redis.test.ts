import fc from 'fast-check'
import { Redis } from 'ioredis'
import { isOmnicascadeError } from 'omnicascade'
import { type RedisClient, redis } from 'omnicascade/stores/redis'
import { afterAll, expect, test } from 'vitest'
import { next, sampleReceipt, sampleRecord, settled, start } from '../../../src/testing/store-contract/samples.ts'
import { connect, describeRedis, dropPrefix, ownPrefix, quiet, redisUrl } from '../../support/redis.ts'

const prefix = ownPrefix()

/** A client that counts its pipelines and how long they are. */
function counted(client: Redis) {
  const lengths: number[] = []
  const counting: RedisClient = {
    duplicate: () => client.duplicate(),
    pipeline(commands) {
      lengths.push(commands.length)
      return client.pipeline(commands)
    },
  }
  return { client: counting, lengths }
}

/** A client that lets something else happen before its pipeline of a given number. */
function interrupted(client: Redis, number: number, meanwhile: () => Promise<unknown>): RedisClient {
  let pipelines = 0
  return {
    duplicate: () => client.duplicate(),
    pipeline: (commands) => ({
      async exec() {
        if (++pipelines === number) await meanwhile()
        return client.pipeline(commands).exec()
      },
    }),
  }
}

const failure = (work: unknown) =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )

describeRedis('the store on Redis', () => {
  const client = connect()
  let stores = 0
  afterAll(async () => {
    await dropPrefix(client, prefix)
    client.disconnect()
  })

  /** An empty store, with the hash tag of all of this file and names of its own. */
  function open(more: { client?: RedisClient; allowEviction?: boolean } = {}) {
    const own = `{${prefix}}:${stores++}`
    return { store: redis({ client, prefix: own, ...more }), key: (name: string) => `${own}:${name}` }
  }

  test('options that will not do are named, all at once', () => {
    expect(() => redis({ client, prefx: 'a' } as never)).toThrow('redis: prefx: is no option: there is client, prefix')
    const options = { client: { multi() {} }, prefix: '', allowEviction: 'yes', timeout: 0, clock: {} }
    expect(() => redis(options as never)).toThrow(
      "redis: client: must be a client of ioredis; prefix: is missing (is its environment variable set?): it must be a text; allowEviction: must be true or false; timeout: must be a duration of at least 1ms: milliseconds, or '10s'; clock: must have now() and setTimer()",
    )
  })

  test.each(['{"text": +420777123456 secret', 'null', '{}', '7'])(
    'a parked receipt that is damaged (%s) keeps none of the others, and is forgotten when it expires',
    async (text) => {
      const { store, key } = open()
      await client.zadd(key('parked'), start, text)
      await store.parkReceipt(sampleReceipt(['m']), start + 10, start + 60)
      expect(await store.findParked('twin', ['m'], start + 10)).toHaveLength(1)
      await store.prune(start, start + 10, 100)
      expect(await client.zcard(key('parked'))).toBe(1)
    },
  )

  test('records are kept byte for byte, whatever is in them', async () => {
    const { store } = open()
    let count = 0
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\0', '\ud800', 'a\udfff', '\r\n', '$-1\r\n', ''))
    const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(2 ** 53 + 2, 1e308, 5e-324, -0))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        texts,
        numbers,
        fc.constantFrom(null, true, false),
        fc.array(tie('value')),
        fc.dictionary(texts, tie('value')),
      ),
    }))
    const some = fc.array(fc.tuple(fc.dictionary(texts, value), texts), { minLength: 10, maxLength: 30, size: 'max' })
    const check = async ([metadata, text]: [object, string]) => {
      const id = `${count++}${text}`
      const record = sampleRecord(id, { metadata: metadata as never, idempotencyKey: id, keys: [id] })
      expect((await store.insert(record)).created).toBe(true)
      const json = JSON.stringify(record)
      expect(JSON.stringify(await store.get(id))).toBe(json)
      expect((await store.findByKey('twin', id, 2)).map((found) => JSON.stringify(found))).toEqual([json])
      expect(JSON.stringify((await store.insert({ ...record, id: 'other' })).record)).toBe(json)
    }
    await fc.assert(
      fc.asyncProperty(some, async (each) => {
        await Promise.all(each.map(check))
      }),
      { numRuns: 15 },
    )
    expect((await store.due(start * 2, 1000)).length).toBe(count)
  }, 30_000)

  test('what one tick asks for goes out in one pipeline', async () => {
    const { client: counting, lengths } = counted(client)
    const { store } = open({ client: counting })
    const records = Array.from({ length: 100 }, (_, index) => sampleRecord(`n${index}`))
    await Promise.all(records.map((record) => store.insert(record)))
    lengths.length = 0
    await Promise.all(records.map((record) => store.update(next(record), 0)))
    await Promise.all([...records.map(({ id }) => store.get(id)), store.due(start, 10), store.nextDueAt()])
    // A server that another test has made forget its scripts is sent each of them again, alone.
    expect(lengths.filter((length) => length > 1)).toEqual([100, 102])
  })

  test('of two stores that race for one version, one wins, over many rounds', async () => {
    const { store, key } = open()
    const second = connect()
    const other = redis({ client: second, prefix: key('').slice(0, -1) })
    let record = sampleRecord('n1')
    await store.insert(record)
    for (let version = 0; version < 300; version++) {
      const tries = [store, other, store, other].map((one, index) => ({ one, record: next(record, { metadata: { index } }) }))
      const won = await Promise.all(tries.map(({ one, record: mine }) => one.update(mine, version)))
      expect(won.filter(Boolean)).toHaveLength(1)
      record = tries[won.indexOf(true)]?.record ?? record
      expect(await other.get('n1')).toEqual(record)
    }
    second.disconnect()
  })

  test.each([
    [false, 'corrupt', 'deleted'],
    [true, 'evicting', 'evicted'],
  ])('a due record that is gone is told of once, and is due no more (allowEviction: %s)', async (allowEviction, fault, word) => {
    const { store, key } = open({ allowEviction })
    await store.insert(sampleRecord('n1', { keys: ['m1'] }))
    await store.insert(sampleRecord('n2', { keys: ['m1'] }))
    await client.del(key('record:n1'))
    expect(await failure(store.get('n1'))).toMatchObject({
      fault,
      engine: 'redis',
      message: `redis: notification n1 was due, and its record is gone: it was ${word}, and is woken no more`,
    })
    expect(await store.get('n1')).toBeUndefined()
    expect(await store.due(start * 2, 10)).toEqual(['n2'])
    expect((await store.findByKey('twin', 'm1', 10)).map(({ id }) => id)).toEqual(['n2'])
    expect(await client.zrange(key('attempts:["twin","m1"]'), 0, '-1')).toEqual(['n2'])
  })

  test('the idempotency key of a record that is gone is free again, once', async () => {
    const { store, key } = open()
    await store.insert(sampleRecord('n1', { idempotencyKey: 'order-1', dueAt: null, settledAt: start }))
    await client.del(key('record:n1'))
    const inserted = await Promise.all(
      Array.from({ length: 10 }, (_, index) => store.insert(sampleRecord(`again${index}`, { idempotencyKey: 'order-1' }))),
    )
    expect(inserted.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(inserted.map(({ record }) => record.id)).size).toBe(1)
    expect(await store.prune(start + 1, start, 10)).toBe(1)
    expect(await store.prune(start + 1, start, 10)).toBe(0)
  })

  test('an idempotency key goes with the record that has it, and with no other', async () => {
    const { store, key } = open()
    await store.insert(sampleRecord('n1', { idempotencyKey: 'order-1', dueAt: null, settledAt: start }))
    await client.del(key('idempotency:order-1'))
    const second = sampleRecord('n2', { idempotencyKey: 'order-1' })
    await store.insert(second)
    expect(await store.prune(start + 1, start, 10)).toBe(1)
    expect(await store.insert(sampleRecord('n3', { idempotencyKey: 'order-1' }))).toEqual({ record: second, created: false })
  })

  test('a record that comes back while its idempotency key is being taken over keeps it', async () => {
    const first = sampleRecord('n1', { idempotencyKey: 'order-1' })
    const own = `{${prefix}}:${stores++}`
    const plain = redis({ client, prefix: own })
    await plain.insert(first)
    await client.del(`${own}:record:n1`, `${own}:due`)
    // The look at the policy, the insert, the look for the record that has the key, and the insert again.
    const slow = redis({ client: interrupted(client, 4, () => Promise.resolve(plain.insert(first))), prefix: own })
    expect(await slow.insert(sampleRecord('n2', { idempotencyKey: 'order-1' }))).toEqual({ record: first, created: false })
  })

  test('a record that changes while it is about to be forgotten stays', async () => {
    const own = `{${prefix}}:${stores++}`
    const plain = redis({ client, prefix: own })
    const done = settled(sampleRecord('n1', { keys: ['m1'] }), start)
    await plain.insert(done)
    const late = next(done, { dueAt: start + 5 })
    const slow = redis({ client: interrupted(client, 4, () => Promise.resolve(plain.update(late, done.version))), prefix: own })
    expect(await slow.prune(start + 1, start, 10)).toBe(0)
    expect(await plain.findByKey('twin', 'm1', 1)).toEqual([late])
  })

  test('what is forgotten leaves nothing behind', async () => {
    const { store, key } = open()
    const record = sampleRecord('n1', { idempotencyKey: 'order-1', keys: ['m1', 'm2'] })
    await store.insert(record)
    await store.update(settled(next(record, { keys: ['m1', 'm2', 'm3'] }), start), 0)
    await store.parkReceipt(sampleReceipt(['a', 'b']), start, start + 1)
    await store.parkReceipt(sampleReceipt(['c']), start, start + 1)
    await store.dropParked(sampleReceipt(['c']))
    expect(await store.prune(start + 1, start + 1, 10)).toBe(1)
    expect(await client.keys(key('*').replace(/[{}]/g, '?'))).toEqual([key('count')])
  })

  test('a settled record that waits again is not forgotten', async () => {
    const { store } = open()
    const done = settled(sampleRecord('n1'), start)
    await store.insert(sampleRecord('n1'))
    await store.update(done, 0)
    const waiting = next(done, { dueAt: start + 5 })
    await store.update(waiting, 1)
    expect(await store.prune(start + 1, start, 10)).toBe(0)
    expect(await store.get('n1')).toEqual(waiting)
  })

  test('a receipt that is parked again keeps its place and its end', async () => {
    const { store } = open()
    const [first, second, third] = [sampleReceipt(['a']), sampleReceipt(['a'], { status: 'read' }), sampleReceipt(['b'])]
    await store.parkReceipt(first, start, start + 5)
    await store.parkReceipt(second, start, start + 5)
    await store.parkReceipt(third, start, start + 5)
    await store.parkReceipt(first, start + 1, start + 50)
    expect(await store.findParked('twin', ['b', 'a'], start + 4)).toEqual([first, second, third])
    expect(await store.findParked('twin', ['a'], start + 5)).toEqual([])
  })

  test('receipts that have expired go as others come, where nobody prunes', async () => {
    const { store, key } = open()
    for (let at = 0; at < 30; at++) await store.parkReceipt(sampleReceipt([`m${at}`], { at }), start + at, start + at + 5)
    expect(await client.zcard(key('parked'))).toBe(5)
    expect(await client.exists(key('parked:["twin","m1"]'))).toBe(0)
  })

  test('what was damaged by hand is told of without what it holds, and nothing is written on top of it', async () => {
    const { store, key } = open()
    const record = sampleRecord('n1')
    await store.insert(record)
    await client.hset(key('record:n1'), 'json', '{"to":"+420777123456')
    const damaged = await failure(store.get('n1'))
    expect(damaged).toMatchObject({ code: 'store-corrupt', fault: 'corrupt' })
    expect(String(damaged)).not.toContain('+420777')
    await client.del(key('due'))
    await client.set(key('due'), 'a text')
    expect(await failure(store.insert(sampleRecord('n2')))).toMatchObject({ fault: 'corrupt', engineCode: 'WRONGTYPE' })
    expect(await failure(store.update(next(record), 0))).toMatchObject({ fault: 'corrupt' })
    await client.del(key('due'))
    expect(await store.get('n2')).toBeUndefined()
    expect(await client.hget(key('record:n1'), 'version')).toBe('0')
    await store.update(settled(record, start), 0)
    await client.hset(key('record:n1'), 'json', 'null')
    expect(await store.prune(start + 1, start, 10)).toBe(1)
  })

  test('an id that is taken is an error of its own', async () => {
    const { store } = open()
    await store.insert(sampleRecord('n1'))
    expect(await failure(store.insert(sampleRecord('n1')))).toMatchObject({ code: 'duplicate-id' })
    expect(isOmnicascadeError(await failure(store.insert(sampleRecord('n1', { idempotencyKey: 'order-1' }))))).toBe(true)
  })

  test('a client that speaks RESP3, in its shapes, and takes numbers for texts is served as well', async () => {
    const other = quiet(
      new Redis(redisUrl, { protocol: 3, replyMapping: 'resp3', stringNumbers: true, enableAutoPipelining: true }),
    )
    const { store } = open({ client: other })
    const record = sampleRecord('7', { idempotencyKey: '7', keys: ['7'], dueAt: start + 0.5 })
    expect(await store.insert(record)).toEqual({ record, created: true })
    expect(await store.insert(record)).toEqual({ record, created: false })
    expect([await store.due(start + 1, 1), await store.nextDueAt()]).toEqual([['7'], start + 0.5])
    await store.parkReceipt(sampleReceipt(['a']), start, start + 1)
    expect(await store.findParked('twin', ['a'], start)).toEqual([sampleReceipt(['a'])])
    const done = settled(record, start)
    expect([await store.update(done, 0), await store.update(done, 0)]).toEqual([true, false])
    expect([await store.get('7'), await store.findByKey('twin', '7', 1)]).toEqual([done, [done]])
    expect(await store.prune(start + 1, start + 1, 10)).toBe(1)
    other.disconnect()
  })
})
