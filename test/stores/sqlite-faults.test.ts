import { copyFileSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import type { NotificationStore } from 'omnicascade'
import { sqlite } from 'omnicascade/stores/sqlite'
import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test, vi } from 'vitest'
import { next, sampleReceipt, sampleRecord, settled, start } from '../../src/testing/store-contract/samples.ts'
import { connectionsOf, errorOf, failOnce, freshFile, opened, sqliteError, stranger } from './sqlite/support.ts'

const phone = '+420777123456'
const big = { content: { sms: { text: 'x'.repeat(20_000) } } }

async function storeOf(count: number, path = freshFile()): Promise<string> {
  const store = sqlite(path)
  await Promise.all(Array.from({ length: count }, (_, i) => store.insert(sampleRecord(`n${i}`, { keys: [`m${i}`] }))))
  await store.close?.()
  return path
}

describe('a file that is locked', () => {
  test('is waited for without holding up the process, then refused; nothing is stored', async () => {
    const path = freshFile()
    const clock = virtualClock()
    const store = opened({ path, clock, lockTimeout: '2s' })
    const db = stranger(path)
    db.exec('begin immediate')
    const failed = errorOf(() => store.insert(sampleRecord('n1')))
    await clock.advance('1.5s')
    const later = store.insert(sampleRecord('n2'))
    await clock.advance('1s')
    expect(await failed).toMatchObject({ fault: 'locked', engineCode: 'SQLITE_BUSY', code: 'store-locked' })
    expect(await store.get('n2')).toBeUndefined()
    db.exec('rollback')
    await clock.advance('1s')
    expect(await later).toMatchObject({ created: true })
    expect(await store.get('n1')).toBeUndefined()
    expect(clock.timers).toBe(0)
  })

  test('does not keep a store from closing for longer than a write may wait', async () => {
    const path = freshFile()
    const clock = virtualClock()
    const store = sqlite({ path, clock, lockTimeout: '2s' })
    const db = stranger(path)
    db.exec('begin immediate')
    const failed = errorOf(() => store.insert(sampleRecord('n1')))
    const closed = store.close?.()
    await clock.advance('3s')
    expect(await failed).toMatchObject({ fault: 'locked' })
    await closed
  })

  test('is waited for when it is opened, for as long as was asked', async () => {
    const path = freshFile()
    const db = stranger(path)
    db.exec('begin exclusive')
    expect(await errorOf(() => sqlite({ path, lockTimeout: '60ms' }))).toMatchObject({ fault: 'locked' })
    db.exec('rollback')
    await opened(path).insert(sampleRecord('n1'))
  })

  test('is waited for by whoever reads, too: a log that is being recovered lets nobody in', async () => {
    const clock = virtualClock()
    const store = opened({ path: freshFile(), clock, lockTimeout: '1s' })
    await store.insert(sampleRecord('n1'))
    const get = StatementSync.prototype.get
    let tries = 0
    const spy = vi.spyOn(StatementSync.prototype, 'get').mockImplementation(function (this: StatementSync, ...given) {
      if (tries++ < 3) throw sqliteError(261)
      return Reflect.apply(get, this, given)
    })
    const found = store.get('n1')
    await clock.advance('0.5s')
    expect(await found).toEqual(sampleRecord('n1'))
    tries = Number.NEGATIVE_INFINITY
    const failed = errorOf(() => store.get('n1'))
    await clock.advance('2s')
    expect(await failed).toMatchObject({ fault: 'locked' })
    spy.mockRestore()
  })
})

describe('a disk that is full', () => {
  test('fails whole transactions, and serves again once there is room', async () => {
    const { result: store, db } = connectionsOf(() => opened())
    await store.insert(sampleRecord('n0'))
    const pages = Number(db.prepare('pragma page_count').get()?.page_count)
    // The limit is the connection's own, so that it is the store's engine itself which runs out of room.
    db.exec(`pragma max_page_count = ${pages + 20}`)
    const ids = Array.from({ length: 30 }, (_, i) => `big${i}`)
    const results = await Promise.allSettled(ids.map((id) => store.insert(sampleRecord(id, { message: big }))))
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { fault: 'full', engineCode: 'SQLITE_FULL' } })
    for (const id of ids) expect(await store.get(id)).toBeUndefined()
    expect(await store.update(next(sampleRecord('n0')), 0)).toBe(true)
    db.exec('pragma max_page_count = 1000000')
    expect(await store.insert(sampleRecord('big0', { message: big }))).toMatchObject({ created: true })
  })
})

describe('a file that may not be written to', () => {
  test('is refused when it is opened', async () => {
    const path = await storeOf(3)
    const error = await errorOf(() => sqlite(`file:${path}?mode=ro`))
    expect(error).toMatchObject({ fault: 'readonly', engineCode: 'SQLITE_READONLY' })
    expect(error.message).toMatch(/let this process write to the file and to its directory/)
  })

  test('is refused when it becomes so', async () => {
    const { result: store, db } = connectionsOf(() => opened())
    db.exec('pragma query_only = on')
    expect(await errorOf(() => store.insert(sampleRecord('n1')))).toMatchObject({ fault: 'readonly' })
    db.exec('pragma query_only = off')
    expect(await store.insert(sampleRecord('n1'))).toMatchObject({ created: true })
  })

  test('that has no directory is refused with a hint', async () => {
    const error = await errorOf(() => sqlite(`${freshFile()}/missing/notify.db`))
    expect(error).toMatchObject({ fault: 'unavailable', engineCode: 'SQLITE_CANTOPEN' })
    expect(error.message).toMatch(/does its directory exist/)
  })
})

describe('a file that is damaged', () => {
  test('gives typed errors for what cannot be read, and never a wrong record', async () => {
    const path = await storeOf(400)
    const pages = statSync(path).size / 4096
    const file = openSync(path, 'r+')
    for (let page = 12; page < pages; page += 9) writeSync(file, Buffer.alloc(600, 0xff), 0, 600, page * 4096)
    const store = opened(path)
    const seen = await Promise.allSettled(Array.from({ length: 400 }, async (_, i) => [i, await store.get(`n${i}`)] as const))
    const failed = seen.filter((result) => result.status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    for (const { reason } of failed) expect(reason).toMatchObject({ name: 'StoreError', fault: 'corrupt' })
    for (const result of seen)
      if (result.status === 'fulfilled' && result.value[1] !== undefined) expect(result.value[1].id).toBe(`n${result.value[0]}`)
  })

  test('does not keep the rest from being forgotten', async () => {
    const path = freshFile()
    const store = opened(path)
    for (let i = 0; i < 5; i++) {
      const record = sampleRecord(`n${i}`)
      await store.insert(record)
      await store.update(settled(record, start), record.version)
      await store.parkReceipt(sampleReceipt([`m${i}`]), start, start + 1)
    }
    stranger(path).exec("update parked_receipts set receipt = '{' where seq = 1")
    expect(await store.prune(start + 1, start + 10, 100)).toBe(5)
    expect(await store.prune(start + 1, start + 10, 100)).toBe(0)
  })

  test('does not fail the writes beside the one that meets the damage', async () => {
    const path = freshFile()
    const store = opened(path)
    await store.insert(sampleRecord('n1', { idempotencyKey: 'order-1' }))
    stranger(path).exec(`update notifications set record = '{"to":"${phone}"'`)
    const [same, other] = await Promise.allSettled([
      store.insert(sampleRecord('n2', { idempotencyKey: 'order-1' })),
      store.insert(sampleRecord('n3')),
    ])
    expect(same).toMatchObject({ reason: { fault: 'corrupt' } })
    expect(other).toMatchObject({ value: { created: true } })
    const error = await errorOf(() => store.get('n1'))
    expect(error).toMatchObject({ fault: 'corrupt' })
    expect(JSON.stringify(error) + error.stack).not.toContain(phone)
  })

  test('that is no database at all is refused, and left as it is', async () => {
    const path = freshFile()
    writeFileSync(path, 'To whom it may concern: '.repeat(500))
    expect(await errorOf(() => sqlite(path))).toMatchObject({ fault: 'corrupt', engineCode: 'SQLITE_NOTADB' })
    expect(readFileSync(path, 'utf8')).toMatch(/^To whom it may concern/)
  })
})

describe('a file with another schema', () => {
  async function refused(prepare: (db: DatabaseSync) => void, from?: string) {
    const path = freshFile()
    if (from !== undefined) copyFileSync(from, path)
    const db = new DatabaseSync(path)
    prepare(db)
    db.close()
    const before = readFileSync(path)
    const error = await errorOf(() => sqlite(path))
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(error).toMatchObject({ fault: 'schema', code: 'store-schema' })
    return error.message
  }

  test('of a newer version is refused, and left as it is', async () => {
    const path = await storeOf(1)
    expect(await refused((db) => db.exec('pragma user_version = 2'), path)).toMatch(
      /version 2, and this omnicascade knows no later one than 1: upgrade omnicascade/,
    )
  })

  test.each([
    'create table users (name text)',
    'pragma application_id = 1196444487; create table t (x)',
    'pragma user_version = 3; create table t (x)',
  ])('of another application is refused, and left as it is: %s', async (sql) => {
    expect(await refused((db) => db.exec(sql))).toMatch(/another application: give the store a file of its own/)
  })

  test('that lacks a table is refused', async () => {
    const path = await storeOf(1)
    stranger(path).exec('drop table attempt_keys')
    expect(await errorOf(() => sqlite(path))).toMatchObject({ fault: 'schema', message: expect.stringContaining('restore') })
  })
})

describe('errors', () => {
  const calls: Readonly<Record<string, (store: NotificationStore) => unknown>> = {
    insert: (store) => store.insert(sampleRecord('n2')),
    update: (store) => store.update(next(sampleRecord('n1')), 0),
    park: (store) => store.parkReceipt(sampleReceipt(['a']), start, start + 1),
    prune: (store) => store.prune(start + 1, start, 10),
  }
  const faults: readonly (readonly [number, string, string])[] = [
    [1, 'refused', 'SQLITE_ERROR'],
    [3, 'readonly', 'SQLITE_PERM'],
    [7, 'full', 'SQLITE_NOMEM'],
    [8, 'readonly', 'SQLITE_READONLY'],
    [778, 'unavailable', 'SQLITE_IOERR'],
    [267, 'corrupt', 'SQLITE_CORRUPT'],
    [13, 'full', 'SQLITE_FULL'],
    [14, 'unavailable', 'SQLITE_CANTOPEN'],
    [18, 'refused', 'SQLITE_TOOBIG'],
    [21, 'refused', 'SQLITE_21'],
    [26, 'corrupt', 'SQLITE_NOTADB'],
  ]
  test.each(faults)('of SQLite with code %i are of fault %s, and quote nothing', async (errcode, fault, engineCode) => {
    const store = opened()
    await store.insert(settled(sampleRecord('n1'), start))
    for (const [name, call] of Object.entries(calls)) {
      failOnce('begin immediate', sqliteError(errcode))
      const error = await errorOf(() => call(store))
      expect(error, name).toMatchObject({ engine: 'sqlite', fault, engineCode })
      expect(`${error.stack}${JSON.stringify(error)}`).not.toContain(phone)
      expect(error.cause).toBeUndefined()
    }
    expect(await store.get('n2')).toBeUndefined()
    expect(await store.get('n1')).toMatchObject({ version: 1 })
  })
})

describe('node:sqlite', () => {
  test('does not warn that it is experimental, and every other warning goes its way', () => {
    const { emitWarning, getBuiltinModule } = process
    const emitted = vi.fn()
    process.emitWarning = emitted
    const spy = vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
      process.emitWarning('something else', 'ExperimentalWarning')
      return Reflect.apply(getBuiltinModule, process, [name])
    })
    try {
      opened()
      expect(emitted.mock.calls).toEqual([['something else', 'ExperimentalWarning']])
      expect(process.emitWarning).toBe(emitted)
    } finally {
      spy.mockRestore()
      process.emitWarning = emitWarning
    }
  })

  test('that is missing is asked for', async () => {
    for (const answer of [
      () => undefined,
      () => {
        throw new Error('no such module')
      },
    ]) {
      const spy = vi.spyOn(process, 'getBuiltinModule').mockImplementation(answer as never)
      const error = await errorOf(() => sqlite(freshFile()))
      spy.mockRestore()
      expect(error).toMatchObject({ fault: 'refused', message: expect.stringContaining('use Node 22.13 or later') })
    }
  })
})
