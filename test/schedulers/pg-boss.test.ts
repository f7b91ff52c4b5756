import { inspect } from 'node:util'
import type { Clock, Scheduler, StoreError } from 'omnicascade'
import { type Boss, type PgBossOptions, pgBoss } from 'omnicascade/schedulers/pg-boss'
import { migrate, postgres } from 'omnicascade/stores/postgres'
import { schedulerContract } from 'omnicascade/testing'
import type { PoolClient } from 'pg'
import { PgBoss } from 'pg-boss'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SqlTransaction } from '../../src/contract/store.ts'
import { systemClock } from '../../src/wire/clock.ts'
import { recordOf } from '../stores/postgres/support.ts'
import { postgresWorld } from '../support/postgres.ts'
import { eventually, hangingWorker, kill, listen, ownQueue } from './support.ts'

const world = await postgresWorld()
const hour = 3_600_000
const wakeUp = (id: string, delay: number, lease = false) => ({ id, time: Date.now() + delay, lease })

describe.skipIf(world === null)('pg-boss on PostgreSQL', () => {
  if (world === null) return
  const { url, schema } = world
  const pool = world.pool()
  const newBoss = (options = {}) => {
    const boss = new PgBoss({ connectionString: url, schema, max: 6, schedule: false, supervise: false, ...options })
    boss.on('error', () => {})
    return boss
  }
  const bosses = [newBoss(), newBoss()] as const
  const [boss] = bosses

  beforeAll(async () => {
    for (const each of bosses) await each.start()
  }, 60_000)
  afterAll(async () => {
    for (const each of bosses) await each.stop({ graceful: false })
  }, 60_000)

  const jobs = async (queue: string, columns = 'data') =>
    (await pool.query(`select ${columns} from ${schema}.job where name = $1 order by start_after`, [queue])).rows

  describe.concurrent('keeps the contract', () => {
    const open = () => {
      const queue = ownQueue()
      return {
        scheduler: pgBoss({ boss, queue }),
        another: () => pgBoss({ boss: bosses[1], queue }),
        dispose: () => boss.deleteQueue(queue),
      }
    }
    for (const { name, run } of schedulerContract({ open })) test(name, run, 60_000)
  })

  const opened: Scheduler[] = []
  afterEach(async () => {
    for (const scheduler of opened.splice(0)) await scheduler.stop()
  })
  function open(options: Partial<PgBossOptions> = {}): Scheduler {
    const scheduler = pgBoss({ boss, ...options })
    opened.push(scheduler)
    return scheduler
  }

  async function within(run: (transaction: SqlTransaction, client: PoolClient) => Promise<void>): Promise<void> {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const query = vi.fn(async (text: string, values?: readonly unknown[]) => client.query<object>(text, values as unknown[]))
      await run({ query }, client)
    } finally {
      client.release()
    }
  }

  describe('in the transaction of a store', () => {
    test('a batch is one insert, and nobody sees it before it is committed', async () => {
      const queue = ownQueue()
      const scheduler = open({ queue })
      await scheduler.ready!()
      await within(async (transaction, client) => {
        const committed = await scheduler.wakeWithin!(transaction, [
          wakeUp('a', hour),
          wakeUp('b', 2 * hour),
          wakeUp('c', 0, true),
        ])
        expect(transaction.query).toHaveBeenCalledTimes(1)
        expect(await jobs(queue)).toEqual([])
        await client.query('commit')
        committed()
      })
      expect(await jobs(queue)).toEqual([{ data: { id: 'a' } }, { data: { id: 'b' } }])
    })

    test('what is rolled back was never scheduled, and is not taken for scheduled', async () => {
      const queue = ownQueue()
      const scheduler = open({ queue })
      await scheduler.ready!()
      await within(async (transaction, client) => {
        await scheduler.wakeWithin!(transaction, [wakeUp('a', hour)])
        await client.query('rollback')
      })
      expect(await jobs(queue)).toEqual([])
      await scheduler.wakeAt(wakeUp('a', hour))
      expect(await jobs(queue)).toHaveLength(1)
    })

    test('what is committed is known from then on: a later time needs no statement', async () => {
      const queue = ownQueue()
      const scheduler = open({ queue })
      await scheduler.ready!()
      await within(async (transaction, client) => {
        const committed = await scheduler.wakeWithin!(transaction, [wakeUp('a', hour)])
        await client.query('commit')
        committed()
      })
      await within(async (transaction, client) => {
        await scheduler.wakeWithin!(transaction, [wakeUp('a', 2 * hour), wakeUp('b', hour, true)])
        expect(transaction.query).not.toHaveBeenCalled()
        await client.query('rollback')
      })
    })

    test('what the transaction refuses reaches the store as it is', async () => {
      const scheduler = open({ queue: ownQueue() })
      await scheduler.ready!()
      const refusal = Object.assign(new Error('could not serialize access'), { code: '40001' })
      const transaction = { query: () => Promise.reject(refusal) }
      await expect(scheduler.wakeWithin!(transaction, [wakeUp('a', hour)])).rejects.toBe(refusal)
    })

    test('a queue that was lost meanwhile is not waited for there: the store begins anew', async () => {
      const queue = ownQueue()
      const scheduler = open({ queue })
      await scheduler.ready!()
      await bosses[1].deleteQueue(queue)
      await within(async (transaction, client) => {
        await expect(scheduler.wakeAt(wakeUp('a', hour))).rejects.toMatchObject({ fault: 'schema' })
        await expect(scheduler.wakeWithin!(transaction, [wakeUp('b', hour)])).rejects.toMatchObject({ code: '40001' })
        expect(transaction.query).not.toHaveBeenCalled()
        await client.query('rollback')
      })
      await migrate({ pool, schema })
      const store = postgres({ pool, schema })
      store.enlist!(scheduler)
      expect((await store.insert(recordOf('n1', { dueAt: Date.now() + hour }))).created).toBe(true)
      expect(await jobs(queue)).toEqual([{ data: { id: 'n1' } }])
      await store.close?.()
    })

    test('a boss that looks its queue up first is not waited for either, and may not write once the transaction is over', async () => {
      const queue = ownQueue()
      let find = () => {}
      const found = new Promise<void>((resolve) => {
        find = resolve
      })
      const insert = vi.fn<Boss['insert']>(async (name, jobs, options) => {
        if (options !== undefined) await found
        return boss.insert(name, jobs, options)
      })
      const scheduler = open({ boss: bossWith({ insert }), queue })
      await scheduler.ready!()
      await within(async (transaction, client) => {
        await expect(scheduler.wakeWithin!(transaction, [wakeUp('a', hour)])).rejects.toMatchObject({ code: '40001' })
        await client.query('rollback')
        find()
        await expect(insert.mock.results.at(-1)?.value).rejects.toMatchObject({ code: '40001' })
        expect(transaction.query).not.toHaveBeenCalled()
      })
    })
  })

  test.each(['short', 'singleton', 'stately', 'exclusive', 'key_strict_fifo'] as const)(
    'a queue whose policy (%s) drops jobs is refused',
    async (policy) => {
      const queue = ownQueue()
      await boss.createQueue(queue, { policy })
      await expect(open({ queue }).wakeAt(wakeUp('a', hour))).rejects.toThrow(/^pg-boss: the queue has a policy/)
    },
  )

  test('a record whose time moves later costs no second job, one that moves earlier does', async () => {
    const queue = ownQueue()
    const scheduler = open({ queue })
    for (const delay of [hour, 2 * hour, 3 * hour]) await scheduler.wakeAt(wakeUp('a', delay))
    expect(await jobs(queue)).toHaveLength(1)
    await scheduler.wakeAt(wakeUp('a', hour / 2))
    expect(await jobs(queue)).toHaveLength(2)
  })

  test('the calls of one turn are one insert', async () => {
    const insert = vi.spyOn(boss, 'insert')
    const scheduler = open({ queue: ownQueue() })
    await Promise.all(Array.from({ length: 100 }, (_, i) => scheduler.wakeAt(wakeUp(`n${i}`, hour))))
    // The one that inserts nothing has the boss look up its queue.
    expect(insert.mock.calls.map(([, jobs]) => jobs.length)).toEqual([0, 100])
  })

  test('the end of a lease is no job', async () => {
    const queue = ownQueue()
    await open({ queue }).wakeAt(wakeUp('a', 0, true))
    expect(await jobs(queue)).toEqual([])
  })

  test('a job says nothing but the id, is worth nothing once it is done, and never makes a backlog to warn of', async () => {
    const queue = ownQueue()
    const scheduler = open({ queue, redeliverAfter: '90s' })
    const { woken } = await listen(scheduler)
    await scheduler.wakeAt(wakeUp('a', 0))
    await eventually(async () => expect(await jobs(queue, 'state')).toEqual([{ state: 'completed' }]))
    expect(woken).toEqual(['a'])
    expect(await jobs(queue, 'data, output, deletion_seconds, expire_seconds, retry_limit')).toEqual([
      { data: { id: 'a' }, output: null, deletion_seconds: 60, expire_seconds: 90, retry_limit: 20 },
    ])
    expect(await boss.getQueue(queue)).toMatchObject({ warningQueueSize: 2 ** 31 - 1 })
  })

  test('the delay counts by the clock of the database: a process whose clock is behind does not spin on what is not due for it', async () => {
    const queue = ownQueue()
    const behind = { ...systemClock, now: () => Date.now() - 1500 }
    const writer = open({ queue })
    const slow = open({ queue, clock: behind })
    const time = Date.now() + 100
    const wakes: number[] = []
    await slow.start(
      async (id) => {
        wakes.push(behind.now())
        if (behind.now() < time) await slow.wakeAt({ id, time, lease: false })
      },
      () => {},
    )
    await writer.wakeAt({ id: 'a', time, lease: false })
    await eventually(() => expect(wakes.at(-1)).toBeGreaterThanOrEqual(time))
    expect(wakes).toHaveLength(2)
  })

  test('what a killed process has taken is given to another once it has expired', async () => {
    const queue = ownQueue()
    const scheduler = open({ queue, redeliverAfter: '1s' })
    await scheduler.wakeAt(wakeUp('a', 0))
    const { process: worker, taken } = await hangingWorker('pg-boss', url, schema, queue)
    expect(taken).toBe('a')
    await kill(worker)
    const { woken } = await listen(scheduler)
    const supervisor = newBoss({ supervise: true, superviseIntervalSeconds: 1, monitorIntervalSeconds: 1 })
    await supervisor.start()
    try {
      await eventually(() => expect(woken).toEqual(['a']), 30_000)
    } finally {
      await supervisor.stop({ graceful: false })
    }
  }, 60_000)

  test('a slow handler keeps no other waiting', async () => {
    const queue = ownQueue()
    const scheduler = open({ queue, batchSize: 1 })
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { woken } = await listen(scheduler, (id) => (id === 'slow' ? held : Promise.resolve()))
    await scheduler.wakeAt(wakeUp('slow', 0))
    await eventually(() => expect(woken).toEqual(['slow']))
    await scheduler.wakeAt(wakeUp('quick', 0))
    await eventually(() => expect(woken).toEqual(['slow', 'quick']))
    release()
  })

  test('with notify, what is due at once is not polled for, and what is due later is not forgotten', async () => {
    const queue = ownQueue()
    const listening = newBoss({ useListenNotify: true })
    await listening.start()
    const scheduler = pgBoss({ boss: listening, queue, notify: true, pollEvery: '3s' })
    const { woken } = await listen(scheduler)
    await open({ queue, notify: true }).wakeAt(wakeUp('a', 0))
    await eventually(() => expect(woken).toEqual(['a']))
    await scheduler.wakeAt(wakeUp('b', 200))
    await eventually(() => expect(woken).toEqual(['a', 'b']), 10_000)
    await scheduler.stop()
    await listening.stop({ graceful: false })
  }, 60_000)

  test('stop leaves the boss at work, and others on the same queue', async () => {
    const queue = ownQueue()
    const [one, other] = [open({ queue }), open({ queue })]
    await listen(one)
    const { woken } = await listen(other)
    await one.stop()
    await one.wakeAt(wakeUp('a', 0))
    await eventually(() => expect(woken).toEqual(['a']))
  })

  test('a queue that is deleted meanwhile is created anew by the second one that needs it', async () => {
    const queue = ownQueue()
    const scheduler = open({ queue })
    await scheduler.wakeAt(wakeUp('a', hour))
    await bosses[1].deleteQueue(queue)
    await expect(scheduler.wakeAt(wakeUp('b', hour))).rejects.toMatchObject({ name: 'StoreError', fault: 'schema' })
    await scheduler.wakeAt(wakeUp('b', hour))
    expect(await jobs(queue)).toEqual([{ data: { id: 'b' } }])
  })

  /** The boss, but for what is given. */
  const bossWith = (different: Partial<Boss>): Boss => ({
    createQueue: (name, options) => boss.createQueue(name, options),
    getQueue: (name) => boss.getQueue(name),
    updateQueue: (name, options) => boss.updateQueue(name, options),
    insert: (name, jobs, options) => boss.insert(name, jobs, options),
    work: (name, options, handler) => boss.work(name, options, handler),
    offWork: (name, options) => boss.offWork(name, options),
    on: (event, listener) => boss.on(event, listener),
    off: (event, listener) => boss.off(event, listener),
    ...different,
  })

  test('a boss that is not started yet keeps nobody from waking once it is', async () => {
    let isStarted = false
    const notStarted = Object.assign(new Error('Database not opened'), { code: 'ERR_ASSERTION' })
    const createQueue: Boss['createQueue'] = async (name, options) => {
      if (!isStarted) throw notStarted
      await boss.createQueue(name, options)
    }
    const hurried = { ...systemClock, setTimer: (_delay: number, run: () => void) => systemClock.setTimer(1, run) }
    const scheduler = open({ boss: bossWith({ createQueue }), queue: ownQueue(), clock: hurried })
    const { woken, errors } = await listen(scheduler)
    await eventually(() => expect(errors.length).toBeGreaterThan(1))
    expect(errors[0]).toMatchObject({ name: 'StoreError', engine: 'pg-boss', fault: 'refused', engineCode: 'ERR_ASSERTION' })
    isStarted = true
    await scheduler.wakeAt(wakeUp('a', 0))
    await eventually(() => expect(woken).toEqual(['a']))
  })

  test('one that is stopped while it waits for its boss does not start after all', async () => {
    const timers: (() => void)[] = []
    const setTimer = (_delay: number, run: () => void) => {
      timers.push(run)
      return () => {}
    }
    const paused = { ...systemClock, setTimer }
    const work = vi.fn(() => Promise.reject(new Error('gone')))
    const scheduler = open({ boss: bossWith({ work }), queue: ownQueue(), clock: paused })
    await listen(scheduler)
    await scheduler.stop()
    for (const run of timers) run()
    await new Promise((resolve) => setImmediate(resolve))
    expect(work).toHaveBeenCalledTimes(1)
  })

  test('a database that is gone is told of by fault and code, not by its words', async () => {
    const insert = () =>
      Promise.reject(Object.assign(new Error('row (a@b.example)'), { code: 'ECONNREFUSED', detail: 'a@b.example' }))
    const scheduler = open({ boss: bossWith({ insert }), queue: ownQueue() })
    const error: StoreError = await Promise.resolve(scheduler.wakeAt(wakeUp('a', 0))).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'StoreError', fault: 'unavailable', engineCode: 'ECONNREFUSED' })
    expect(error.cause).toBeUndefined()
    expect(inspect(error)).not.toContain('a@b.example')
  })

  test('what fails in the background is told, unless it is of another queue', async () => {
    const queue = ownQueue()
    const { errors } = await listen(open({ queue }))
    boss.emit('error', Object.assign(new Error('a@b.example'), { queue, code: '57P01' }))
    boss.emit('error', Object.assign(new Error('a@b.example'), { queue: 'another' }))
    boss.emit('error', new Error('a@b.example'))
    expect(errors.map((error) => (error as StoreError).fault)).toEqual(['unavailable', 'unavailable'])
    expect(inspect(errors)).not.toContain('a@b.example')
  })
})

test('options that cannot work are named, all of them', () => {
  const options = {
    boss: {} as Boss,
    queue: 'a b',
    batchSize: 0,
    concurrency: 1.5,
    pollEvery: '100ms',
    redeliverAfter: '0s',
    clock: {} as Clock,
  } as const
  expect(() => pgBoss(options)).toThrow(/boss.*queue.*batchSize.*concurrency.*pollEvery.*redeliverAfter.*clock/)
  expect(() => pgBoss({ boss: {}, que: 'a' } as never)).toThrow('que: is no option')
})
