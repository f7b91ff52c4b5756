// Two notifiers on one store stand for two processes; stores that fail stand for crashes and lost connections.
import { memoryStore, type NotificationRecord, type NotificationStore } from 'omnicascade'
import { accept, fail, gate, hang, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { slowed, turn } from './support.ts'

const sms = (...replies: ReturnType<typeof accept>[]) => scriptedProvider({ channels: ['sms'], receipts: 'none', replies })
const clocksTo = async (t: number, ...worlds: ReturnType<typeof world>[]) => {
  for (const w of worlds) await w.to(t)
}

describe('two processes', () => {
  test('that are woken for the same notification send it once', async () => {
    const store = slowed(memoryStore())
    const providers = [sms(), sms()] as const
    const [one, two] = providers.map((provider, index) =>
      world([provider], { store, scheduler: 'manual', createId: () => `p${index}-${Math.random()}` }),
    ) as [ReturnType<typeof world>, ReturnType<typeof world>]
    const ids: string[] = []
    for (let i = 0; i < 20; i++) ids.push(await one.send(['sms'], { sendAt: 1000 }))
    await clocksTo(1, one, two)
    await Promise.all([one.notifier.tick(), two.notifier.tick()])
    const sent = providers.flatMap(({ calls }) => calls.map(({ notificationId }) => notificationId))
    expect(sent.toSorted()).toEqual(ids.toSorted())
    for (const id of ids) expect((await one.outcome(id))?.status).toBe('delivered')
    const settled = [...one.events, ...two.events].filter(({ type }) => type === 'notification.settled')
    expect(settled).toHaveLength(20)
  })

  test('that both wait for a permit for the same step send it once: the permit of the other is given back', async () => {
    const store = memoryStore()
    const limits = { concurrency: 1 }
    const busy = [gate(), gate()] as const
    const providers = busy.map(({ reply }) =>
      scriptedProvider({ channels: ['sms'], receipts: 'none', timeout: '1h', limits, replies: [reply] }),
    )
    const [one, two] = providers.map((provider, index) =>
      world([provider], { store, scheduler: 'manual', createId: counter(`p${index}-`) }),
    ) as [ReturnType<typeof world>, ReturnType<typeof world>]
    for (const w of [one, two]) await w.send(['sms'])
    const shared = await one.send(['sms'])
    // The first process waits for its permit longer than a step may be in the beginning: the second begins it too.
    await clocksTo(60, one, two)
    const ticking = two.notifier.tick()
    await turn()
    for (const { release } of busy) release()
    await ticking
    await one.notifier.idle()
    expect(providers.flatMap(({ calls }) => calls.filter(({ notificationId }) => notificationId === shared))).toHaveLength(1)
    for (const w of [one, two]) await w.send(['sms'])
    await clocksTo(61, one, two)
    expect(providers.map(({ calls }) => calls.length).toSorted()).toEqual([2, 3])
  })

  test('a receipt that comes to one while the other is sending is not lost', async () => {
    const store = slowed(memoryStore())
    const send = gate()
    const provider = scriptedProvider({ channels: ['sms'], replies: [send.reply] })
    const one = world([provider], { store })
    const two = world([scriptedProvider({ channels: ['sms'] })], { store })
    const id = await one.send(['sms'])
    const ingesting = two.receipt('sms', 'delivered', 'message-1')
    send.release(accept({ messageId: 'message-1' }))
    await ingesting
    for (let i = 0; i < 20; i++) await turn()
    expect((await one.record(id)).outcome?.status).toBe('delivered')
  })

  test('a cancel in one stops what the other would have begun', async () => {
    const store = memoryStore()
    const provider = sms()
    const one = world([sms()], { store, scheduler: 'manual' })
    const two = world([provider], { store, scheduler: 'manual' })
    const id = await one.send(['sms'], { sendAt: 1000 })
    expect(await one.notifier.cancel(id)).toBe('cancelled')
    await clocksTo(1, one, two)
    await two.notifier.tick()
    expect(provider.calls).toHaveLength(0)
  })

  test('a call whose process dies is unknown once its lease is over, and not made again', async () => {
    const store = memoryStore()
    const dying = world([scriptedProvider({ channels: ['sms'], timeout: '10s', replies: [hang()] })], {
      store,
      scheduler: 'manual',
    })
    const id = await dying.send([{ channel: 'sms', within: '2m' }, 'email'].slice(0, 1) as never)
    const provider = scriptedProvider({ channels: ['sms'], timeout: '10s' })
    const next = world([provider], { store })
    await next.to(39)
    expect(await next.states(id)).toEqual(['sending'])
    await next.to(40)
    expect((await next.record(id)).steps[0]).toMatchObject({
      state: 'awaiting',
      attempts: [{ state: 'unknown', failure: { kind: 'unknown', message: expect.stringContaining('process stopped') } }],
    })
    await next.to(400)
    expect(provider.calls).toHaveLength(0)
    expect((await next.outcome(id))?.status).toBe('failed')
  })
})

describe('a store that fails', () => {
  /** The default store, whose methods fail while `fails` names them. */
  function frail() {
    const memory = memoryStore()
    const fails = new Set<'insert' | 'update' | 'get'>()
    const down = (name: 'insert' | 'update' | 'get') => {
      if (fails.has(name)) throw new Error(`${name}: connection lost`)
    }
    const store: NotificationStore = {
      ...memory,
      async insert(record: NotificationRecord) {
        down('insert')
        return memory.insert(record)
      },
      async update(record: NotificationRecord, version: number) {
        down('update')
        return memory.update(record, version)
      },
      async get(id: string) {
        down('get')
        return memory.get(id)
      },
    }
    return { store, fails }
  }
  const errors = (w: ReturnType<typeof world>) =>
    w.events.flatMap((event) => (event.type === 'error' ? [event.error.message] : []))

  test('on insert: send rejects with its error, nothing is sent, nothing is told', async () => {
    const { store, fails } = frail()
    const provider = sms()
    const w = world([provider], { store })
    fails.add('insert')
    await expect(w.send(['sms'])).rejects.toThrow('insert: connection lost')
    await w.to(3600)
    expect([provider.calls.length, w.events.length]).toEqual([0, 0])
  })

  test('after the call, for a while: what it came to is written once it can be, message id and all', async () => {
    const { store, fails } = frail()
    const send = gate()
    const w = world([scriptedProvider({ channels: ['sms'], timeout: '10s', replies: [send.reply] })], { store })
    const id = await w.send(['sms'])
    fails.add('update')
    send.release(accept({ messageId: 'message-1' }))
    await w.to(20)
    fails.clear()
    await w.to(26)
    expect((await w.record(id)).steps[0]!.attempts).toMatchObject([{ state: 'accepted', messageId: 'message-1' }])
    expect(errors(w)).toEqual([])
    expect(await w.receipt('sms', 'delivered', 'message-1')).toMatchObject({ applied: 1 })
  })

  test('after the call, when the notifier is closed: it gives up, and says so', async () => {
    const { store, fails } = frail()
    const send = gate()
    const w = world([sms(send.reply)], { store })
    await w.send(['sms'])
    fails.add('update')
    send.release()
    const closing = w.notifier.close({ timeout: '1s' })
    await w.to(10)
    await closing
    expect(errors(w)).toEqual(['update: connection lost'])
    expect(w.clock.timers).toBe(0)
  })

  test('after the call, for too long: an error event; the lease ends as unknown, and the message is not sent twice', async () => {
    const { store, fails } = frail()
    const send = gate()
    const provider = scriptedProvider({
      channels: ['sms'],
      timeout: '10s',
      replies: [send.reply],
      keys: ({ idempotencyKey }) => [`ours:${idempotencyKey}`],
    })
    const w = world([provider], { store })
    const id = await w.send([{ channel: 'sms', within: '2m' }])
    fails.add('update')
    send.release()
    await w.to(39)
    expect(errors(w)).toEqual(['update: connection lost'])
    fails.clear()
    expect(await w.states(id)).toEqual(['sending'])
    await w.to(41)
    expect((await w.record(id)).steps[0]!.attempts).toMatchObject([{ state: 'unknown' }])
    expect(await w.receipt('sms', 'delivered', `ours:${id}.0.0`)).toMatchObject({ applied: 1 })
    expect((await w.outcome(id))?.status).toBe('delivered')
    expect(provider.calls).toHaveLength(1)
  })

  test('before the call, at the write ahead of it: nothing is sent, the permit is back, and the step is begun again', async () => {
    const { store, fails } = frail()
    const provider = scriptedProvider({ channels: ['email'], receipts: 'none', limits: { concurrency: 1 } })
    const first = sms(fail('recipient'))
    const w = world([first, provider], { store })
    const updates = store.update
    let count = 0
    // The second update is the one that writes the second step's attempt ahead of its call.
    store.update = async (record, version) => {
      if (++count === 2) throw new Error('update: connection lost')
      return updates(record, version)
    }
    const id = await w.send(['sms', 'email'])
    await w.to(1)
    expect([errors(w), provider.calls.length]).toEqual([['update: connection lost'], 0])
    fails.clear()
    await w.to(60)
    expect(provider.calls).toHaveLength(1)
    expect((await w.outcome(id))?.by).toBe('email')
    await w.send(['email'])
    await w.to(61)
    expect(provider.calls).toHaveLength(2)
  })

  test('while a receipt is written: ingest rejects, so that the vendor sends it again', async () => {
    const { store, fails } = frail()
    const w = world([scriptedProvider({ channels: ['sms'] })], { store })
    const id = await w.send(['sms'])
    await w.to(1)
    fails.add('update')
    await expect(w.receipt('sms', 'delivered', `${id}.0.0`)).rejects.toThrow('update: connection lost')
    fails.clear()
    expect(await w.receipt('sms', 'delivered', `${id}.0.0`)).toMatchObject({ applied: 1 })
  })

  test('while a cancel is written: cancel rejects, and nothing has changed', async () => {
    const { store, fails } = frail()
    const w = world([sms()], { store })
    const id = await w.send(['sms'], { sendAt: 1000 })
    fails.add('update')
    await expect(w.notifier.cancel(id)).rejects.toThrow('update: connection lost')
    fails.clear()
    await w.to(1)
    expect((await w.outcome(id))?.status).toBe('delivered')
  })

  test.each([
    ['throws', () => fails()],
    ['rejects', async () => fails()],
  ])('a scheduler that %s is an error event: the record is stored all the same, and sent where it is due', async (_, wakeAt) => {
    const scheduler = {
      wakeAt,
      start() {},
      stop() {},
    }
    const w = world([sms()], { scheduler })
    const id = await w.send(['sms'], { sendAt: 1000 })
    await w.to(0)
    expect(errors(w)).toEqual(['queue down'])
    expect((await w.record(id)).dueAt).toBe(1000)
    const now = await w.send(['sms'])
    await w.to(1)
    expect((await w.outcome(now))?.status).toBe('delivered')
  })

  test('a record that the store has dropped meanwhile is left alone', async () => {
    const store = memoryStore()
    const send = gate()
    const w = world([sms(send.reply)], { store: { ...store, update: async () => false, get: async () => undefined } })
    await w.send(['sms'])
    send.release()
    await w.to(1)
    expect(errors(w)).toEqual([])
  })
})

function fails(): never {
  throw new Error('queue down')
}

function counter(prefix: string) {
  let count = 0
  return () => `${prefix}${++count}`
}
