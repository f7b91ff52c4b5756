import { migrate, type PostgresPool, postgres } from 'omnicascade/stores/postgres'
import { describe, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { atOnce, next, recording, recordOf } from './postgres/support.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('several processes on one database', async () => {
  if (world === null) return
  const { schema } = world
  const pool = world.pool()
  await migrate({ pool, schema })
  let tests = 0
  const named = () => `t${tests++}`
  const process = (more = {}) => {
    const recorded = recording(world.pool(more))
    return { ...recorded, store: postgres({ pool: recorded.pool, schema, notify: false }) }
  }

  test.each([
    ['as it is set', {}],
    ['serializable', { options: '-c default_transaction_isolation=serializable' }],
    ['repeatable read', { options: '-c default_transaction_isolation=repeatable\\ read' }],
  ])(
    'race for the same records in opposite order, the default isolation being %s: one wins each, without a deadlock',
    async (_, options) => {
      const tag = named()
      const [one, other] = [process(options), process(options)]
      const ids = Array.from({ length: 40 }, (_, index) => `${tag}-${index}`)
      for (let round = 0; round < 15; round++) {
        const key = (id: string) => `${id}.${round}`
        const insert = async ({ store }: typeof one, by: string, order: readonly string[]) =>
          new Map(
            await Promise.all(
              order.map(
                async (id) => [id, await store.insert(recordOf(`${by}-${key(id)}`, { idempotencyKey: key(id) }))] as const,
              ),
            ),
          )
        const [mine, theirs] = await Promise.all([insert(one, 'x', ids), insert(other, 'y', ids.toReversed())])
        const records = ids.map((id) => {
          const [a, b] = [mine.get(id), theirs.get(id)]
          expect([a?.created, b?.created].filter(Boolean)).toHaveLength(1)
          expect(a?.record).toEqual(b?.record)
          return a?.record ?? recordOf('missing')
        })
        const update = async ({ store }: typeof one, order: typeof records, dueAt: number) =>
          new Map(
            await Promise.all(order.map(async (record) => [record.id, await store.update(next(record, { dueAt }), 0)] as const)),
          )
        const [won, lost] = await Promise.all([update(one, records, 1), update(other, records.toReversed(), 2)])
        for (const { id } of records) {
          expect([won.get(id), lost.get(id)].filter(Boolean)).toHaveLength(1)
          expect((await one.store.get(id))?.dueAt).toBe(won.get(id) ? 1 : 2)
        }
      }
      expect([...one.codes, ...other.codes]).toEqual([])
    },
  )

  test('prune at the same time: nothing is counted twice, and nothing is left', async () => {
    const [one, other] = [process(), process()]
    await pool.query(`delete from "${schema}".notifications`)
    const records = Array.from({ length: 300 }, (_, index) =>
      recordOf(`p${index}`, { settledAt: index, dueAt: null, keys: [`k${index}`], idempotencyKey: `p${index}` }),
    )
    await Promise.all(records.map((record) => one.store.insert(record)))
    let forgotten = 0
    while (forgotten < 300) {
      const counts = await Promise.all([one, other, one, other].map(({ store }) => store.prune(300, 0, 40)))
      for (const count of counts) forgotten += count
    }
    expect(forgotten).toBe(300)
    const { rows } = await pool.query(
      `select (select count(*) from "${schema}".notifications)::int as records, (select count(*) from "${schema}".attempt_keys where key like 'k%')::int as keys`,
    )
    expect(rows).toEqual([{ records: 0, keys: 0 }])
  })

  /** A store whose writes the server refuses for as long as `refuses` says so; `batch` is how many records go together. */
  function refusing(code: string, refuses: (batch: number, tries: number) => boolean) {
    let tries = 0
    const real = world?.pool() ?? pool
    const own: PostgresPool = {
      query(text, values) {
        const size = String(values?.[0]).split('\n').length
        if (!text.startsWith('with ') || !text.includes('written as') || !refuses(size, ++tries)) return real.query(text, values)
        return Promise.reject(Object.assign(new Error('refused'), { code }))
      },
      connect: () => real.connect(),
    }
    return { store: postgres({ pool: own, schema, clock: atOnce, notify: false }), tries: () => tries }
  }

  describe.each(['40P01', '40001'])('the server refuses to serialise (%s)', (code) => {
    const batch = () => Array.from({ length: 8 }, () => recordOf(named()))

    test('now and then: the batch is tried again', async () => {
      const { store, tries } = refusing(code, (_, tries) => tries < 4)
      const stored = await Promise.all(batch().map((record) => store.insert(record)))
      expect(stored.map(({ created }) => created)).toEqual(Array(8).fill(true))
      expect(tries()).toBe(4)
    })

    test('whatever has several records: they go one by one', async () => {
      const { store, tries } = refusing(code, (size) => size > 1)
      const stored = await Promise.all(batch().map((record) => store.insert(record)))
      expect(stored.map(({ created }) => created)).toEqual(Array(8).fill(true))
      expect(tries()).toBe(6 + 8)
    })

    test('always: it is a conflict, and nothing is stored', async () => {
      const { store } = refusing(code, () => true)
      const records = batch()
      const outcomes = await Promise.allSettled(records.map((record) => store.insert(record)))
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StoreError', fault: 'conflict', engineCode: code } })
      for (const { id } of records) expect(await store.get(id)).toBe(undefined)
    })
  })
})
