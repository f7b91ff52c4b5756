import fc from 'fast-check'
import { type MemoryStoreOptions, memoryStore, type NotificationRecord, type Receipt } from 'omnicascade'
import { scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { plan } from '../../src/cascade/plan.ts'
import { ada, content, world } from '../support/world.ts'

const provider = scriptedProvider({ channels: ['sms'] })

function record(id: string, { keys = [], ...more }: Partial<NotificationRecord> & { keys?: readonly string[] } = {}) {
  const planned = plan(
    { to: ada, content, cascade: ['sms'] },
    {
      id,
      now: 0,
      providers: [provider],
      retry: { attempts: 3, baseDelay: 1, maxDelay: 1 },
      within: () => 1000,
      timeZone: null,
    },
  )
  const attempt = {
    provider: 'sms',
    receipts: 'full',
    idempotent: false,
    cancellable: false,
    to: '+420777123456',
    idempotencyKey: `${id}.0.0`,
    state: 'accepted',
    startedAt: 0,
    endedAt: 0,
    messageId: null,
    keys,
    status: 'accepted',
    assumed: false,
    receiptFailure: null,
    failure: null,
  } as const
  const steps = planned.steps.map((step) => (keys.length > 0 ? { ...step, attempts: [attempt] } : step))
  return { ...planned, steps, ...more } satisfies NotificationRecord
}

const store = (options?: MemoryStoreOptions) => memoryStore(options)
const ids = async (found: unknown) => ((await found) as NotificationRecord[]).map(({ id }) => id)

describe('records', () => {
  test('what is inserted is there, by id; what is not is undefined', async () => {
    const s = store()
    const one = record('n1')
    expect(await s.insert(one)).toEqual({ record: one, created: true })
    expect(await s.get('n1')).toEqual(one)
    expect(await s.get('n2')).toBeUndefined()
  })

  test('an idempotency key is taken once: the second insert stores nothing and gives the first record as it is now', async () => {
    const s = store()
    const one = record('n1', { idempotencyKey: 'order-1' })
    await s.insert(one)
    const newer = { ...one, version: 1, dueAt: 5 }
    await s.update(newer, 0)
    expect(await s.insert(record('n2', { idempotencyKey: 'order-1' }))).toEqual({ record: newer, created: false })
    expect(await s.get('n2')).toBeUndefined()
    expect(await s.insert(record('n3', { idempotencyKey: 'order-2' }))).toMatchObject({ created: true })
  })

  test('an update is written only over the version it was made from', async () => {
    const s = store()
    await s.insert(record('n1'))
    expect(await s.update(record('n1', { version: 1, dueAt: 10 }), 0)).toBe(true)
    expect(await s.update(record('n1', { version: 1, dueAt: 20 }), 0)).toBe(false)
    expect(await s.update(record('n1', { version: 9 }), 8)).toBe(false)
    expect(await s.update(record('gone', { version: 1 }), 0)).toBe(false)
    expect((await s.get('n1'))?.dueAt).toBe(10)
    expect(await s.get('gone')).toBeUndefined()
  })

  test('due: the ids whose time has come, the earliest first, no more than asked for', async () => {
    const s = store()
    for (const [id, dueAt] of [
      ['late', 30],
      ['early', 10],
      ['later', 31],
      ['middle', 20],
    ] as const)
      await s.insert(record(id, { dueAt }))
    expect(await s.due(30, 10)).toEqual(['early', 'middle', 'late'])
    expect(await s.due(30, 2)).toEqual(['early', 'middle'])
    expect(await s.due(9, 10)).toEqual([])
    expect(await s.nextDueAt()).toBe(10)
    await s.update(record('early', { version: 1, dueAt: null, settledAt: 10 }), 0)
    expect(await s.nextDueAt()).toBe(20)
  })
})

describe('correlation keys', () => {
  test('records are found by provider and key, the newest first, at most as many as asked for', async () => {
    const s = store()
    for (const id of ['n1', 'n2', 'n3']) await s.insert(record(id, { keys: ['user-7'] }))
    await s.insert(record('n4', { keys: ['user-8'] }))
    expect(await ids(s.findByKey('sms', 'user-7', 10))).toEqual(['n3', 'n2', 'n1'])
    expect(await ids(s.findByKey('sms', 'user-7', 2))).toEqual(['n3', 'n2'])
    expect(await ids(s.findByKey('viber', 'user-7', 10))).toEqual([])
    expect(await ids(s.findByKey('sms', 'user-', 10))).toEqual([])
  })

  test('a key that an update adds is found from then on, and once', async () => {
    const s = store()
    await s.insert(record('n1', { keys: ['a'] }))
    expect(await ids(s.findByKey('sms', 'b', 10))).toEqual([])
    await s.update(record('n1', { keys: ['a', 'b'], version: 1 }), 0)
    await s.update(record('n1', { keys: ['a', 'b'], version: 2 }), 1)
    expect(await ids(s.findByKey('sms', 'b', 10))).toEqual(['n1'])
    expect(await ids(s.findByKey('sms', 'a', 10))).toEqual(['n1'])
  })

  test('records with keys behave like a plain list: whichever learns a key first, and whichever are dropped', async () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const steps = fc.array(
      fc.record({
        does: fc.constantFrom('insert', 'learn', 'settle'),
        which: fc.nat(),
        keys: fc.uniqueArray(key, { minLength: 1 }),
      }),
      { maxLength: 60, size: 'max' },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const s = store({ keepSettled: 3 })
        let model: NotificationRecord[] = []
        const settled: string[] = []
        for (const [number, { does, which, keys }] of script.entries()) {
          const open = model.filter(({ settledAt }) => settledAt === null)
          const chosen = open[which % Math.max(1, open.length)]
          if (does === 'insert') {
            const one = record(`n${number}`, { keys })
            await s.insert(one)
            model.push(one)
          } else if (chosen !== undefined) {
            const version = chosen.version + 1
            const known = chosen.steps[0]?.attempts[0]?.keys ?? []
            const learnt = record(chosen.id, { keys: [...new Set([...known, ...keys])], version })
            const next = does === 'learn' ? learnt : { ...chosen, version, settledAt: number, dueAt: null }
            expect(await s.update(next, chosen.version)).toBe(true)
            model = model.map((one) => (one === chosen ? next : one))
            if (does === 'settle') settled.push(chosen.id)
            const dropped = settled.length > 3 ? settled.shift() : undefined
            model = model.filter(({ id }) => id !== dropped)
          }
          for (const own of ['a', 'b', 'c']) {
            const carrying = model.filter((one) => one.steps[0]?.attempts[0]?.keys.includes(own))
            expect(await ids(s.findByKey('sms', own, 100))).toEqual(carrying.map(({ id }) => id).reverse())
          }
        }
      }),
    )
  })
})

describe('parked receipts', () => {
  const receipt = (keys: readonly string[], more: Partial<Receipt> = {}): Receipt => ({
    provider: 'sms',
    keys,
    status: 'delivered',
    at: 0,
    ...more,
  })

  test('are found by any of their keys, each once, the oldest first', async () => {
    const s = store()
    const one = receipt(['b'])
    const two = receipt(['a', 'b'], { status: 'read' })
    await s.parkReceipt(one, 0, 100)
    await s.parkReceipt(two, 1, 101)
    expect(await s.findParked('sms', ['a', 'b'], 2)).toEqual([one, two])
    expect(await s.findParked('sms', ['a'], 2)).toEqual([two])
    expect(await s.findParked('viber', ['a'], 2)).toEqual([])
  })

  test('the same receipt parked twice is kept once', async () => {
    const s = store()
    await s.parkReceipt(receipt(['a']), 0, 100)
    await s.parkReceipt(receipt(['a']), 1, 101)
    await s.parkReceipt(receipt(['a'], { raw: 'DELIVRD' }), 1, 101)
    expect(await s.findParked('sms', ['a'], 2)).toHaveLength(2)
  })

  test('are forgotten one by one, with all their keys', async () => {
    const s = store()
    await s.parkReceipt(receipt(['a', 'b']), 0, 100)
    await s.parkReceipt(receipt(['b'], { status: 'read' }), 0, 100)
    await s.dropParked(receipt(['a', 'b']))
    expect(await s.findParked('sms', ['a', 'b'], 1)).toEqual([receipt(['b'], { status: 'read' })])
    await s.dropParked(receipt(['b']))
    expect(await s.findParked('sms', ['b'], 1)).toHaveLength(1)
  })

  test('end with their time', async () => {
    const s = store()
    await s.parkReceipt(receipt(['a']), 0, 100)
    expect(await s.findParked('sms', ['a'], 99)).toHaveLength(1)
    expect(await s.findParked('sms', ['a'], 100)).toEqual([])
  })

  test('that have ended may be parked anew, also under a key that others are still parked under', async () => {
    const s = store()
    await s.parkReceipt(receipt(['a']), 0, 100)
    await s.parkReceipt(receipt(['a'], { status: 'read' }), 50, 150)
    await s.parkReceipt(receipt(['a']), 120, 220)
    expect(await s.findParked('sms', ['a'], 140)).toEqual([receipt(['a'], { status: 'read' }), receipt(['a'])])
    expect(await s.findParked('sms', ['a'], 160)).toEqual([receipt(['a'])])
  })

  test('behave like a plain list of all that were parked', async () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const status = fc.constantFrom('sent', 'delivered', 'failed')
    const steps = fc.array(
      fc.record({ does: fc.constantFrom('park', 'park', 'find', 'drop'), keys: fc.uniqueArray(key, { minLength: 1 }), status }),
      { maxLength: 60, size: 'max' },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const s = store()
        let model: { receipt: Receipt; expiresAt: number }[] = []
        const carries = (keys: readonly string[]) => (entry: { receipt: Receipt }) =>
          entry.receipt.keys.some((own) => keys.includes(own))
        for (const [now, step] of script.entries()) {
          model = model.filter(({ expiresAt }) => expiresAt > now)
          if (step.does === 'park') {
            const parked = receipt(step.keys, { status: step.status as Receipt['status'] })
            await s.parkReceipt(parked, now, now + 20)
            if (!model.some((entry) => JSON.stringify(entry.receipt) === JSON.stringify(parked)))
              model.push({ receipt: parked, expiresAt: now + 20 })
          } else if (step.does === 'drop') {
            const dropped = receipt(step.keys, { status: step.status as Receipt['status'] })
            await s.dropParked(dropped)
            model = model.filter((entry) => JSON.stringify(entry.receipt) !== JSON.stringify(dropped))
          } else {
            const expected = model.filter(carries(step.keys)).map((entry) => entry.receipt)
            expect(await s.findParked('sms', step.keys, now)).toEqual(expected)
          }
        }
      }),
    )
  })
})

test('an id that is taken is refused, and what has it stays as it was', async () => {
  const s = store()
  await s.insert(record('n1', { idempotencyKey: 'one' }))
  const insert = async () => s.insert(record('n1', { idempotencyKey: 'two', dueAt: 7 }))
  await expect(insert()).rejects.toMatchObject({ code: 'duplicate-id', message: 'there is a notification n1 already' })
  expect((await s.get('n1'))?.idempotencyKey).toBe('one')
  expect(await s.insert(record('n2', { idempotencyKey: 'two' }))).toMatchObject({ created: true })
})

describe('retention', () => {
  test('of the settled ones the oldest are dropped, with their keys; those under way stay', async () => {
    const s = store({ keepSettled: 2 })
    await s.insert(record('open', { keys: ['k'] }))
    for (const id of ['n1', 'n2', 'n3'])
      await s.insert(record(id, { keys: ['k'], settledAt: 1, dueAt: null, idempotencyKey: `key-${id}` }))
    expect(await s.get('n1')).toBeUndefined()
    expect(await ids(s.findByKey('sms', 'k', 10))).toEqual(['n3', 'n2', 'open'])
    expect(await s.insert(record('again', { idempotencyKey: 'key-n1' }))).toMatchObject({ created: true })
    expect(await s.insert(record('known', { idempotencyKey: 'key-n3' }))).toMatchObject({ created: false })
    expect((await s.get('open'))?.id).toBe('open')
  })

  test('one whose outcome was corrected, and that waits to be told of again, is kept until it has been', async () => {
    const s = store({ keepSettled: 1 })
    const settle = (id: string) => s.insert(record(id, { settledAt: 1, dueAt: null }))
    await settle('corrected')
    await s.update(record('corrected', { settledAt: 1, version: 1, dueAt: 60 }), 0)
    await settle('n1')
    await settle('n2')
    expect(await s.due(100, 10)).toEqual(['corrected'])
    await s.update(record('corrected', { settledAt: 1, version: 2, dueAt: null }), 1)
    expect(await s.get('n2')).toBeUndefined()
    await settle('n3')
    expect(await s.get('corrected')).toBeUndefined()
  })

  test('a late receipt for a dropped notification is parked, and harms nothing', async () => {
    const w = world([scriptedProvider({ channels: ['sms'], receipts: 'none' })], { store: memoryStore({ keepSettled: 1 }) })
    const first = await w.send(['sms'])
    await w.to(1)
    const second = await w.send(['sms'])
    await w.to(2)
    expect(await w.notifier.get(first)).toBeUndefined()
    expect((await w.notifier.get(second))?.outcome?.status).toBe('delivered')
    expect(await w.receipt('sms', 'delivered', `${first}.0.0`)).toMatchObject({ parked: 1 })
    await expect(w.notifier.cancel(first)).rejects.toMatchObject({ code: 'not-found' })
  })
})

test('what `get` of a notifier gives is a copy, and what `send` was given may be changed afterwards', async () => {
  const sms = scriptedProvider({ channels: ['sms'], receipts: 'none' })
  const w = world([sms])
  const to = { phone: '+420777000001' }
  const message = { sms: { text: 'first' } }
  const metadata = { order: 1 }
  const send = () => w.notifier.send({ to, content: message, metadata, cascade: ['sms'], sendAt: 10_000 }).then(({ id }) => id)
  const first = await send()
  to.phone = '+420777000002'
  message.sms.text = 'second'
  metadata.order = 2
  await send()
  const copy = (await w.notifier.get(first))!
  ;(copy.to as { phone: string }).phone = '+420777000003'
  await w.to(10)
  expect(sms.calls.map(({ to: address, content: { text } }) => [address, text])).toEqual([
    ['+420777000001', 'first'],
    ['+420777000002', 'second'],
  ])
  expect((await w.record(first)).metadata).toEqual({ order: 1 })
})

test('a notification that waits to be told of is kept, and what is dropped is no longer due', async () => {
  let isDown = true
  const heard: string[] = []
  const store = memoryStore({ keepSettled: 5 })
  const provider = scriptedProvider({ channels: ['sms'], receipts: 'none' })
  const w = world([provider], {
    store,
    onSettled({ id }) {
      if (isDown) throw new Error('warehouse down')
      heard.push(id)
    },
  })
  const ids: string[] = []
  for (let i = 0; i < 30; i++) ids.push(await w.send(['sms']))
  await w.to(30)
  expect((await Promise.all(ids.map((id) => w.record(id)))).every(Boolean)).toBe(true)
  isDown = false
  await w.to(300)
  expect(heard.toSorted()).toEqual(ids.toSorted())
  expect(await store.nextDueAt()).toBeNull()
  expect(await store.due(Number.MAX_SAFE_INTEGER, 100)).toEqual([])
})
