import { DatabaseSync, StatementSync } from 'node:sqlite'
import { createNotifier, OmnicascadeError } from 'omnicascade'
import { sqlite } from 'omnicascade/stores/sqlite'
import { accept, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test, vi } from 'vitest'
import { next, sampleReceipt, sampleRecord, settled, start } from '../../src/testing/store-contract/samples.ts'
import { commitsOf, connectionsOf, errorOf, failOnce, freshFile, opened, sqliteError, stranger } from './sqlite/support.ts'

const many = <T>(count: number, call: (index: number) => T) => Promise.all(Array.from({ length: count }, (_, i) => call(i)))

describe('group commit', () => {
  test('writers of one moment share a transaction, of every kind', async () => {
    const store = opened()
    await store.insert(sampleRecord('n0'))
    const commits = await commitsOf(() =>
      Promise.all([
        many(60, (i) => store.insert(sampleRecord(`m${i}`))),
        store.update(next(sampleRecord('n0')), 0),
        store.parkReceipt(sampleReceipt(['a']), start, start + 1000),
        store.dropParked(sampleReceipt(['b'])),
        store.prune(start, start, 10),
      ]),
    )
    expect(commits).toBe(1)
    expect(await store.get('n0')).toMatchObject({ version: 1 })
    expect(await store.get('m59')).toBeDefined()
  })

  test('a writer by itself is committed without a timer', async () => {
    const clock = virtualClock()
    const store = opened({ path: freshFile(), clock })
    expect(await commitsOf(async () => store.insert(sampleRecord('n1')))).toBe(1)
    expect(clock.timers).toBe(0)
  })

  test('a transaction holds at most 512 writes, or 4 million characters, and the event loop turns between two', async () => {
    const store = opened()
    const turns = vi.fn()
    const inserted = many(1025, (i) => store.insert(sampleRecord(`n${i}`)))
    setImmediate(turns)
    expect(await commitsOf(() => inserted)).toBe(3)
    expect(turns).toHaveBeenCalled()
    const long = { content: { sms: { text: 'x'.repeat(1_500_000) } } }
    expect(await commitsOf(() => many(4, (i) => store.insert(sampleRecord(`long${i}`, { message: long }))))).toBe(2)
    const longer = { content: { sms: { text: 'x'.repeat(5_000_000) } } }
    expect(await commitsOf(async () => store.insert(sampleRecord('longer', { message: longer })))).toBe(1)
  })

  test('an id that is taken fails by itself', async () => {
    const store = opened()
    const results = await Promise.allSettled(['n1', 'n2', 'n1', 'n3'].map((id) => store.insert(sampleRecord(id))))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(results[2]).toMatchObject({ reason: { code: 'duplicate-id' } })
    expect(await store.get('n3')).toBeDefined()
  })

  test('a record that SQLite refuses fails by itself, keys and all, and the order of the others stands', async () => {
    const store = opened()
    const bad = { ...sampleRecord('bad', { keys: ['m-bad'] }), version: 0.5 }
    const record = sampleRecord('n1')
    const results = await Promise.allSettled([
      store.insert(record),
      store.update(next(record), 0),
      store.insert(bad),
      store.update(next(next(record)), 1),
      store.insert(sampleRecord('n2')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(results[2]).toMatchObject({ reason: { fault: 'refused', engineCode: 'SQLITE_CONSTRAINT' } })
    expect(await store.get('n1')).toMatchObject({ version: 2 })
    expect(await store.findByKey('twin', 'm-bad', 10)).toEqual([])
  })

  test('a COMMIT that fails fails them all and stores none; the next one is not touched by it', async () => {
    const store = opened()
    failOnce('commit', sqliteError(13))
    const results = await Promise.allSettled(['n1', 'n2'].map((id) => store.insert(sampleRecord(id))))
    expect(results).toMatchObject([{ reason: { fault: 'full' } }, { reason: { fault: 'full' } }])
    expect([await store.get('n1'), await store.get('n2')]).toEqual([undefined, undefined])
    expect(await store.insert(sampleRecord('n1'))).toMatchObject({ created: true })
  })

  test('a transaction that could not even be rolled back does not stand in the way for good, and stores nothing', async () => {
    const store = opened()
    failOnce('commit', sqliteError(13))
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementationOnce(() => {
      throw sqliteError(10)
    })
    expect(await errorOf(() => store.insert(sampleRecord('n1')))).toMatchObject({ fault: 'full' })
    expect(await errorOf(() => store.insert(sampleRecord('n2')))).toMatchObject({ fault: 'refused' })
    expect(await store.insert(sampleRecord('n3'))).toMatchObject({ created: true })
    expect([await store.get('n1'), await store.get('n2')]).toEqual([undefined, undefined])
  })

  test('after a disk that failed at COMMIT nobody knows, and the error says so', async () => {
    const store = opened()
    failOnce('commit', sqliteError(1034))
    const error = await errorOf(() => store.insert(sampleRecord('n1')))
    expect(error).toMatchObject({ fault: 'unavailable', engineCode: 'SQLITE_IOERR' })
    expect(error.message).toMatch(/whether it is stored is not known.*same idempotencyKey is safe/)
  })
})

describe('group read', () => {
  const looks = async (act: () => Promise<unknown>) => {
    const spy = vi.spyOn(StatementSync.prototype, 'run')
    await act()
    const run = spy.mock.contexts.map((statement) => (statement as StatementSync).sourceSQL)
    spy.mockRestore()
    return run
  }

  test('readers of one moment share a look at the file, of every kind; one by itself needs none', async () => {
    const store = opened()
    await many(3, (i) => store.insert(sampleRecord(`n${i}`, { keys: [`m${i}`] })))
    const shared = await looks(async () => {
      const [records, found, parked, due] = await Promise.all([
        many(3, (i) => store.get(`n${i}`)),
        store.findByKey('twin', 'm1', 10),
        store.findParked('twin', ['m1'], start),
        store.due(Number.MAX_SAFE_INTEGER, 10),
      ])
      expect(records.map((record) => record?.id)).toEqual(['n0', 'n1', 'n2'])
      expect([found.length, parked.length, due.length]).toEqual([1, 0, 3])
    })
    expect(shared).toEqual(['begin', 'end'])
    expect(await looks(async () => store.get('n1'))).toEqual([])
  })

  test('sees what others wrote since the last one', async () => {
    const path = freshFile()
    const [one, other] = [opened(path), opened(path)]
    const both = () => many(2, (i) => one.get(`n${i}`))
    expect(await both()).toEqual([undefined, undefined])
    await other.insert(sampleRecord('n1'))
    expect(await both()).toMatchObject([undefined, { id: 'n1' }])
  })

  test('one that finds the file locked is tried again, and does not keep the others waiting', async () => {
    const clock = virtualClock()
    const store = opened({ path: freshFile(), clock, lockTimeout: '1s' })
    await many(3, (i) => store.insert(sampleRecord(`n${i}`)))
    const get = StatementSync.prototype.get
    let tries = 0
    const spy = vi.spyOn(StatementSync.prototype, 'get').mockImplementation(function (this: StatementSync, ...given) {
      if (String(given[0]) === 'n1' && tries++ < 3) throw sqliteError(261)
      return Reflect.apply(get, this, given)
    })
    const [first, second, third] = [0, 1, 2].map((i) => store.get(`n${i}`))
    expect([await first, await third]).toMatchObject([{ id: 'n0' }, { id: 'n2' }])
    await clock.advance('0.5s')
    expect(await second).toMatchObject({ id: 'n1' })
    spy.mockRestore()
  })

  test.each(['begin', 'end'])('a look at the file whose %s fails costs nobody an answer, and holds up no write', async (sql) => {
    const store = opened()
    await store.insert(sampleRecord('n1'))
    failOnce(sql, sqliteError(10))
    expect(await many(2, () => store.get('n1'))).toMatchObject([{ id: 'n1' }, { id: 'n1' }])
    expect(await store.update(next(sampleRecord('n1')), 0)).toBe(true)
  })

  test('what was asked for before the store was closed is answered, nothing later', async () => {
    const store = opened()
    await store.insert(sampleRecord('n1'))
    const asked = many(2, () => store.get('n1'))
    const closed = store.close?.()
    const late = errorOf(() => store.get('n1'))
    expect(await asked).toMatchObject([{ id: 'n1' }, { id: 'n1' }])
    expect(await late).toMatchObject({ fault: 'refused', message: expect.stringContaining('the store is closed') })
    await closed
  })
})

describe('the file', () => {
  test('is written ahead, and synced at every COMMIT unless told otherwise', () => {
    const settings = (synchronous?: 'normal') => {
      const path = freshFile()
      const { db } = connectionsOf(() => opened({ path, ...(synchronous && { synchronous }) }))
      return {
        ...db.prepare('pragma synchronous').get(),
        ...db.prepare('pragma journal_mode').get(),
        ...db.prepare('pragma journal_size_limit').get(),
      }
    }
    expect(settings()).toEqual({ synchronous: 2, journal_mode: 'wal', journal_size_limit: 64 * 1024 * 1024 })
    expect(settings('normal')).toEqual({ synchronous: 1, journal_mode: 'wal', journal_size_limit: 64 * 1024 * 1024 })
  })

  test('finds everything by an index', () => {
    const { db } = connectionsOf(() => opened())
    const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')
    opened()
    const statements = prepared.mock.calls
      .map(([sql]) => sql)
      .filter((sql) => /^(select|update|delete)/.test(sql) && !sql.includes('sqlite_schema'))
    prepared.mockRestore()
    const scans = statements.filter((sql) =>
      db
        .prepare(`explain query plan ${sql}`)
        .all()
        .some(({ detail }) => /^SCAN|TEMP B-TREE/.test(String(detail))),
    )
    expect(statements.length).toBeGreaterThan(10)
    // Only for what is damaged, whose keys nobody knows.
    expect(scans.sort()).toEqual(['delete from attempt_keys where notification = ?', 'delete from parked_keys where receipt = ?'])
  })

  test('forgets the keys of what it forgets, also where a record is damaged', async () => {
    const path = freshFile()
    const store = opened(path)
    const db = stranger(path)
    for (const id of ['n1', 'n2', 'n3']) await store.insert(settled(sampleRecord(id, { keys: [`m-${id}`, 'same'] }), start))
    await store.parkReceipt(sampleReceipt(['a', 'b']), start, start + 10)
    await store.parkReceipt(sampleReceipt(['a', 'c']), start, start + 90)
    await store.parkReceipt(sampleReceipt(['d']), start, start + 10)
    db.exec("update notifications set record = '{' where id = 'n1'")
    db.exec("update parked_receipts set receipt = '{}' where seq = 3")
    expect(await store.prune(start + 1, start + 10, 2)).toBe(2)
    const left = db.prepare('select key from attempt_keys order by key').all()
    expect(left.map(({ key }) => key)).toEqual(['m-n3', 'same'])
    expect(
      db
        .prepare('select key from parked_keys order by key')
        .all()
        .map(({ key }) => key),
    ).toEqual(['a', 'c'])
  })

  test('forgets many in several transactions, between which others write', async () => {
    const store = opened()
    const ids = Array.from({ length: 1200 }, (_, i) => `n${i}`)
    await Promise.all(ids.map((id) => store.insert(settled(sampleRecord(id), start))))
    const order: string[] = []
    const pruned = Promise.resolve(store.prune(start + 1, start, 1100)).then((count) => order.push(`pruned ${count}`))
    await new Promise(setImmediate)
    const inserted = Promise.resolve(store.insert(sampleRecord('new'))).then(() => order.push('inserted'))
    await Promise.all([pruned, inserted])
    expect(order).toEqual(['inserted', 'pruned 1100'])
    expect(await store.prune(start + 1, start, 1100)).toBe(100)
  })

  test('keeps the newest inserted first also after the newest was forgotten', async () => {
    const store = opened()
    await store.insert(sampleRecord('n1', { keys: ['k'] }))
    await store.insert(settled(sampleRecord('n2', { keys: ['k'] }), start))
    await store.prune(start + 1, start, 10)
    await store.insert(sampleRecord('n3', { keys: ['k'] }))
    expect((await store.findByKey('twin', 'k', 10)).map(({ id }) => id)).toEqual(['n3', 'n1'])
  })

  test('may be no file at all, for a test', async () => {
    const store = opened(':memory:')
    await store.insert(sampleRecord('n1'))
    expect(await store.get('n1')).toEqual(sampleRecord('n1'))
  })
})

describe('closing', () => {
  test('writes what was asked for before, and refuses what comes after, with a typed error', async () => {
    const path = freshFile()
    const store = sqlite(path)
    const inserted = many(600, (i) => store.insert(sampleRecord(`n${i}`)))
    const closed = store.close?.()
    const late = await errorOf(() => store.insert(sampleRecord('late')))
    await Promise.all([inserted, closed])
    expect(late).toMatchObject({ fault: 'refused', message: expect.stringContaining('closed') })
    for (const call of [() => store.get('n1'), () => store.due(0, 1), () => store.prune(0, 0, 1), () => store.watch?.(() => {})])
      expect(await errorOf(call)).toMatchObject({ fault: 'refused' })
    await store.close?.()
    expect(await opened(path).get('n599')).toEqual(sampleRecord('n599'))
  })
})

describe('watching', () => {
  test('hears of others, not of itself, and looks no more once nobody wants to know', async () => {
    const path = freshFile()
    const clock = virtualClock()
    const store = opened({ path, clock, pollEvery: '1s' })
    const other = opened(path)
    const heard = vi.fn()
    const heardToo = vi.fn()
    const stop = await store.watch?.(heard)
    const stopToo = await store.watch?.(heardToo)
    await store.insert(sampleRecord('n1'))
    await clock.advance('3s')
    expect(heard).not.toHaveBeenCalled()
    await other.insert(sampleRecord('n2'))
    await other.insert(sampleRecord('n3'))
    await clock.advance('0.9s')
    expect(heard).not.toHaveBeenCalled()
    await clock.advance('2s')
    expect(heard.mock.calls).toEqual([[null]])
    await stop?.()
    await other.insert(sampleRecord('n4'))
    await clock.advance('1s')
    expect([heard.mock.calls.length, heardToo.mock.calls.length]).toEqual([1, 2])
    await stopToo?.()
    expect(clock.timers).toBe(0)
  })

  test('ends with the store', async () => {
    const clock = virtualClock()
    const store = sqlite({ path: freshFile(), clock })
    await store.watch?.(() => {})
    await store.close?.()
    expect(clock.timers).toBe(0)
  })
})

describe('options', () => {
  test('are checked, and none is repeated', () => {
    const given = { path: '', synchronous: 'off', lockTimeout: '5 s', pollEvery: 0, clock: {} } as never
    expect(() => sqlite(given)).toThrow(
      /^sqlite: path: .*; synchronous: must be 'full' or 'normal'; lockTimeout: must be a duration.*; pollEvery: .*; clock: must have/,
    )
    expect(() => sqlite(undefined as never)).toThrow(OmnicascadeError)
    expect(() => sqlite({ path: 'a', timeout: 1 } as never)).toThrow('sqlite: timeout: is no option: there is path,')
    expect(() => sqlite('a', { synchronous: 'normal' } as never)).toThrow('sqlite: options: must stand in the first argument')
  })
})

describe('a notifier on it', () => {
  test('goes on in a second process where the first ended', async () => {
    const path = freshFile()
    const clock = virtualClock(start)
    const sms = () => scriptedProvider({ channels: ['sms'], receipts: 'full', replies: [accept({ messageId: 'm1' })] })
    const first = createNotifier({ providers: [sms()], store: sqlite(path), clock })
    const { id } = await first.send({ to: { phone: '+420777123456' }, content: { sms: { text: 'Hi' } }, cascade: ['sms'] })
    await clock.advance(0)
    await first.close()
    const second = createNotifier({ providers: [sms()], store: opened(path), clock })
    const report = await second.ingest([{ provider: 'sms', keys: ['m1'], status: 'delivered', at: start }])
    expect(report).toMatchObject({ applied: 1 })
    expect(await second.settled(id)).toMatchObject({ status: 'delivered', by: 'sms' })
    await second.close()
  })
})
