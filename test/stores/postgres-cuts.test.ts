import type { Scheduler } from 'omnicascade'
import { migrate, type PostgresPool, postgres } from 'omnicascade/stores/postgres'
import { describe, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { atOnce, type Cut, cutting, next, recordOf } from './postgres/support.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('a connection is cut', async () => {
  if (world === null) return
  const { schema } = world
  const real = world.pool({ max: 10 })
  const killer = world.pool({ max: 2 })
  await migrate({ pool: real, schema })
  await real.query(`create table "${schema}".wakes (id text, at bigint)`)
  const notifications = `"${schema}".notifications`
  const isWrite = (text: string) => text.startsWith('with inserted') || text.startsWith('with newer')
  let tests = 0
  const named = () => `t${tests++}`

  /** A store whose first statements of a kind are cut. */
  function cutStore(isMeant: (text: string) => boolean, how: Cut, { times = 1, meanwhile = async () => {} } = {}) {
    let cuts = 0
    const pool = cutting(real, killer, async (text) => {
      if (!isMeant(text) || cuts >= times) return undefined
      cuts++
      return how
    })
    const setTimer = (_: number, run: () => void) => {
      void meanwhile().then(run)
      return () => {}
    }
    return { store: postgres({ pool, schema, clock: { ...atOnce, setTimer }, notify: false }), cuts: () => cuts }
  }

  test.each(['before', 'after'] as const)('%s the server has stored a batch: each call tells the truth', async (how) => {
    const tag = named()
    const plain = postgres({ pool: real, schema, notify: false })
    const old = Array.from({ length: 10 }, (_, index) => recordOf(`${tag}-old${index}`))
    for (const record of old) await plain.insert(record)
    await plain.insert(recordOf(`${tag}-first`, { idempotencyKey: `${tag}-key` }))
    const { store, cuts } = cutStore(isWrite, how)
    const inserts = Array.from({ length: 10 }, (_, index) => recordOf(`${tag}-new${index}`, { keys: [`${tag}-m${index}`] }))
    const [created, won, lost, taken, twice] = await Promise.all([
      Promise.all(inserts.map(async (record) => (await store.insert(record)).created)),
      Promise.all(old.slice(0, 5).map((record) => store.update(next(record, { dueAt: 7 }), 0))),
      Promise.all(old.slice(5).map((record) => store.update(next(record), 4))),
      store.insert(recordOf(`${tag}-second`, { idempotencyKey: `${tag}-key` })),
      Promise.resolve(store.insert(recordOf(`${tag}-first`))).catch((error: unknown) => error),
    ])
    expect(cuts()).toBe(1)
    expect(created).toEqual(Array(10).fill(true))
    expect(won).toEqual(Array(5).fill(true))
    expect(lost).toEqual(Array(5).fill(false))
    expect(taken).toMatchObject({ created: false, record: { id: `${tag}-first` } })
    expect(twice).toMatchObject({ code: 'duplicate-id' })
    for (const [index, record] of old.entries()) expect((await plain.get(record.id))?.version).toBe(index < 5 ? 1 : 0)
    for (const [index, record] of inserts.entries())
      expect(await plain.findByKey('twin', `${tag}-m${index}`, 5)).toEqual([record])
  })

  test('another process writes the row again before the retry: the update still knows that it had won', async () => {
    const record = recordOf(named(), { dueAt: 5 })
    const plain = postgres({ pool: real, schema, notify: false })
    await plain.insert(record)
    let writes = 0
    const { store } = cutStore(isWrite, 'after', {
      async meanwhile() {
        for (let version = 2; version < 5; version++) if (await plain.update({ ...record, version }, version - 1)) writes++
      },
    })
    expect(await store.update(next(record), 0)).toBe(true)
    expect(writes).toBe(3)
    expect((await plain.get(record.id))?.version).toBe(4)
  })

  test('another process writes a new row before the retry: the insert still knows that it was first', async () => {
    const record = recordOf(named(), { idempotencyKey: 'ours' })
    const plain = postgres({ pool: real, schema, notify: false })
    const { store } = cutStore(isWrite, 'after', { meanwhile: async () => void (await plain.update(next(record), 0)) })
    expect(await store.insert(record)).toEqual({ record, created: true })
    expect((await plain.get(record.id))?.version).toBe(1)
  })

  test.each([
    ['the write, before', isWrite, 'before'],
    ['the write, after', isWrite, 'after'],
    ['COMMIT, before', (text: string) => text === 'commit', 'before'],
    ['COMMIT, after', (text: string) => text === 'commit', 'after'],
  ] as const)(
    'with an enlisted scheduler, at %s: records and wake-ups are stored once, and confirmed',
    async (_, isMeant, how) => {
      const tag = named()
      const { store, cuts } = cutStore(isMeant, how)
      const confirmed: string[] = []
      const scheduler: Scheduler = {
        wakeAt() {},
        start() {},
        stop() {},
        async wakeWithin(transaction, wakeUps) {
          for (const { id, time } of wakeUps)
            await transaction.query(`insert into "${schema}".wakes values ($1, $2)`, [id, String(time)])
          return () => confirmed.push(...wakeUps.map(({ id }) => id))
        },
      }
      expect(store.enlist?.(scheduler)).toBe(true)
      const records = Array.from({ length: 5 }, (_, index) => recordOf(`${tag}-${index}`))
      const stored = await Promise.all(records.map((record) => store.insert(record)))
      expect(stored.map(({ created }) => created)).toEqual(Array(5).fill(true))
      expect(cuts()).toBe(1)
      const { rows } = await real.query(`select id from "${schema}".wakes where id like $1 order by id`, [`${tag}-%`])
      expect(rows.map(({ id }) => id)).toEqual(records.map(({ id }) => id))
      expect(confirmed.sort()).toEqual(records.map(({ id }) => id))
    },
  )

  test('the server ends a session that waits in the middle of a batch: the batch is stored, once', async () => {
    const tag = named()
    const name = `blocked-${tag}`
    const pool = world.pool({ application_name: name })
    const store = postgres({ pool, schema, clock: atOnce, notify: false })
    const records = ['a', 'b', 'c'].map((letter) => recordOf(`${tag}-${letter}`))
    for (const record of records) await store.insert(record)
    const blocker = await real.connect()
    await blocker.query('begin')
    await blocker.query(`select 1 from ${notifications} where id = $1 for update`, [`${tag}-b`])
    const won = Promise.all(records.map((record) => store.update(next(record), 0)))
    let killed = 0
    while (killed === 0) {
      const waiting = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'`
      killed = (await killer.query(waiting, [name])).rows.length
    }
    await blocker.query('commit')
    blocker.release()
    expect(await won).toEqual([true, true, true])
    for (const { id } of records) expect((await store.get(id))?.version).toBe(1)
  })

  test('a read is repeated', async () => {
    const record = recordOf(named())
    const { store, cuts } = cutStore((text) => text.startsWith('select id, record'), 'after')
    await store.insert(record)
    expect(await store.get(record.id)).toEqual(record)
    expect(cuts()).toBe(1)
  })

  test('the connection never comes back: whether it was stored is not known, and the error says so', async () => {
    const record = recordOf(named())
    const { store } = cutStore(isWrite, 'after', { times: Number.POSITIVE_INFINITY })
    await expect(store.insert(record)).rejects.toMatchObject({ name: 'StoreError', fault: 'unavailable' })
    await expect(store.insert(recordOf(named()))).rejects.toThrow(/not known: repeating it with the same idempotencyKey is safe/)
    // It was stored indeed.
    expect(await store.get(record.id)).toEqual(record)
  })

  test('the server cannot be reached at all: that is said, without an address', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })
    const fail = () => Promise.reject(refused)
    const pool: PostgresPool = { query: fail, connect: fail }
    const store = postgres({ pool, schema, clock: atOnce })
    const error: unknown = await Promise.resolve(store.insert(recordOf('n1'))).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ fault: 'unavailable', engineCode: 'ECONNREFUSED' })
    expect(String(error)).toMatch(/could not be reached/)
    expect(`${error}${(error as Error).cause}${JSON.stringify(error)}`).not.toMatch(/10\.1\.2\.3/)
  })
})
