import { rm } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { redis } from 'omnicascade/stores/redis'
import { virtualClock } from 'omnicascade/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { toStoreError } from '../../../src/stores/redis/errors.ts'
import { next, sampleRecord, start } from '../../../src/testing/store-contract/samples.ts'
import { freePort } from '../../support/free-port.ts'
import { describeOwnRedis, type OwnRedis, quiet, startRedis } from '../../support/redis.ts'

const failure = (work: unknown) =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )

describeOwnRedis('a server that fails', () => {
  let server: OwnRedis
  let client: Redis

  beforeAll(async () => {
    server = await startRedis()
    client = server.connect()
  })
  afterAll(() => server.stop())

  test('full: what is refused for want of memory is not stored, what is there can be read and forgotten', async () => {
    const store = redis({ client, prefix: 'full' })
    const record = sampleRecord('n1', { idempotencyKey: 'order-1', keys: ['m1'] })
    await store.insert(record)
    await client.config('SET', 'maxmemory', '1')
    const full = await failure(store.insert(sampleRecord('n2', { idempotencyKey: 'order-2', keys: ['m1'] })))
    expect(full).toMatchObject({ code: 'store-full', fault: 'full', engine: 'redis', engineCode: 'OOM' })
    expect(String(full)).toContain('raise maxmemory')
    expect(await failure(store.update(next(record, { dueAt: start + 1 }), 0))).toMatchObject({ fault: 'full' })
    expect(await store.get('n1')).toEqual(record)
    expect((await store.findByKey('twin', 'm1', 10)).map(({ id }) => id)).toEqual(['n1'])
    expect(await store.nextDueAt()).toBe(record.dueAt)
    await client.config('SET', 'maxmemory', '0')
    expect(await store.get('n2')).toBeUndefined()
    expect(await store.due(start * 2, 10)).toEqual(['n1'])
    expect((await store.insert(sampleRecord('n3', { idempotencyKey: 'order-2' }))).created).toBe(true)
  })

  test.each(['allkeys-lru', 'volatile-ttl'])('a server that evicts (%s) is refused until it no longer does', async (policy) => {
    await client.config('SET', 'maxmemory-policy', policy)
    const store = redis({ client, prefix: policy })
    const evicting = await failure(store.insert(sampleRecord('n1')))
    expect(evicting).toMatchObject({ code: 'store-evicting', fault: 'evicting' })
    expect(String(evicting)).toContain(`its maxmemory-policy is ${policy}`)
    expect(String(evicting)).toContain('set maxmemory-policy to noeviction')
    expect(await failure(store.nextDueAt())).toMatchObject({ fault: 'evicting' })
    expect((await redis({ client, prefix: `${policy}-allowed`, allowEviction: true }).insert(sampleRecord('n1'))).created).toBe(
      true,
    )
    await client.config('SET', 'maxmemory-policy', 'noeviction')
    expect((await store.insert(sampleRecord('n1'))).created).toBe(true)
  })

  test('scripts that the server has forgotten are sent again, in the middle of a pipeline', async () => {
    const store = redis({ client, prefix: 'flush' })
    const records = Array.from({ length: 50 }, (_, index) => sampleRecord(`n${index}`))
    for (const [version, record] of records.entries()) {
      const insert = store.insert(record)
      const flushed = version % 10 === 0 ? client.script('FLUSH') : undefined
      const found = store.get(`n${version - 1}`)
      expect([(await insert).created, (await found)?.id, await flushed]).toEqual([
        true,
        records[version - 1]?.id,
        flushed && 'OK',
      ])
    }
    await client.script('FLUSH')
    expect(await Promise.all(records.map((record) => store.update(next(record), 0)))).not.toContain(false)
  })

  test('a replica takes no writes', async () => {
    const store = redis({ client, prefix: 'replica' })
    await client.replicaof('127.0.0.1', await freePort())
    expect(await failure(store.insert(sampleRecord('n1')))).toMatchObject({ fault: 'readonly', engineCode: 'READONLY' })
    await client.replicaof('NO', 'ONE')
    expect(await store.get('n1')).toBeUndefined()
  })

  test('a server that cannot save its data says what to do', async () => {
    const store = redis({ client, prefix: 'misconf' })
    const [, folder = ''] = (await client.config('GET', 'dir')) as string[]
    await client.config('SET', 'save', '3600 1')
    await rm(folder, { recursive: true })
    await failure(client.bgsave())
    await vi.waitFor(async () => expect(await client.info('persistence')).toContain('rdb_last_bgsave_status:err'), 5000)
    const refused = await failure(store.insert(sampleRecord('n1')))
    expect(refused).toMatchObject({ fault: 'refused', engineCode: 'MISCONF' })
    expect(String(refused)).toContain('make room on its disk')
    await client.config('SET', 'save', '')
    expect(await store.get('n1')).toBeUndefined()
  })

  test('a server that is busy with a script is locked', async () => {
    const store = redis({ client, prefix: 'busy' })
    await store.nextDueAt()
    await client.config('SET', 'busy-reply-threshold', '1')
    const endless = failure(server.connect().eval('while true do end', 0))
    const locked = await vi.waitUntil(() => failure(store.nextDueAt()), 5000)
    await vi.waitFor(() => client.script('KILL'), 5000)
    await endless
    expect(locked).toMatchObject({ fault: 'locked', engineCode: 'BUSY' })
    expect(await store.nextDueAt()).toBeNull()
  })

  test('a user without rights is refused; one that may not publish may still write', async () => {
    const user = { username: 'app', password: 'pass-77f1' }
    await client.acl('SETUSER', 'app', 'on', '>pass-77f1', '~*', 'resetchannels', '+@all')
    const store = redis({ client: server.connect(user), prefix: 'acl' })
    expect((await store.insert(sampleRecord('n1'))).created).toBe(true)
    expect(await failure(store.watch?.(() => {}))).toMatchObject({ fault: 'refused', engineCode: 'NOPERM' })
    await client.acl('SETUSER', 'app', '-evalsha')
    expect(await failure(store.get('n1'))).toMatchObject({ fault: 'refused', engineCode: 'NOPERM' })
    await client.acl('SETUSER', 'app', '+evalsha', '-info')
    const blind = redis({ client: server.connect(user), prefix: 'blind' })
    expect((await blind.insert(sampleRecord('n1'))).created).toBe(true)
    const wrong = redis({ client: server.connect({ ...user, password: 'pass-0000', retryStrategy: null }), prefix: 'acl' })
    const refused = await failure(wrong.get('n1'))
    expect(refused).toMatchObject({ fault: 'refused', engineCode: 'WRONGPASS' })
    expect(String(refused)).not.toMatch(/pass-|app/)
  })

  test('a server that is not there, or no longer, is unavailable', async () => {
    const nobody = quiet(new Redis(await freePort(), '127.0.0.1', { maxRetriesPerRequest: 1, retryStrategy: () => 1 }))
    expect(await failure(redis({ client: nobody }).insert(sampleRecord('n1')))).toMatchObject({
      code: 'store-unavailable',
      engineCode: 'MaxRetriesPerRequestError',
    })
    nobody.disconnect()
    const own = server.connect()
    const store = redis({ client: own, prefix: 'gone' })
    await store.nextDueAt()
    own.disconnect()
    expect(await failure(store.get('n1'))).toMatchObject({ fault: 'unavailable' })
    const impatient = redis({ client: server.connect({ commandTimeout: 30 }), prefix: 'slow' })
    await impatient.nextDueAt()
    server.process.kill('SIGSTOP')
    expect(await failure(impatient.get('n1'))).toMatchObject({ fault: 'unavailable' })
    server.process.kill('SIGCONT')
    expect(await impatient.get('n1')).toBeUndefined()
  })

  test('a server that cannot be reached holds up no call for longer than was asked, by the clock', async () => {
    const clock = virtualClock(start)
    const nobody = quiet(new Redis(await freePort(), '127.0.0.1'))
    const store = redis({ client: nobody, timeout: '2s', clock })
    const failures = [store.insert(sampleRecord('n1')), store.get('n1'), store.prune(start, start, 1)].map(failure)
    await clock.advance(1999)
    expect(await Promise.race([...failures, 'waiting'])).toBe('waiting')
    await clock.advance(1)
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ fault: 'unavailable' })
      expect(String(error)).toMatch(/did not answer within 2000 ms; what was to be written may have been stored/)
    }
    nobody.disconnect()
    expect(clock.timers).toBe(0)
  })

  test('a store that is closed refuses every call, and opens no connection', async () => {
    const duplicate = vi.fn()
    const store = redis({ client: { pipeline: vi.fn(), duplicate } })
    await store.close?.()
    for (const call of [store.get('n1'), store.insert(sampleRecord('n1')), store.nextDueAt(), store.watch?.(() => {})])
      expect(await failure(call)).toMatchObject({ fault: 'refused', message: expect.stringContaining('closed') })
    expect(duplicate).not.toHaveBeenCalled()
  })
})

describe('what the server answers is told by its code alone', () => {
  const secret = '+420777123456'
  test.each([
    ['OOM command not allowed', 'full', 'OOM'],
    [
      `ERR Error running script (call to f_3a): @user_script:7: @user_script: 7: -OOM command not allowed ${secret}`,
      'full',
      'OOM',
    ],
    [`ERR Error running script (call to f_3a): @user_script:7: WRONGTYPE Operation against ${secret}`, 'corrupt', 'WRONGTYPE'],
    ['LOADING Redis is loading the dataset in memory', 'unavailable', 'LOADING'],
    ['CLUSTERDOWN The cluster is down', 'unavailable', 'CLUSTERDOWN'],
    ['MASTERDOWN Link with MASTER is down', 'unavailable', 'MASTERDOWN'],
    ['NOREPLICAS Not enough good replicas to write.', 'unavailable', 'NOREPLICAS'],
    ['NOAUTH Authentication required.', 'refused', 'NOAUTH'],
    [`ERR unknown command 'EVALSHA', with args beginning with: '${secret}'`, 'refused', 'ERR'],
  ])('%s', (message, fault, engineCode) => {
    const error = toStoreError(Object.assign(new Error(message), { name: 'ReplyError', command: { args: [secret] } }))
    expect(error).toMatchObject({ fault, engineCode, code: `store-${fault}` })
    expect(error.message).not.toContain(secret)
    expect(error.cause).toBeUndefined()
  })

  test('what is no answer of the server leaves open whether it was stored', () => {
    const reset = Object.assign(new Error(`read ECONNRESET ${secret}`), { code: 'ECONNRESET' })
    expect(toStoreError(reset)).toMatchObject({ fault: 'unavailable', engineCode: 'ECONNRESET' })
    expect(toStoreError(reset).message).not.toContain(secret)
    for (const code of ['LOADING', 'NOREPLICAS', 'CLUSTERDOWN'])
      expect(toStoreError(Object.assign(new Error(code), { name: 'ReplyError' })).message).toContain('may have been stored')
    expect(toStoreError(reset).message).toContain('may have been stored')
    expect(toStoreError(undefined)).toMatchObject({ fault: 'unavailable', engineCode: undefined })
  })
})
