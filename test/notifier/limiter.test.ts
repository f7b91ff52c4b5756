import fc from 'fast-check'
import { type ChannelProvider, createNotifier, memoryStore, type NotificationRecord, type NotificationStore } from 'omnicascade'
import { gate, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { createLimiter } from '../../src/notifier/limiter.ts'
import { world } from '../support/world.ts'

const sms = ['sms'] as const

describe('what a provider sees of its limits', () => {
  const limits = fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    per: fc.integer({ min: 1, max: 1000 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
  })
  const arrivals = fc.array(
    fc.record({ after: fc.integer({ min: 0, max: 400 }), takes: fc.integer({ min: 0, max: 600 }), works: fc.boolean() }),
    { minLength: 1, maxLength: 25, size: 'max' },
  )

  test('in no window are there more calls than the rate allows, never more at a time, in the order of arrival, and none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(limits, arrivals, async ({ count, per, concurrency }, sends) => {
        const clock = virtualClock()
        const calls: { id: string; at: number }[] = []
        let running = 0
        let most = 0
        const provider: ChannelProvider<'sms'> = {
          name: 'sms',
          channels: sms,
          receipts: 'none',
          limits: { rate: { count, per }, concurrency },
          send({ notificationId: id }) {
            calls.push({ id, at: clock.now() })
            most = Math.max(most, ++running)
            const { takes, works } = sends[Number(id)]!
            return new Promise((resolve, reject) =>
              clock.setTimer(takes, () => {
                running--
                if (works) resolve({})
                else reject(Object.assign(new Error('unknown'), { code: 'ECONNRESET' }))
              }),
            )
          },
        }
        let ids = 0
        const breaker = { threshold: 1000 }
        const notifier = createNotifier({ providers: [provider], clock, breaker, createId: () => String(ids++) })
        for (const { after } of sends) {
          await clock.advance(after)
          await notifier.send({ to: { phone: '+420777123456' }, content: { sms: { text: 'Hello' } }, cascade: ['sms'] })
        }
        await clock.advance('1h')
        expect(calls.map(({ id }) => id)).toEqual(sends.map((_, index) => String(index)))
        for (const [index, { at }] of calls.entries()) {
          const later = calls[index + count]
          if (later !== undefined) expect(later.at - at).toBeGreaterThanOrEqual(per)
        }
        expect(most).toBeLessThanOrEqual(concurrency)
        expect(clock.timers).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('however long each attempt takes to be written down before its call, the calls keep the rate', async () => {
    await fc.assert(
      fc.asyncProperty(
        limits,
        fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 2, maxLength: 25 }),
        async (given, takes) => {
          const { count, per, concurrency } = given
          const clock = virtualClock()
          const memory = memoryStore()
          const calls: number[] = []
          const provider: ChannelProvider<'sms'> = {
            name: 'sms',
            channels: sms,
            receipts: 'none',
            limits: { rate: { count, per }, concurrency: concurrency * 10 },
            async send() {
              calls.push(clock.now())
              return {}
            },
          }
          let inserts = 0
          const store: NotificationStore = {
            ...memory,
            async insert(record) {
              const delay = takes[inserts++] ?? 0
              await new Promise<void>((resolve) => clock.setTimer(delay, resolve))
              return memory.insert(record)
            },
          }
          const notifier = createNotifier({ providers: [provider], clock, store })
          const request = { to: { phone: '+420777123456' }, content: { sms: { text: 'Hello' } }, cascade: sms } as const
          const sent = takes.map(() => notifier.send(request))
          await clock.advance('2h')
          await Promise.all(sent)
          expect(calls).toHaveLength(takes.length)
          for (const [index, at] of calls.entries()) {
            const later = calls[index + count]
            if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(per)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a pause saves nothing up: after it there is one burst of `count`, and the next call waits for `per`', async () => {
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', limits: { rate: { count: 2, per: '1s' } } })
    const w = world([provider])
    await w.to(3600)
    for (let i = 0; i < 5; i++) await w.send(['sms'])
    await w.to(3700)
    expect(w.times('attempt.started')).toEqual([3600, 3600, 3601, 3601, 3602])
  })
})

describe('a backlog that a rate cannot clear within half a minute', () => {
  const limits = { rate: { count: 2, per: '1s' } } as const

  test('waits in the store: they come back little by little, none too late, and say why they wait', async () => {
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', limits })
    const store = memoryStore()
    const w = world([provider], { store })
    const ids: string[] = []
    for (let i = 0; i < 1000; i++) ids.push(await w.send(['sms'], { sendAt: 1000 }))
    await w.to(1)
    const records = await Promise.all(ids.map((id) => w.record(id)))
    const held = records.filter(({ timeline }) => timeline.some((entry) => entry.type === 'step.held' && entry.reason === 'rate'))
    // Two went at once, 59 wait in memory: they go within 30 s.
    expect(held).toHaveLength(1000 - 2 - 59)
    const times = held.map(({ dueAt }) => dueAt! - 1000)
    expect(Math.min(...times)).toBeGreaterThan(30_000)
    for (const time of times) expect(times.filter((other) => other >= time && other < time + 10_000).length).toBeLessThan(300)
    await w.to(502)
    expect(provider.calls).toHaveLength(1000)
    const started = w.times('attempt.started')
    for (const [index, at] of started.entries()) if (index >= 2) expect(at - started[index - 2]!).toBeGreaterThanOrEqual(1)
    const changes = (await Promise.all(ids.map((id) => w.record(id)))).map(({ version }) => version)
    // Each is written when it is begun and answered, and when it is put off, a few times at most: not once a minute.
    expect(changes.reduce((sum, version) => sum + version, 0) / changes.length).toBeLessThan(10)
  })

  test('lets a few that come meanwhile pass: they wait no longer than half a minute', async () => {
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', limits })
    const w = world([provider])
    for (let i = 0; i < 1000; i++) await w.send(['sms'], { sendAt: 1000 })
    await w.to(20)
    const id = await w.send(['sms'])
    await w.to(51)
    expect((await w.outcome(id))?.status).toBe('delivered')
  })

  test('does not outlive the notification: what expires meanwhile is not sent', async () => {
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', limits })
    const w = world([provider])
    const ids: string[] = []
    for (let i = 0; i < 200; i++) ids.push(await w.send(['sms'], { expiresAt: 60_000 }))
    await w.to(600)
    const outcomes = await Promise.all(ids.map((id) => w.outcome(id)))
    expect(outcomes.filter((outcome) => outcome?.status === 'expired')).toHaveLength(200 - provider.calls.length)
    expect(Math.max(...w.times('attempt.started'))).toBeLessThan(60)
  })
})

describe('the limiter', () => {
  const settledBy = async (entered: number | Promise<number>) => {
    let moment: number | undefined
    void Promise.resolve(entered).then((at) => {
      moment = at
    })
    await virtualClock().advance(0)
    return moment
  }

  test('without limits everyone goes at once, and no timer is set', () => {
    const clock = virtualClock(5)
    const limiter = createLimiter({}, clock)
    expect([limiter.enter(), limiter.enter(), limiter.enter()]).toEqual([5, 5, 5])
    expect(clock.timers).toBe(0)
  })

  test('a place that was taken and not used is free again at once', () => {
    const limiter = createLimiter({ rate: { count: 1, per: '1m' }, concurrency: 1 }, virtualClock())
    for (let i = 0; i < 100; i++) {
      const moment = limiter.enter()
      expect(moment).toBe(0)
      limiter.leave(moment as number, false)
    }
    expect(limiter.enter()).toBe(0)
    limiter.leave()
    expect(limiter.enter()).toBeInstanceOf(Promise)
  })

  test('a place given back late does not free the place of a call that was made meanwhile', async () => {
    const clock = virtualClock()
    const limiter = createLimiter({ rate: { count: 2, per: '1s' } }, clock)
    const unused = limiter.enter() as number
    await clock.advance(100)
    expect(limiter.enter()).toBe(100)
    limiter.leave(unused, false)
    const next = limiter.enter()
    expect(await settledBy(next)).toBeUndefined()
    await clock.advanceTo(1000)
    expect(await next).toBe(1000)
  })

  test('who waits is let in as soon as one leaves, first come, first served', async () => {
    const limiter = createLimiter({ concurrency: 1 }, virtualClock())
    expect(limiter.enter()).toBe(0)
    const order: number[] = []
    for (const place of [1, 2, 3]) void Promise.resolve(limiter.enter()).then(() => order.push(place))
    for (let i = 0; i < 3; i++) {
      limiter.leave()
      await virtualClock().advance(0)
    }
    expect(order).toEqual([1, 2, 3])
  })

  test('however many wait, each is let in at the same cost, in order', async () => {
    const limiter = createLimiter({ concurrency: 1 }, virtualClock())
    expect(limiter.enter()).toBe(0)
    const order: number[] = []
    const count = 300_000
    for (let place = 0; place < count; place++) void Promise.resolve(limiter.enter()).then(() => order.push(place))
    for (let place = 0; place < count; place++) limiter.leave()
    await virtualClock().advance(0)
    expect(order).toHaveLength(count)
    expect(order.every((place, index) => place === index)).toBe(true)
  })

  test('a clock that is set back by an hour holds nobody for an hour', async () => {
    let now = 3_600_000
    const timers: number[] = []
    const clock = {
      now: () => now,
      setTimer: (delay: number) => {
        timers.push(delay)
        return () => {}
      },
    }
    const limiter = createLimiter({ rate: { count: 1, per: 1000 } }, clock)
    expect(limiter.enter()).toBe(now)
    now = 0
    void limiter.enter()
    expect(timers).toEqual([1000])
  })

  test('a call that is made just after its clock was set back counts from then all the same', () => {
    let now = 3_600_000
    const timers: number[] = []
    const clock = {
      now: () => now,
      setTimer: (delay: number) => {
        timers.push(delay)
        return () => {}
      },
    }
    const limiter = createLimiter({ rate: { count: 1, per: 1000 } }, clock, true)
    expect(limiter.enter()).toBe(3_600_000)
    now = 0
    limiter.go(3_600_000)
    now = 10
    void limiter.enter()
    expect(timers).toEqual([990])
  })

  test('a rate whose bounds are no whole milliseconds is kept to all the same', async () => {
    const clock = virtualClock()
    const limiter = createLimiter({ rate: { count: 1, per: 0.5 } }, clock)
    void limiter.enter()
    const next = limiter.enter()
    await clock.advance(1)
    expect(await next).toBe(1)
  })
})

describe('permits are given back on every path', () => {
  const limits = { concurrency: 1 } as const
  const text = { to: { phone: '+420777123456' }, content: { sms: { text: 'Hello' } }, cascade: ['sms'] } as const

  test('a call that is accepted, fails, throws, or is cut', async () => {
    const provider = scriptedProvider({
      channels: ['sms'],
      timeout: '1s',
      limits,
      replies: [
        async () => ({}),
        () => Promise.reject(null),
        () => {
          throw new Error('at once')
        },
        () => new Promise(() => {}),
      ],
    })
    const w = world([provider])
    for (let i = 0; i < 5; i++) await w.send(['sms'])
    await w.to(2)
    expect(provider.calls).toHaveLength(5)
  })

  test('a notification cancelled while it waits for its permit is not sent, and the next one is', async () => {
    const first = gate()
    const provider = scriptedProvider({ channels: ['sms'], limits, replies: [first.reply] })
    const w = world([provider])
    await w.send(['sms'])
    const second = await w.send(['sms'])
    const third = await w.send(['sms'])
    expect(await w.notifier.cancel(second)).toBe('cancelled')
    first.release()
    await w.to(1)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual(['n1', third])
  })

  test('a notification that expires while it waits for its permit is not sent, and the next one is', async () => {
    const first = gate()
    const provider = scriptedProvider({ channels: ['sms'], limits, replies: [first.reply] })
    const w = world([provider])
    await w.send(['sms'])
    await w.send(['sms'], { expiresAt: 10_000 })
    const third = await w.send(['sms'])
    await w.to(11)
    first.release()
    await w.to(12)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual(['n1', third])
  })

  test('a step whose window closes while it waits for its permit is not sent before it opens again', async () => {
    const first = gate()
    const provider = scriptedProvider({ channels: ['sms'], limits, timeout: '1h', replies: [first.reply] })
    const start = Date.parse('2026-11-25T20:59:00+01:00')
    const w = world([provider], { start })
    await w.send(['sms'])
    await w.send(['sms'], { window: { from: '09:00', to: '21:00' } })
    const third = await w.send(['sms'])
    await w.to(120)
    first.release()
    await w.to(121)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual(['n1', third])
    await w.clock.advanceTo(Date.parse('2026-11-26T09:00:00+01:00'))
    expect(provider.calls).toHaveLength(3)
  })

  test('a store that refuses the record: send rejects, nothing is sent, and the permit is back', async () => {
    const provider = scriptedProvider({ channels: ['sms'], limits })
    const store = failingOnce()
    const w = world([provider], { store })
    await expect(w.send(['sms'])).rejects.toThrow('disk full')
    expect(provider.calls).toHaveLength(0)
    await w.send(['sms'])
    await w.to(1)
    expect(provider.calls).toHaveLength(1)
  })

  test('a store that refuses the record of a send that waits for its permit: the permit is not taken with it', async () => {
    const first = gate()
    const provider = scriptedProvider({ channels: ['sms'], limits, replies: [first.reply] })
    const store = failingOnce(2)
    const w = world([provider], { store })
    await w.send(['sms'])
    await expect(w.send(['sms'])).rejects.toThrow('disk full')
    await w.send(['sms'])
    first.release()
    await w.to(1)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual(['n1', 'n3'])
  })

  test('a request under a known idempotency key takes no permit with it, whether it waits for one or not', async () => {
    const first = gate()
    const provider = scriptedProvider({ channels: ['sms'], limits, replies: [first.reply] })
    const w = world([provider])
    const known = { ...text, idempotencyKey: 'once' }
    await w.notifier.send(known)
    await w.notifier.send(known)
    first.release()
    await w.to(1)
    await w.notifier.send(known)
    await w.send(['sms'])
    await w.to(2)
    expect(provider.calls).toHaveLength(2)
  })

  test('an adapter whose `keys` throws: the error is told without its words, the permit is back, and the next provider sends', async () => {
    let broken = true
    const limited = { channels: ['sms'], receipts: 'none', limits } as const
    const one = scriptedProvider({
      ...limited,
      name: 'one',
      keys() {
        if (broken) throw new Error('a bug over +420777123456')
        return []
      },
    })
    const two = scriptedProvider({ ...limited, name: 'two' })
    const w = world([one, two])
    await w.send(['sms'])
    await w.send([{ channel: 'sms', through: 'one' }, 'sms'])
    await w.to(1)
    const told = { type: 'error', error: { message: 'one threw Error (in its keys)' } }
    expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([told, told, told])
    expect([one.calls.length, two.calls.length]).toEqual([0, 2])
    expect(await w.states('n2')).toEqual(['failed', 'succeeded'])
    broken = false
    await w.send(['sms'])
    await w.to(2)
    expect(one.calls).toHaveLength(1)
  })
})

/** The default store, whose `nth` insert fails. */
function failingOnce(nth = 1) {
  const store = memoryStore()
  let inserts = 0
  return {
    ...store,
    async insert(record: NotificationRecord) {
      if (++inserts === nth) throw new Error('disk full')
      return store.insert(record)
    },
  }
}
