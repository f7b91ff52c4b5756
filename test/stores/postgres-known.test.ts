// What is known to be stored is never told otherwise, whatever happens to the look at the rest of its batch.

import { pgBoss } from 'omnicascade/schedulers/pg-boss'
import { migrate, type PostgresPool, postgres } from 'omnicascade/stores/postgres'
import { PgBoss } from 'pg-boss'
import { describe, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { atOnce, next, recordOf } from './postgres/support.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('a batch of which some are stored', async () => {
  if (world === null) return
  const { schema } = world
  const pool = world.pool()
  await migrate({ pool, schema })

  /** A pool whose look at who holds a key fails. */
  function blind(code: string, times: number) {
    let left = times
    const query: PostgresPool['query'] = async (text, values) => {
      if (/union all select id, idempotency_key/.test(text.replaceAll(/\s+/g, ' ')) && left-- > 0)
        throw Object.assign(new Error('gone'), { code })
      return pool.query(text, values)
    }
    return postgres({ pool: { query, connect: () => pool.connect() }, schema, notify: false, retryFor: 300, clock: atOnce })
  }

  test.each([
    ['ECONNREFUSED', Number.POSITIVE_INFINITY],
    ['57014', Number.POSITIVE_INFINITY],
    ['XX000', Number.POSITIVE_INFINITY],
    ['XX000', 1],
  ])('tells each of those so, though the look at the rest fails with %s (%d times)', async (code, times) => {
    const store = blind(code, times)
    const name = `${code}-${times}`
    await postgres({ pool, schema, notify: false }).insert(recordOf(`${name}-holder`, { idempotencyKey: name }))
    const old = recordOf(`${name}-old`)
    await store.insert(old)
    const fresh = Array.from({ length: 20 }, (_, index) => recordOf(`${name}-${index}`))
    const [taken, updated, ...inserted] = await Promise.allSettled([
      Promise.resolve(store.insert(recordOf(`${name}-taken`, { idempotencyKey: name }))),
      Promise.resolve(store.update(next(old), old.version)),
      ...fresh.map((record) => Promise.resolve(store.insert(record))),
    ])
    expect(updated).toMatchObject({ value: true })
    expect(inserted.map((outcome) => outcome.status === 'fulfilled' && outcome.value)).toEqual(
      fresh.map((record) => ({ record, created: true })),
    )
    if (times === 1) expect(taken).toMatchObject({ value: { created: false, record: { id: `${name}-holder` } } })
    else expect(taken.status).toBe('rejected')
  })

  test('a row that somebody else has locked fails by itself, not its whole batch', async () => {
    const impatient = world.pool({ options: '-c lock_timeout=200' })
    const store = postgres({ pool: impatient, schema, notify: false })
    const records = Array.from({ length: 30 }, (_, index) => recordOf(`locked-${index}`))
    await Promise.all(records.map((record) => store.insert(record)))
    const holder = await pool.connect()
    await holder.query('begin')
    await holder.query(`select from "${schema}".notifications where id = 'locked-7' for update`)
    const outcomes = await Promise.allSettled(records.map(async (record) => store.update(next(record), record.version)))
    await holder.query('rollback')
    holder.release()
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7])
    expect(outcomes[7]).toMatchObject({ reason: { code: 'store-locked' } })
  })

  test('keys of a thousand characters of any script are kept', async () => {
    const store = postgres({ pool, schema, notify: false })
    const long = Array.from({ length: 1000 }, (_, index) => String.fromCharCode(0x4e00 + ((index * 7919) % 20_000))).join('')
    await store.insert(recordOf('cjk', { idempotencyKey: long, keys: [long] }))
    expect((await store.findByKey('twin', long, 5)).map(({ id }) => id)).toEqual(['cjk'])
    await store.parkReceipt({ provider: 'twin', keys: [long], status: 'delivered', at: 1 }, 0, 10)
    expect(await store.findParked('twin', [long], 5)).toHaveLength(1)
  })

  test('closing while the pool has no connection to give ends at once', async () => {
    const small = world.pool({ max: 2 })
    const lent = [await small.connect(), await small.connect()]
    const store = postgres({ pool: small, schema })
    lent[0]?.release()
    await store.get('none')
    const again = await small.connect()
    const watching = store.watch?.(() => {})
    await store.close?.()
    await watching
    again.release()
    lent[1]?.release()
    // The connection that it was waiting for is let go as soon as it is had.
    await expect.poll(() => small.waitingCount).toBe(0)
    await small.query('select 1')
  })

  test('pg-boss may share a pool of two: nothing waits for a connection that its own transaction holds', async () => {
    const small = world.pool({ max: 2 })
    const executeSql = async (text: string, values?: unknown[]) => small.query(text, values)
    const boss = new PgBoss({ schema: `${schema}_boss`, supervise: false, schedule: false, db: { executeSql } })
    boss.on('error', () => {})
    await boss.start()
    const store = postgres({ pool: small, schema, notify: false })
    expect(store.enlist?.(pgBoss({ boss }))).toBe(true)
    const inserted = await Promise.all([1, 2, 3, 4].map(async (number) => store.insert(recordOf(`shared-${number}`))))
    expect(inserted.every(({ created }) => created)).toBe(true)
    const { rows } = await small.query(`select count(*)::int as count from "${schema}_boss".job`)
    expect(rows).toEqual([{ count: 4 }])
    await boss.stop({ graceful: false })
    await pool.query(`drop schema "${schema}_boss" cascade`)
  }, 20_000)
})
