import { migrate, migrationSql, type PostgresPool, postgres } from 'omnicascade/stores/postgres'
import { describe, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { atOnce, next, recording, recordOf } from './postgres/support.ts'

const world = await postgresWorld()
const caught = (work: unknown) => Promise.resolve(work).catch((error: unknown) => error)

describe.skipIf(world === null)('tables', async () => {
  if (world === null) return
  const { schema } = world
  const pool = world.pool()
  const tables = (tag: string) => ({
    notifications: `${tag}-n`,
    attemptKeys: `${tag}_k`,
    parkedReceipts: `${tag}$r`,
    migrations: `${tag}_m`,
  })

  test('that are missing are said to be, and migrate() makes them, in several processes at once and again', async () => {
    const place = { pool, schema, tables: tables('one') }
    const store = postgres(place)
    const error = await caught(store.nextDueAt())
    expect(error).toMatchObject({ name: 'StoreError', fault: 'schema' })
    expect(String(error)).toMatch(/run migrate\(\)/)
    await Promise.all(Array.from({ length: 4 }, () => migrate(place)))
    await migrate(place)
    expect(await store.nextDueAt()).toBe(null)
  })

  test('can be made by the SQL of migrationSql, again and again', async () => {
    const place = { schema, tables: tables('two') }
    await pool.query(`begin; ${migrationSql(place)} commit`)
    await pool.query(`begin; ${migrationSql(place)} commit`)
    await migrate({ pool, ...place })
    const { rows } = await pool.query(`select version from "${schema}"."two_m"`)
    expect(rows).toEqual([{ version: 1 }])
    expect(await postgres({ pool, ...place }).insert(recordOf('n1'))).toMatchObject({ created: true })
  })

  test('of a newer version are refused, by the store and by migrate()', async () => {
    const place = { pool, schema, tables: tables('three') }
    await migrate(place)
    await pool.query(`insert into "${schema}"."three_m" (tables, version) values ('three-n', 2)`)
    for (const use of [() => postgres(place).get('n1'), () => migrate(place)]) {
      const error = await caught(use())
      expect(error).toMatchObject({ fault: 'schema' })
      expect(String(error)).toMatch(/upgrade omnicascade/)
    }
  })

  test('may be several sets in one schema, each with its own version, though they share the table of migrations', async () => {
    const { migrations: _, ...own } = tables('five')
    const one = { pool, schema, tables: own }
    const { migrations: __, ...others } = tables('six')
    const other = { pool, schema, tables: others }
    await migrate(one)
    expect(await caught(postgres(other).nextDueAt())).toMatchObject({ fault: 'schema' })
    await migrate(other)
    expect(await postgres(other).insert(recordOf('n1'))).toMatchObject({ created: true })
    expect(await postgres(one).get('n1')).toBeUndefined()
  })

  test('may be made by one user and used by another, who may create nothing', async () => {
    const place = { schema, tables: tables('four') }
    const role = `${schema}_app`
    await migrate({ pool, ...place })
    await pool.query(`create role ${role}; grant usage on schema "${schema}" to ${role};
      grant select, insert, update, delete on all tables in schema "${schema}" to ${role}`)
    try {
      const app = world.pool({ options: `-c role=${role}` })
      await migrate({ pool: app, ...place })
      const store = postgres({ pool: app, ...place, notify: false })
      expect(await store.insert(recordOf('n1', { keys: ['m1'] }))).toMatchObject({ created: true })
      expect(await store.update(next(recordOf('n1')), 0)).toBe(true)
      expect(await store.prune(1, 1, 10)).toBe(0)
    } finally {
      await pool.query(`drop owned by ${role}; drop role ${role}`)
    }
  })

  test.each([
    [{ schema: 'a"; drop table x' }, /schema: must be a name/],
    [{ tables: { notifications: 'x'.repeat(41) } }, /tables\.notifications: must be a name/],
    [{ tables: { notifications: 'parked_receipts' } }, /tables: must have names that differ/],
  ])('may not be called %j', (place, words) => {
    expect(() => postgres({ pool, ...place })).toThrow(words)
    expect(() => migrationSql(place)).toThrow(words)
  })

  test('options are checked', () => {
    const options = { pool: {}, notify: 1, retryFor: 'soon' } as unknown as Parameters<typeof postgres>[0]
    expect(() => postgres(options)).toThrow(/pool: must be a Pool of pg; retryFor: .*; notify: must be true or false/)
    expect(() => postgres({ pool, shcema: 'x' } as never)).toThrow(/shcema: is no option/)
    expect(() => migrationSql({ shcema: 'x' } as never)).toThrow(/migrationSql: shcema: is no option/)
    expect(() => postgres({ pool, tables: { parked: 'x' } } as never)).toThrow(/tables: parked: is no option/)
  })
})

describe.skipIf(world === null)('the app has its own ways', async () => {
  if (world === null) return
  const { schema } = world
  const admin = world.pool()
  await migrate({ pool: admin, schema })

  test('type parsers that make something else of numbers and arrays change nothing', async () => {
    const types = { getTypeParser: (oid: number) => (text: string) => (oid === 25 ? text : { odd: text }) }
    const store = postgres({ pool: world.pool({ types }), schema, notify: false })
    const record = recordOf('parsers', { keys: ['m1'], dueAt: 1 })
    const receipt = { provider: 'twin', keys: ['m1'], status: 'sent', at: 1 } as const
    await store.insert(record)
    expect(await store.update(next(record), 0)).toBe(true)
    expect(await store.findByKey('twin', 'm1', 1)).toEqual([next(record)])
    expect([await store.due(1, 1), await store.nextDueAt()]).toEqual([['parsers'], 1])
    await store.parkReceipt(receipt, 0, 10)
    expect(await store.findParked('twin', ['m1'], 0)).toEqual([receipt])
    expect(await store.prune(1, 10, 5)).toBe(1)
  })

  test.each([
    ['-c default_transaction_read_only=on', 'readonly', '25006'],
    ['-c lock_timeout=20ms', 'locked', '55P03'],
    ['-c statement_timeout=20ms', 'locked', '57014'],
  ])('%s: %s', async (options, fault, engineCode) => {
    const record = recordOf(`busy${fault}${engineCode}`)
    const plain = postgres({ pool: admin, schema, notify: false })
    await plain.insert(record)
    const store = postgres({ pool: world.pool({ options }), schema, notify: false })
    const blocker = await admin.connect()
    await blocker.query('begin')
    await blocker.query(`select 1 from "${schema}".notifications where id = $1 for update`, [record.id])
    expect(await caught(store.update(next(record), 0))).toMatchObject({ name: 'StoreError', fault, engineCode })
    await blocker.query('rollback')
    blocker.release()
    expect((await plain.get(record.id))?.version).toBe(0)
  })

  test('a constraint that refuses one record fails that one alone, and the error quotes nothing of it', async () => {
    const place = {
      pool: world.pool(),
      schema,
      tables: { notifications: 'c_n', attemptKeys: 'c_k', parkedReceipts: 'c_r', migrations: 'c_m' },
    }
    await migrate(place)
    await admin.query(`alter table "${schema}".c_n add constraint no_bad check (record not like '%777123456%' or id <> 'bad')`)
    const store = postgres({ ...place, notify: false })
    const ids = ['a', 'bad', 'c']
    const outcomes = await Promise.all(ids.map((id) => caught(store.insert(recordOf(id)))))
    expect(outcomes).toMatchObject([
      { created: true },
      { name: 'StoreError', fault: 'refused', engineCode: '23514' },
      { created: true },
    ])
    const error = outcomes[1] as Error
    expect(`${error.stack}${JSON.stringify(error)}${error.cause}`).not.toMatch(/777123456|no_bad|c_n/)
    expect(await store.get('bad')).toBe(undefined)
  })

  test('a record that is damaged is said to be, and does not fail the reads beside it', async () => {
    const store = postgres({ pool: world.pool(), schema, notify: false })
    await store.insert(recordOf('whole'))
    await store.insert(recordOf('torn'))
    await admin.query(`update "${schema}".notifications set record = left(record, 20) where id = 'torn'`)
    const [whole, torn] = await Promise.all([store.get('whole'), caught(store.get('torn'))])
    expect(whole).toEqual(recordOf('whole'))
    expect(torn).toMatchObject({ fault: 'corrupt' })
  })

  test.each([
    ['53100', 'full'],
    ['53200', 'full'],
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    ['42P01', 'schema'],
    ['3F000', 'schema'],
    ['XX001', 'corrupt'],
    ['XX002', 'corrupt'],
    ['08006', 'unavailable'],
    ['57P01', 'unavailable'],
    ['57P03', 'unavailable'],
    ['ECONNRESET', 'unavailable'],
    ['EPIPE', 'unavailable'],
    ['42501', 'refused'],
  ])('the code %s becomes %s', async (code, fault) => {
    const words = 'Key (id)=(secret +420777123456) at postgres://user:pass@host'
    const pool: PostgresPool = {
      query: async (text, values) => {
        if (text.startsWith('with inserted')) throw Object.assign(new Error(words), { code, detail: words })
        return admin.query(text, values)
      },
      connect: () => admin.connect(),
    }
    const store = postgres({ pool, schema, clock: atOnce, notify: false, retryFor: 100 })
    const error = await caught(store.insert(recordOf(`code${code}`)))
    expect(error).toMatchObject({ name: 'StoreError', engine: 'postgres', fault, engineCode: code })
    expect(`${(error as Error).stack}${JSON.stringify(error)}${(error as Error).cause}`).not.toMatch(/777123456|secret|pass@/)
  })

  test('a pool that the app has ended fails at once', async () => {
    const pool = world.pool()
    const store = postgres({ pool, schema, notify: false })
    await store.nextDueAt()
    await pool.end()
    expect(String(await caught(store.get('n1')))).toMatch(/close the notifier first/)
  })

  test('a closed store takes nothing more, and leaves the pool open', async () => {
    const pool = world.pool()
    const store = postgres({ pool, schema })
    const last = store.insert(recordOf('last'))
    await store.close?.()
    expect(await last).toMatchObject({ created: true })
    expect(await caught(store.get('last'))).toMatchObject({ name: 'StoreError' })
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})

describe.skipIf(world === null)('with many rows', async () => {
  if (world === null) return
  const { schema } = world
  const admin = world.pool()
  const tables = { notifications: 'many_n', attemptKeys: 'many_k', parkedReceipts: 'many_r', migrations: 'many_m' }
  const place = { schema, tables }
  await migrate({ pool: admin, ...place })
  await admin.query(`
    insert into "${schema}".many_n (id, version, due_at, settled_at, idempotency_key, inserted_by, written_by, record)
    select 'n' || n, 0, case when n % 2 = 0 then n end, case when n % 2 = 1 then n end, 'i' || n, '', '', '{"steps":[]}' from generate_series(1, 20000) n;
    insert into "${schema}".many_k (provider, key, seq, id) select 'twin', 'k' || n, n, 'n' || n from generate_series(1, 20000) n;
    insert into "${schema}".many_r (hash, provider, keys, receipt, expires_at) select 'h' || n, 'twin', array['k' || n], '{}', n from generate_series(1, 20000) n;
    analyze "${schema}".many_n, "${schema}".many_k, "${schema}".many_r`)

  test('every statement finds its rows by an index', async () => {
    const { pool, statements } = recording(world.pool())
    const store = postgres({ pool, ...place, notify: false })
    await store.nextDueAt()
    statements.length = 0
    const receipt = { provider: 'twin', keys: ['k7'], status: 'sent', at: 1 } as const
    await Promise.all([store.get('n4'), store.get('n8'), store.findByKey('twin', 'k4', 5), store.findByKey('twin', 'k8', 5)])
    await Promise.all([store.due(50, 10), store.nextDueAt(), store.prune(20, 20, 5), store.findParked('twin', ['k900'], 5)])
    await store.insert(recordOf('new', { idempotencyKey: 'i4' }))
    await store.update({ ...recordOf('n4', { keys: ['m1'] }), version: 1 }, 0)
    await store.parkReceipt(receipt, 0, 10)
    await store.dropParked(receipt)
    expect(statements.length).toBeGreaterThanOrEqual(11)
    for (const { text, values } of statements) {
      const { rows } = await admin.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values)
      const steps = rows.map((row) => row['QUERY PLAN'])
      expect(steps.filter((step) => /Seq Scan/.test(step))).toEqual([])
    }
  })
})
