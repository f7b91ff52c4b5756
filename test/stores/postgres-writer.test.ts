import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Scheduler } from 'omnicascade'
import { type Boss, pgBoss } from 'omnicascade/schedulers/pg-boss'
import { migrate, type PostgresClient, type PostgresPool, postgres } from 'omnicascade/stores/postgres'
import { PgBoss } from 'pg-boss'
import { afterAll, describe, expect, test } from 'vitest'
import { inTransaction } from '../../src/stores/postgres/transaction.ts'
import { postgresWorld } from '../support/postgres.ts'
import { atOnce, cutting, next, recording, recordOf } from './postgres/support.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('the writer', async () => {
  if (world === null) return
  const { schema } = world
  const pool = world.pool()
  await migrate({ pool, schema })
  const plain = postgres({ pool, schema, notify: false })

  describe('on a pool of one connection', async () => {
    const only = world.pool({ max: 1 })
    const db = {
      async executeSql(text: string, values?: unknown[]) {
        return only.query(text, values)
      },
    }
    const boss = new PgBoss({ db, schema: `${schema}_boss`, supervise: false, schedule: false })
    boss.on('error', () => {})
    await boss.start()
    afterAll(async () => {
      await boss.stop({ graceful: false })
      await pool.query(`drop schema "${schema}_boss" cascade`)
    })

    test('which the boss shares: inserts, updates and reads at once wait for nobody, also while the queue is gone', async () => {
      const queue = `q-${randomBytes(6).toString('hex')}`
      const store = postgres({ pool: only, schema })
      store.enlist!(pgBoss({ boss: boss as Boss, queue }))
      const records = (tag: string) => Array.from({ length: 50 }, (_, index) => recordOf(`one-${tag}${index}`))
      const write = (tag: string) =>
        Promise.all(
          records(tag).map(async (record) => {
            await store.insert(record)
            await store.get(record.id)
            return store.update(next(record, { dueAt: 1 }), 0)
          }),
        )
      expect(await write('a')).toEqual(Array(50).fill(true))
      await boss.deleteQueue(queue)
      expect(await write('b')).toEqual(Array(50).fill(true))
      await store.close!()
    })
  })

  test('of a row knows its own write again after a hundred of others, and the row does not grow with them', async () => {
    const record = recordOf('remembers', { dueAt: 5 })
    await plain.insert(record)
    const others = async (from: number, to: number) => {
      for (let version = from; version < to; version++) await plain.update({ ...record, version }, version - 1)
    }
    let cuts = 0
    const lossy = cutting(pool, world.pool(), (text) => (text.startsWith('with newer') && cuts++ === 0 ? 'after' : undefined))
    const setTimer = (_: number, run: () => void) => {
      void others(2, 102).then(run)
      return () => {}
    }
    const store = postgres({ pool: lossy, schema, clock: { ...atOnce, setTimer }, notify: false })
    expect(await store.update(next(record), 0)).toBe(true)
    expect((await plain.get(record.id))?.version).toBe(101)
    await others(102, 302)
    const { rows } = await pool.query(`select length(written_by) as length from "${schema}".notifications where id = 'remembers'`)
    expect(rows[0].length).toBeLessThan(1600)
  })

  test('says so where new records vanish as they are written', async () => {
    const tables = { notifications: 'sw_n', attemptKeys: 'sw_k', parkedReceipts: 'sw_r', migrations: 'sw_m' }
    await migrate({ pool, schema, tables })
    await pool.query(`create function "${schema}".swallow() returns trigger language plpgsql as 'begin return null; end';
      create trigger swallow before insert on "${schema}".sw_n for each row when (new.id like 'gone%') execute function "${schema}".swallow()`)
    const store = postgres({ pool, schema, tables, notify: false })
    const [kept, gone, keyed] = await Promise.allSettled([
      Promise.resolve(store.insert(recordOf('kept'))),
      Promise.resolve(store.insert(recordOf('gone'))),
      Promise.resolve(store.insert(recordOf('gone-too', { idempotencyKey: 'k' }))),
    ])
    expect(kept).toMatchObject({ value: { created: true } })
    for (const outcome of [gone, keyed])
      expect(outcome).toMatchObject({
        reason: { name: 'StoreError', fault: 'refused', message: expect.stringMatching(/triggers/) },
      })
  })

  test('takes a transaction only where a wake-up is to be written', async () => {
    const recorded = recording(world.pool())
    const told: string[] = []
    const scheduler: Scheduler = {
      wakeAt() {},
      start() {},
      stop() {},
      async wakeWithin(_, wakeUps) {
        told.push(...wakeUps.map(({ id }) => id))
        return () => {}
      },
    }
    const store = postgres({ pool: recorded.pool, schema, notify: false })
    store.enlist!(scheduler)
    const record = recordOf('leased', { keys: [] })
    const steps = record.steps.map((step) => ({ ...step, state: 'sending' as const, dueAt: record.dueAt }))
    await store.insert({ ...record, steps })
    recorded.statements.length = 0
    await store.update(next({ ...record, steps }), 0)
    await store.update({ ...record, version: 2, settledAt: 1, dueAt: null }, 1)
    expect(recorded.statements.map(({ text }) => text.slice(0, 10))).toEqual(['with newer', 'with newer'])
    expect(told).toEqual([])
    await store.insert(recordOf('woken'))
    expect(told).toEqual(['woken'])
  })
})

test.each(['error', 'end'])(
  'a transaction whose client says %s is over, though whoever writes along waits for something else',
  async (event) => {
    const client = new EventEmitter()
    const released: unknown[] = []
    const query = async () => ({ rows: [] })
    const lent = Object.assign(client, {
      query,
      release: (broken: unknown) => released.push(broken),
    }) as unknown as PostgresClient
    const pool = { query, connect: async () => lent } as PostgresPool
    const running = inTransaction(pool, () => {
      client.emit(event)
      return new Promise<never>(() => {})
    })
    await expect(running).rejects.toThrow('Connection terminated')
    expect(released).toEqual([true])
    expect(client.eventNames()).toEqual([])
  },
)
