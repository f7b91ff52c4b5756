// What createPreferences and digest ask of their stores, of each ready one, by one process and by several.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RequestError, StoreError } from 'omnicascade'
import { memoryPreferences, type OptOut, type PreferenceStore } from 'omnicascade/preferences'
import { migratePreferences, postgresPreferences } from 'omnicascade/preferences/postgres'
import { sqlitePreferences } from 'omnicascade/preferences/sqlite'
import { sqlite } from 'omnicascade/stores/sqlite'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'

const folder = mkdtempSync(join(tmpdir(), 'omnicascade-preferences-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const world = await postgresWorld()
if (world) await migratePreferences({ pool: world.pool(), schema: world.schema })

let files = 0
/** As many stores as there are processes, on the same data. Each test has its own recipients. */
const engines: Readonly<Record<string, (processes: number) => readonly PreferenceStore[]>> = {
  memory: (processes) => {
    const store = memoryPreferences()
    return Array.from({ length: processes }, () => store)
  },
  sqlite: (processes) => {
    const file = join(folder, `${++files}.db`)
    return Array.from({ length: processes }, () => sqlitePreferences(file))
  },
  ...(world && {
    postgres: (processes) =>
      Array.from({ length: processes }, () => postgresPreferences({ pool: world.pool(), schema: world.schema })),
  }),
}

let people = 0
function open(engine: string, processes = 1) {
  const stores = engines[engine]!(processes)
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))))
  return { store: stores[0]!, stores, recipient: `user:${engine}${++people}` }
}

describe.each(Object.keys(engines))('%s', (engine) => {
  test('keeps opt-outs, takes back those that are within, and tells of them', async () => {
    const { store, recipient } = open(engine)
    const isOut = (channel: 'sms' | 'email', category: string | null) => store.isOptedOut({ recipient, channel, category })
    await store.optOut({ recipient, channel: 'sms' })
    await store.optOut({ recipient, category: 'marketing' })
    await store.optOut({ recipient, channel: 'email', category: 'orders' })
    await store.optOut({ recipient, channel: 'email', category: 'orders' })
    await store.optOut({ recipient: `${recipient}0` })
    expect(await Promise.all([isOut('sms', null), isOut('email', 'marketing'), isOut('email', null)])).toEqual([
      true,
      true,
      false,
    ])
    expect(await store.optOutsOf(recipient)).toHaveLength(3)
    expect(await store.optOutsOf(recipient)).toEqual(
      expect.arrayContaining([
        { recipient, channel: 'sms' },
        { recipient, category: 'marketing' },
        { recipient, channel: 'email', category: 'orders' },
      ]),
    )
    await store.optIn({ recipient, channel: 'email' })
    expect(await Promise.all([isOut('email', 'orders'), isOut('email', 'marketing'), isOut('sms', 'orders')])).toEqual([
      false,
      true,
      true,
    ])
    await store.optIn({ recipient })
    expect([await store.optOutsOf(recipient), await isOut('sms', null)]).toEqual([[], false])
  })

  test.each([
    [{ category: '' }, 'category'],
    [{ channel: '' }, 'channel'],
    [{ category: null }, 'category'],
    [{ recipient: '' }, 'recipient'],
  ])('takes no %j, which would be everything', async (wrong, path) => {
    const { store, recipient } = open(engine)
    await store.optOut({ recipient, channel: 'sms', category: 'orders' })
    for (const choose of [store.optOut, store.optIn]) {
      const refused = choose({ recipient, ...wrong } as OptOut)
      await expect(refused).rejects.toThrow(RequestError)
      await expect(refused).rejects.toThrow(`${path}: must be text that is not empty`)
    }
    expect(await store.optOutsOf(recipient)).toEqual([{ recipient, channel: 'sms', category: 'orders' }])
  })

  test('keeps names of any kind apart', async () => {
    const { store, recipient } = open(engine)
    for (const name of ['\0', '\ud800', "'; --", '"', '\\', 'é', '\\u0000']) {
      await store.optOut({ recipient: recipient + name, category: name })
      expect(await store.optOutsOf(recipient + name)).toEqual([{ recipient: recipient + name, category: name }])
      expect(await store.isOptedOut({ recipient: recipient + name, channel: 'sms', category: name })).toBe(true)
      const place = {
        recipient: recipient + name,
        category: name,
        at: 1,
        caps: [{ category: name, count: 1, per: 9 }],
        forgetUntil: 0,
      }
      expect(await store.takePlace({ ...place, id: `${recipient}1` })).toBeNull()
      expect(await store.takePlace({ ...place, id: `${recipient}2` })).toBe(10)
      expect(await store.isOptedOut({ recipient: recipient + name, channel: 'sms', category: `${name}x` })).toBe(false)
    }
  })

  test('gives so many places and no more, however many processes ask at once', async () => {
    const { stores, recipient } = open(engine, 3)
    const caps = [{ category: null, count: 5, per: 1000 }]
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, index) =>
        stores[index % 3]!.takePlace({ id: `${recipient}.${index}`, recipient, category: null, at: 1000, caps, forgetUntil: 0 }),
      ),
    )
    expect(answers.filter((answer) => answer === null)).toHaveLength(5)
    expect(answers.filter((answer) => answer === 2000)).toHaveLength(25)
  })

  test('gives a notification its place again, moves it, and takes it back', async () => {
    const { store, recipient } = open(engine)
    const take = (id: string, at: number, category = 'a') =>
      store.takePlace({
        id: recipient + id,
        recipient,
        category,
        at,
        caps: [{ category, count: 1, per: 100 }],
        forgetUntil: at - 100,
      })
    expect(await take('1', 1000)).toBeNull()
    expect(await take('1', 1050)).toBeNull()
    expect(await take('2', 1149)).toBe(1150)
    expect(await take('3', 1149, 'b')).toBeNull()
    await store.giveBack(`${recipient}1`, recipient)
    expect(await take('2', 1149)).toBeNull()
    expect(await take('1', 1149)).toBe(1249)
    // What lost its place while it waited holds nobody up.
    expect(await take('3', 1149, 'a')).toBe(1249)
    expect(await take('4', 1149, 'b')).toBeNull()
  })

  test('opens one window of a key at a time, until it is over or closed', async () => {
    const { stores, recipient: key } = open(engine, 3)
    const store = stores[0]!
    const windows = await Promise.all(stores.map((each) => each.openWindow({ key, item: 'new', now: 0, until: 100 })))
    const { id } = windows[0]!
    expect(windows).toEqual(windows.map(() => ({ id, until: 100, notificationId: null })))
    await store.announceWindow(id, 'n1')
    expect(await store.openWindow({ key, item: 'new', now: 99, until: 199 })).toMatchObject({ id, notificationId: 'n1' })
    const next = await store.openWindow({ key, item: 'new', now: 100, until: 200 })
    expect(next).toMatchObject({ until: 200, notificationId: null })
    await store.closeWindow(next.id, 150, 0)
    expect((await store.openWindow({ key, item: 'new', now: 150, until: 250 })).id).not.toBe(next.id)
    expect((await store.openWindow({ key: `${key}.`, item: 'new', now: 50, until: 150 })).id).not.toBe(id)
  })

  test('closes a window once, with its items in order, each once', async () => {
    const { store, recipient: key } = open(engine)
    const { id: window } = await store.openWindow({ key, item: 'new', now: 0, until: 100 })
    const add = (id: string, text: string) => store.addItem({ window, key, id, text })
    const texts = Array.from({ length: 12 }, (_, index) => JSON.stringify({ index, text: '\0"\ud800' }))
    for (const [index, text] of texts.entries()) expect(await add(`${index}`, text)).toBe(true)
    expect(await add('3', '"again"')).toBe(true)
    expect(await store.closeWindow(window, 100, 0)).toEqual(texts)
    expect(await add('3', '"again"')).toBe(true)
    expect(await add('12', '"late"')).toBe(false)
    expect((await store.openWindow({ key, item: '3', now: 500, until: 600 })).id).toBe(window)
    expect(await store.closeWindow(window, 200, 0)).toEqual(texts)
    const next = await store.openWindow({ key, item: 'new', now: 100, until: 200 })
    expect(await store.addItem({ window: next.id, key, id: '3', text: '"again"' })).toBe(true)
    expect(await store.closeWindow(next.id, 200, 0)).toEqual([])
  })

  test('loses no item to a window that closes meanwhile, whoever adds it', async () => {
    const { stores, recipient: key } = open(engine, 3)
    const { id: window } = await stores[0]!.openWindow({ key, item: 'new', now: 0, until: 100 })
    const adding = Array.from({ length: 30 }, async (_, index) =>
      stores[index % 3]!.addItem({ window, key, id: `${index}`, text: `${index}` }),
    )
    const closing = adding[4]!.then(async () => stores[1]!.closeWindow(window, 100, 0))
    const added = (await Promise.all(adding)).flatMap((isAdded, index) => (isAdded ? [`${index}`] : []))
    const shown = await closing
    expect([...shown].sort()).toEqual(added.sort())
    expect(shown.length).toBeGreaterThan(0)
  })

  test('forgets what is old, and items with their window', async () => {
    const { store, recipient: key } = open(engine)
    const old = await store.openWindow({ key, item: 'new', now: 0, until: 10 })
    await store.addItem({ window: old.id, key, id: 'a', text: '1' })
    await store.closeWindow(old.id, 10, 0)
    const next = await store.openWindow({ key, item: 'new', now: 100, until: 200 })
    expect(await store.addItem({ window: next.id, key, id: 'a', text: '1' })).toBe(true)
    expect(await store.closeWindow(next.id, 200, 10)).toEqual([])
    const last = await store.openWindow({ key, item: 'new', now: 300, until: 400 })
    expect(await store.closeWindow(old.id, 300, 10)).toEqual([])
    expect(await store.addItem({ window: old.id, key, id: 'b', text: '1' })).toBe(false)
    expect(await store.addItem({ window: last.id, key, id: 'a', text: '2' })).toBe(true)
    expect(await store.closeWindow(last.id, 400, 0)).toEqual(['2'])
  })
})

describe('sqlitePreferences', () => {
  test('outlives its process', async () => {
    const file = join(folder, 'kept.db')
    const one = sqlitePreferences(file)
    await one.optOut({ recipient: 'r' })
    await one.close()
    await one.close()
    const other = sqlitePreferences(file)
    expect(await other.isOptedOut({ recipient: 'r', channel: 'sms', category: null })).toBe(true)
    await other.close()
  })

  test('refuses the file of a notification store, and the store that of preferences', async () => {
    const files = [join(folder, 'store.db'), join(folder, 'preferences.db')] as const
    await sqlite(files[0]).close?.()
    await sqlitePreferences(files[1]).close()
    expect(() => sqlitePreferences(files[0])).toThrow(StoreError)
    expect(() => sqlite(files[1])).toThrow('database of another application')
  })

  test('wants a path', () => {
    expect(() => sqlitePreferences('')).toThrow(RequestError)
  })
})

describe.runIf(world)('postgresPreferences', () => {
  test('migrates again, and says what to do where the tables are missing', async () => {
    const pool = world!.pool()
    await Promise.all([1, 2].map(() => migratePreferences({ pool, schema: world!.schema })))
    const store = postgresPreferences({ pool, schema: `${world!.schema}_x` })
    await expect(store.optOutsOf('r')).rejects.toMatchObject({
      code: 'store-schema',
      message: expect.stringContaining('migratePreferences'),
    })
    await expect(store.giveBack('n', 'r')).rejects.toThrow(StoreError)
  })

  test('wants a pool, and knows its options', () => {
    expect(() => postgresPreferences({} as never)).toThrow('must be a Pool of pg')
    expect(() => postgresPreferences({ pool: world!.pool(), shcema: 'x' } as never)).toThrow(RequestError)
    expect(() => postgresPreferences({ pool: world!.pool(), schema: 'x"; drop' })).toThrow(RequestError)
  })
})
