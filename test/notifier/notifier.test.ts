import { memoryStore, type NotificationStore, type Receipt } from 'omnicascade'
import { type accept, fail, gate, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { world } from '../support/world.ts'
import { turn } from './support.ts'

const sms = (...replies: ReturnType<typeof accept>[]) => scriptedProvider({ channels: ['sms'], receipts: 'none', replies })

describe('settled', () => {
  test('resolves with the outcome once there is one, for everyone who waits', async () => {
    const w = world([scriptedProvider({ channels: ['sms'] })])
    const id = await w.send(['sms'])
    await w.to(1)
    const waiting = [w.notifier.settled(id), w.notifier.settled(id)]
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    expect((await Promise.all(waiting)).map(({ status, by }) => [status, by])).toEqual([
      ['delivered', 'sms'],
      ['delivered', 'sms'],
    ])
  })

  test('resolves at once when it has settled before', async () => {
    const w = world([sms(fail('recipient'))])
    const id = await w.send(['sms'])
    await w.to(1)
    expect(await w.notifier.settled(id)).toMatchObject({ status: 'failed' })
  })

  test('rejects for an id that there is not, naming it', async () => {
    await expect(world([sms()]).notifier.settled('n9')).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no notification n9 in the store, or no longer (see keepFor)',
    })
  })

  test('rejects with the reason of an abort, while others go on waiting', async () => {
    const w = world([scriptedProvider({ channels: ['sms'] })])
    const id = await w.send(['sms'])
    await w.to(1)
    const abort = new AbortController()
    const impatient = w.notifier.settled(id, { signal: abort.signal })
    const patient = w.notifier.settled(id)
    abort.abort(new Error('tired'))
    await expect(impatient).rejects.toThrow('tired')
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    expect((await patient).status).toBe('delivered')
  })

  test('rejects at once when it is aborted already', async () => {
    const w = world([sms()])
    const id = await w.send(['sms'])
    await expect(w.notifier.settled(id, { signal: AbortSignal.abort(new Error('tired')) })).rejects.toThrow('tired')
  })

  test('leaves no listener on a signal that outlives it', async () => {
    const w = world([sms()])
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners++
      addEventListener.apply(signal, given)
    }
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners--
      removeEventListener.apply(signal, given)
    }
    const id = await w.send(['sms'])
    await w.to(1)
    await w.notifier.settled(id, { signal })
    await w.notifier.settled('n9', { signal }).catch(() => {})
    expect(listeners).toBe(0)
  })

  test('sees a notification that settles while the store is being asked', async () => {
    const memory = memoryStore()
    const send = gate()
    let release = () => {}
    let slow = false
    const store: NotificationStore = {
      ...memory,
      async get(id) {
        const record = await memory.get(id)
        if (slow)
          await new Promise<void>((resolve) => {
            release = resolve
          })
        return record
      },
    }
    const w = world([sms(send.reply)], { store })
    const id = await w.send(['sms'])
    slow = true
    const waiting = w.notifier.settled(id)
    await turn()
    send.release()
    await turn()
    release()
    expect((await waiting).status).toBe('delivered')
  })
})

test('a conflict of idempotency keys names the notification and the fields, not the key: apps make keys of addresses', async () => {
  const w = world([sms()])
  const idempotencyKey = 'welcome-ada@example.org'
  const id = await w.send(['sms'], { idempotencyKey })
  const error: Error = await w.send(['sms'], { idempotencyKey, metadata: { again: true } }).then(
    () => expect.fail('it was taken'),
    (thrown) => thrown,
  )
  expect(error).toMatchObject({ code: 'idempotency-conflict', notificationId: id, fields: ['metadata'] })
  expect(error.message).toBe(
    `the idempotency key belongs to notification ${id}, whose request differs in metadata: use another key`,
  )
})

describe('cancel', () => {
  test('rejects for an id that there is not', async () => {
    await expect(world([sms()]).notifier.cancel('n9')).rejects.toMatchObject({ code: 'not-found' })
  })

  test('a vendor that never answers whether it called the message back is cut, and holds nobody up', async () => {
    const signals: AbortSignal[] = []
    const provider = {
      ...scriptedProvider({ channels: ['sms'] }),
      cancel: (_: unknown, { signal }: { signal: AbortSignal }) => {
        signals.push(signal)
        return new Promise<boolean>(() => {})
      },
    }
    const w = world([provider])
    const id = await w.send(['sms'])
    await w.to(1)
    expect(await w.notifier.cancel(id)).toBe('too-late')
    let idle = false
    void w.notifier.idle().then(() => {
      idle = true
    })
    await w.to(30)
    expect(idle).toBe(false)
    await w.to(31)
    expect(idle).toBe(true)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await w.to(400)
    expect(await w.outcome(id)).toMatchObject({ status: 'cancelled' })
  })

  test('a vendor that fails to call back is an error event; the notification goes on as it was', async () => {
    const provider = { ...scriptedProvider({ channels: ['sms'] }), cancel: () => Promise.reject(new Error('S3CRET')) }
    const w = world([provider])
    const id = await w.send(['sms'])
    await w.to(1)
    await w.notifier.cancel(id)
    await w.to(2)
    expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([
      { id, error: { message: 'sms threw Error (in its cancel)' } },
    ])
    expect(await w.states(id)).toEqual(['awaiting'])
  })
})

describe('tick, with nobody else to wake notifications', () => {
  test('nothing happens by itself, no timer is set, and tick does all that is due, and all that follows from it', async () => {
    const provider = sms(fail('recipient'))
    const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
    const w = world([provider, email], { scheduler: 'manual' })
    for (let i = 0; i < 600; i++) await w.send(['sms', 'email'], { sendAt: 5000 })
    await w.to(3600)
    expect(w.clock.timers).toBe(0)
    expect(provider.calls).toHaveLength(0)
    await w.notifier.tick()
    expect(provider.calls).toHaveLength(600)
    expect(email.calls).toHaveLength(1)
    expect(w.events.filter(({ type }) => type === 'notification.settled')).toHaveLength(600)
    expect(w.clock.timers).toBe(0)
  })

  test('what is not due yet is left for a later tick', async () => {
    const provider = scriptedProvider({ channels: ['sms'] })
    const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
    const w = world([provider, email], { scheduler: 'manual' })
    const id = await w.send([{ channel: 'sms', within: '2m' }, 'email'])
    await w.to(119)
    await w.notifier.tick()
    expect(await w.states(id)).toEqual(['awaiting', 'pending'])
    await w.to(120)
    await w.notifier.tick()
    expect(await w.states(id)).toEqual(['timed-out', 'succeeded'])
  })

  test('a retry that comes due while a tick is at work is left for the next', async () => {
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', replies: [fail('transient')] })
    const w = world([provider], { scheduler: 'manual' })
    const id = await w.send(['sms'], { sendAt: 1000 })
    await w.to(1)
    await w.notifier.tick()
    expect(await w.states(id)).toEqual(['ready'])
    await w.to(2)
    await w.notifier.tick()
    expect(await w.states(id)).toEqual(['succeeded'])
  })

  test('a store that does not answer rejects the tick; one that does not take a change is told as an error, and not spun on', async () => {
    const memory = memoryStore()
    let down: 'due' | 'update' | undefined = 'due'
    const store: NotificationStore = {
      ...memory,
      async due(now, limit) {
        if (down === 'due') throw new Error('store down')
        return memory.due(now, limit)
      },
      async update(record, version) {
        if (down === 'update') throw new Error('store down')
        return memory.update(record, version)
      },
    }
    const provider = sms()
    const w = world([provider], { scheduler: 'manual', store })
    const id = await w.send(['sms'], { sendAt: 1000 })
    await w.to(1)
    await expect(w.notifier.tick()).rejects.toThrow('store down')
    down = 'update'
    await w.notifier.tick()
    expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([{ id, error: { message: 'store down' } }])
    down = undefined
    await w.notifier.tick()
    expect(provider.calls).toHaveLength(1)
  })
})

test.each(['manual', 'by itself'])(
  '500 records that cannot be moved on do not keep the others from being sent (%s)',
  async (how) => {
    const memory = memoryStore()
    const stuck = new Set<string>()
    const store: NotificationStore = {
      ...memory,
      async update(record, version) {
        if (stuck.has(record.id)) throw new Error('this one does not fit')
        return memory.update(record, version)
      },
    }
    const provider = sms()
    const w = world([provider], how === 'manual' ? { store, scheduler: 'manual' } : { store })
    for (let i = 0; i < 500; i++) stuck.add(await w.send(['sms'], { sendAt: 1000 }))
    for (let i = 0; i < 300; i++) await w.send(['sms'], { sendAt: 2000 })
    await w.to(2)
    if (how === 'manual') await w.notifier.tick()
    expect(provider.calls).toHaveLength(300)
  },
)

test('idle resolves once nothing is under way, also what begins meanwhile', async () => {
  const first = gate()
  const second = gate()
  const w = world([sms(first.reply), scriptedProvider({ channels: ['email'], replies: [second.reply] })])
  await w.send(['sms', 'email'])
  let idle = false
  void w.notifier.idle().then(() => {
    idle = true
  })
  first.release(fail('recipient'))
  await w.to(1)
  expect(idle).toBe(false)
  second.release()
  await w.to(2)
  expect(idle).toBe(true)
})

describe('delivery times', () => {
  test("are unknown at first, and then those of the vendor's own clock, without assumed deliveries", async () => {
    const w = world([scriptedProvider({ channels: ['sms'] }), scriptedProvider({ channels: ['viber'], receipts: 'failures' })])
    expect(w.notifier.deliveryTimes('sms')).toBeNull()
    for (let i = 1; i <= 100; i++) {
      const id = await w.send(['sms'])
      await w.clock.advance(0)
      const at = w.clock.now() + i * 1000
      await w.receipt('sms', 'delivered', `${id}.0.0`, { at })
      await w.receipt('sms', 'delivered', `${id}.0.0`, { at: at + 5000 })
      await w.receipt('sms', 'read', `${id}.0.0`, { at: at + 9000 })
    }
    expect(w.notifier.deliveryTimes('sms')).toEqual({ count: 100, p50: 51_000, p95: 96_000, p99: 100_000 })
    await w.send([{ channel: 'viber', within: '1s' }])
    await w.to(10)
    expect(w.notifier.deliveryTimes('viber')).toBeNull()
  })

  test('the latest 500 count, and a vendor whose clock is behind delivers in no time rather than before', async () => {
    const w = world([scriptedProvider({ channels: ['sms'] })])
    await w.to(3600)
    const deliver = async (after: number) => {
      const id = await w.send(['sms'])
      await w.clock.advance(0)
      await w.receipt('sms', 'delivered', `${id}.0.0`, { at: w.clock.now() + after })
    }
    await deliver(7000)
    for (let i = 0; i < 500; i++) await deliver(-60_000)
    expect(w.notifier.deliveryTimes('sms')).toEqual({ count: 500, p50: 0, p95: 0, p99: 0 })
  })
})

test('a receipt that two notifiers on one store get at once is applied once by each and told once', async () => {
  const store = memoryStore()
  const providers = () => [scriptedProvider({ channels: ['sms'] })]
  const one = world(providers(), { store })
  const two = world(providers(), { store })
  const id = await one.send(['sms'])
  await one.to(1)
  const receipt: Receipt = { provider: 'sms', keys: [`${id}.0.0`], status: 'delivered', at: 1000 }
  const reports = await Promise.all([one.notifier.ingest([receipt]), two.notifier.ingest([receipt])])
  expect(reports.map(({ applied, duplicate }) => [applied, duplicate]).sort()).toEqual([
    [0, 1],
    [1, 0],
  ])
  expect((await one.record(id)).timeline.filter(({ type }) => type === 'attempt.receipt')).toHaveLength(1)
  expect([...one.events, ...two.events].filter(({ type }) => type === 'notification.settled')).toHaveLength(1)
})
