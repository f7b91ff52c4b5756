import { memoryStore, type NotificationRecord, type NotificationStore, StoreError } from 'omnicascade'
import { accept, gate, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { world } from '../support/world.ts'
import { turn } from './support.ts'

const away = () => new StoreError('test', 'unavailable', 'the connection was lost')
const sms = () => scriptedProvider({ channels: ['sms'], receipts: 'none', replies: [] })
const email = () => scriptedProvider({ channels: ['email'], receipts: 'none', replies: [] })

/** A memory store that others share; `fails` decides, per write, whether its answer is lost before or after it is stored. */
function losing(fails: (write: 'insert' | 'update') => 'before' | 'after' | undefined): NotificationStore {
  const memory = memoryStore()
  async function write<T>(name: 'insert' | 'update', run: () => T): Promise<Awaited<T>> {
    const failure = fails(name)
    if (failure === 'before') throw away()
    const result = await run()
    if (failure === 'after') throw away()
    return result
  }
  return {
    ...memory,
    shared: true,
    insert: (record) => write('insert', () => memory.insert(record)),
    update: (record, version) => write('update', () => memory.update(record, version)),
  }
}

describe('a new record whose insert was stored though the store says it failed', () => {
  test('is cancelled: whoever sent it may send it again', async () => {
    const answers = ['after'] as ('after' | undefined)[]
    const provider = sms()
    const store = losing((write) => (write === 'insert' ? answers.shift() : undefined))
    const w = world([provider], { store })
    await expect(w.send(['sms'])).rejects.toMatchObject({ code: 'store-unavailable' })
    const second = await w.send(['sms'])
    await w.to(300)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual([second])
    expect((await w.outcome('n1'))?.status).toBe('cancelled')
  })

  test('goes on under its idempotency key, and loses no channel', async () => {
    const answers = ['after'] as ('after' | undefined)[]
    const [first, second] = [sms(), email()]
    const store = losing((write) => (write === 'insert' ? answers.shift() : undefined))
    const w = world([first, second], { store })
    await expect(w.send(['sms', 'email'], { idempotencyKey: 'k' })).rejects.toThrow(StoreError)
    const id = await w.send(['sms', 'email'], { idempotencyKey: 'k' })
    await w.to(10)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
    expect([first.calls.length, second.calls.length]).toEqual([1, 0])
    expect((await w.record(id)).steps[0]!.attempts.map(({ failure }) => failure?.code)).toEqual(['STORE_UNSURE', undefined])
  })

  test('is seen to though the store is away for most of the lease', async () => {
    let isAway = false
    let inserts = 0
    const store = losing((write) => {
      if (write === 'update') return isAway ? 'before' : undefined
      return inserts++ === 0 ? 'after' : undefined
    })
    const provider = sms()
    const w = world([provider], { store })
    isAway = true
    await expect(w.send(['sms'], { idempotencyKey: 'k' })).rejects.toThrow(StoreError)
    await w.to(40)
    isAway = false
    await w.to(55)
    expect(await w.outcome('n1')).toMatchObject({ status: 'delivered', by: 'sms' })
  })

  test('that was not stored is not asked for again', async () => {
    const store = losing((write) => (write === 'insert' ? 'before' : undefined))
    const w = world([sms()], { store })
    await expect(w.send(['sms'])).rejects.toThrow(StoreError)
    await w.to(1)
    await w.notifier.idle()
    expect(await w.notifier.get('n1')).toBeUndefined()
    expect(w.events.filter(({ type }) => type === 'error')).toEqual([])
  })

  test("is no other's with the same id", async () => {
    const memory = memoryStore()
    const w = world([sms(), email()], { store: { ...memory, shared: true }, createId: () => 'same' })
    await w.send(['sms'], { sendAt: 60_000 })
    await expect(w.send(['sms'], { sendAt: 60_000 })).rejects.toMatchObject({ code: 'duplicate-id' })
    await w.to(61)
    expect((await w.outcome('same'))?.status).toBe('delivered')
  })
})

describe('the lease of a long call', () => {
  function longCall(fails: (now: number) => boolean) {
    const clock = virtualClock(0)
    const store = losing((write) => (write === 'update' && fails(clock.now()) ? 'before' : undefined))
    const answer = gate()
    const slow = scriptedProvider({ channels: ['sms'], timeout: '1h', replies: [answer.reply] })
    const w = world([slow], { store, clock })
    const other = world([sms(), email()], { store, clock, createId: () => 'other' })
    return { w, other, answer }
  }

  test('survives a store that is away when it is to be renewed', async () => {
    // Half a minute in is when it is renewed first; a minute in, it would be over.
    const { w, other, answer } = longCall((now) => now >= 29_000 && now < 48_000)
    const id = await w.send(['sms'])
    await w.to(200)
    expect(await other.states(id)).toEqual(['sending'])
    answer.release(accept({ messageId: 'm' }))
    await w.to(201)
    expect(await w.states(id)).toEqual(['awaiting'])
  })

  test('is given up once the attempt is another matter', async () => {
    const { w, other } = longCall((now) => now >= 29_000 && now < 100_000)
    const id = await w.send(['sms'])
    await other.to(130)
    expect(await other.states(id)).not.toEqual(['sending'])
    const { version } = await other.record(id)
    await w.to(280)
    expect((await w.record(id)).version).toBe(version)
  })
})

describe('close', () => {
  /** A store whose inserts take until they are released. */
  function held(memory = memoryStore()) {
    const stored = gate()
    const store: NotificationStore = {
      ...memory,
      shared: true,
      async insert(record) {
        const inserted = memory.insert(record)
        await stored.reply({} as never, AbortSignal.any([]))
        return inserted
      },
    }
    return { store, stored, memory }
  }

  test('makes no call for a write that returns after its time was over, and leaves the step to the next process', async () => {
    const { store, stored, memory } = held()
    const provider = sms()
    const w = world([provider], { store })
    const sending = w.send(['sms'])
    await turn()
    const closing = w.notifier.close({ timeout: '1s' })
    await w.to(1)
    stored.release(accept())
    const id = await sending
    await w.to(3)
    await closing
    expect(provider.calls).toHaveLength(0)
    expect((await memory.get(id))?.steps[0]).toMatchObject({ state: 'ready', attempts: [{ failure: { code: 'CLOSED' } }] })
    const next = sms()
    const after = world([next], { store: { ...memory, shared: true }, start: 10_000 })
    await after.to(30)
    expect(next.calls).toHaveLength(1)
  })

  test('keeps to one time for all that it waits for', async () => {
    const never = () => new Promise<never>(() => {})
    const provider = { ...scriptedProvider({ channels: ['sms'], replies: [gate().reply] }), close: never }
    const w = world([provider], { scheduler: { wakeAt() {}, start() {}, stop: never } })
    await w.send(['sms'])
    let closed = false
    void w.notifier.close({ timeout: '10s' }).then(() => {
      closed = true
    })
    await w.to(9)
    expect(closed).toBe(false)
    await w.to(12)
    expect(closed).toBe(true)
  })

  test.each<[string, Parameters<typeof world>[1] & object]>([
    ['a hook that never answers', { beforeSend: () => new Promise(() => {}) }],
    ['a host that never answers', { onSettled: () => new Promise(() => {}) }],
    ['a store that takes no results', { store: losing((write) => (write === 'update' ? 'before' : undefined)) }],
  ])('leaves no timer behind after %s', async (_, options) => {
    const w = world([sms()], options)
    await w.send(['sms'])
    await w.to(1)
    const closing = w.notifier.close({ timeout: '1s' })
    await w.to(4)
    await closing
    expect(w.clock.timers).toBe(0)
  })
})

test('idle waits for wake-ups that are being written', async () => {
  const asked = gate()
  const scheduler = {
    wakeAt: async () => void (await asked.reply({} as never, AbortSignal.any([]))),
    start() {},
    stop() {},
  }
  const w = world([sms()], { scheduler })
  await w.send(['sms'], { sendAt: 60_000 })
  let isIdle = false
  const idling = w.notifier.idle().then(() => {
    isIdle = true
  })
  await turn()
  expect(isIdle).toBe(false)
  asked.release(accept())
  await idling
})

test('a record that a lost answer left behind tells its story', async () => {
  const answers = ['after'] as ('after' | undefined)[]
  const heard: NotificationRecord[] = []
  const store = losing((write) => (write === 'insert' ? answers.shift() : undefined))
  const w = world([sms()], { store, onSettled: (record) => void heard.push(record) })
  await expect(w.send(['sms'])).rejects.toThrow(StoreError)
  await w.to(1)
  expect(heard.map(({ id, outcome }) => [id, outcome?.status])).toEqual([['n1', 'cancelled']])
})
