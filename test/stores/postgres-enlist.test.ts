import type { Scheduler, SqlTransaction, WakeUp } from 'omnicascade'
import { migrate, postgres } from 'omnicascade/stores/postgres'
import { describe, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { next, recordOf } from './postgres/support.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('a scheduler in the same database', async () => {
  if (world === null) return
  const { schema } = world
  const pool = world.pool()
  await migrate({ pool, schema })
  await pool.query(`create table "${schema}".wakes (id text primary key, at bigint)`)
  const wakes = async () => (await pool.query(`select id from "${schema}".wakes order by id`)).rows.map(({ id }) => id)

  const scheduler = (wakeWithin: Scheduler['wakeWithin'] & object): Scheduler => ({
    wakeAt() {},
    start() {},
    stop() {},
    wakeWithin,
  })
  const write = (transaction: SqlTransaction, { id, time }: WakeUp) =>
    transaction.query(`insert into "${schema}".wakes values ($1, $2)`, [id, String(time)])
  const enlisted = (own: Scheduler, options = {}) => {
    const store = postgres({ pool: world.pool(options), schema, notify: false })
    expect(store.enlist?.(own)).toBe(true)
    return store
  }

  test('writes in a transaction of READ COMMITTED that the server ends if its process stands still', async () => {
    const seen: unknown[] = []
    const own = scheduler(async (transaction) => {
      const settings = ['transaction_isolation', 'idle_in_transaction_session_timeout']
      for (const name of settings) seen.push(...(await transaction.query(`select current_setting($1) as now`, [name])).rows)
      return () => {}
    })
    const store = enlisted(own, { options: '-c default_transaction_isolation=serializable' })
    await store.insert(recordOf('settings'))
    expect(seen).toEqual([{ now: 'read committed' }, { now: '15s' }])
    expect((await pool.query('show idle_in_transaction_session_timeout')).rows).toEqual([
      { idle_in_transaction_session_timeout: '0' },
    ])
  })

  test('throws: the whole batch is rolled back, with the wake-ups that were written, and each call is refused', async () => {
    const own = scheduler(async (transaction, wakeUps) => {
      for (const wakeUp of wakeUps) await write(transaction, wakeUp)
      throw new Error('postgres://user:secret@host is full')
    })
    const store = enlisted(own)
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => store.insert(recordOf(id))))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StoreError', fault: 'refused' } })
      expect(JSON.stringify(outcome) + String((outcome as PromiseRejectedResult).reason.stack)).not.toMatch(/secret/)
    }
    expect(await Promise.all(['a', 'b', 'c'].map((id) => store.get(id)))).toEqual([undefined, undefined, undefined])
    expect(await wakes()).toEqual([])
  })

  test('swallows an error of its own statement: COMMIT would be a rollback, so nothing is said to be stored', async () => {
    let confirmed = 0
    const own = scheduler(async (transaction) => {
      await transaction.query('select 1 / 0').catch(() => {})
      return () => confirmed++
    })
    const store = enlisted(own)
    await expect(store.insert(recordOf('swallowed'))).rejects.toMatchObject({ fault: 'refused', engineCode: '22012' })
    expect(await store.get('swallowed')).toBe(undefined)
    expect(confirmed).toBe(0)
  })

  test('refuses the wake-up of one record: only that one is not stored', async () => {
    const own = scheduler(async (transaction, wakeUps) => {
      for (const wakeUp of wakeUps) await write(transaction, wakeUp)
      return () => {}
    })
    const store = enlisted(own)
    await pool.query(`insert into "${schema}".wakes values ('m2', 0)`)
    const outcomes = await Promise.allSettled(['m1', 'm2', 'm3'].map((id) => store.insert(recordOf(id))))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { fault: 'refused', engineCode: '23505' } })
    expect(await wakes()).toEqual(['m1', 'm2', 'm3'])
    expect(await store.get('m2')).toBe(undefined)
  })

  test('throws once it is told of the commit: the record is stored, and the call says so', async () => {
    const own = scheduler(async () => () => {
      throw new Error('no')
    })
    const store = enlisted(own)
    expect(await store.insert(recordOf('told'))).toMatchObject({ created: true })
    expect(await store.update(next(recordOf('told')), 0)).toBe(true)
  })
})
