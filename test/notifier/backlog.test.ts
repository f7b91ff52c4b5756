import fc from 'fast-check'
import type { ProviderLimits } from 'omnicascade'
import { scriptedProvider, type VirtualClock, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { createLimiter } from '../../src/notifier/limiter.ts'
import { world } from '../support/world.ts'

const patience = 30_000

/** A provider whose calls take 100 ms. */
function slow(limits: ProviderLimits, clock: VirtualClock) {
  return scriptedProvider({
    channels: ['sms'],
    receipts: 'none',
    limits,
    replies: Array(5000).fill(() => new Promise((resolve) => clock.setTimer(100, () => resolve({})))),
  })
}

describe('a backlog in the store is worked off in about the time that its provider needs', () => {
  const limits = { rate: { count: 2, per: '1s' } } as const
  const provider = () => scriptedProvider({ channels: ['sms'], receipts: 'none', limits })

  test.each([
    ['every other one', (index: number) => index % 2 === 0],
    ['the first half', (index: number) => index < 500],
    ['the last half', (index: number) => index >= 500],
  ])('though %s of those who wait is cancelled', async (_, isCancelled) => {
    const sms = provider()
    const w = world([sms])
    const ids: string[] = []
    for (let i = 0; i < 1000; i++) ids.push(await w.send(['sms']))
    for (const [index, id] of ids.entries()) if (isCancelled(index)) await w.notifier.cancel(id)
    await w.to(3000)
    expect(w.times('notification.settled')).toHaveLength(1000)
    expect(Math.max(...w.times('attempt.started'))).toBeLessThan(1.2 * (sms.calls.length / 2))
  })

  test('though each was asked for three times under its key', async () => {
    const sms = provider()
    const w = world([sms])
    for (let i = 0; i < 300; i++) for (let again = 0; again < 3; again++) await w.send(['sms'], { idempotencyKey: `order-${i}` })
    await w.to(1000)
    expect(sms.calls).toHaveLength(300)
    expect(Math.max(...w.times('attempt.started'))).toBeLessThan(1.2 * 150)
  })

  test('though a larger one before it was cancelled as a whole', async () => {
    const w = world([provider()])
    const ids: string[] = []
    for (let i = 0; i < 4000; i++) ids.push(await w.send(['sms']))
    for (const id of ids) await w.notifier.cancel(id)
    await w.to(100)
    for (let i = 0; i < 200; i++) await w.send(['sms'])
    await w.to(3000)
    expect(w.times('notification.settled')).toHaveLength(4200)
    expect(Math.max(...w.times('attempt.started'))).toBeLessThan(100 + 1.2 * 100)
  })

  test('and one behind a concurrency waits in the store as well, but for what is served within half a minute', async () => {
    const clock = virtualClock()
    const sms = slow({ concurrency: 2 }, clock)
    const w = world([sms], { clock })
    for (let i = 0; i < 2000; i++) await w.send(['sms'])
    await w.to(1)
    const held = w.events.filter((event) => event.type === 'step.held' && event.reason === 'rate')
    expect(held.length).toBeGreaterThan(2000 - 700)
    await w.to(1000)
    expect(sms.calls).toHaveLength(2000)
    expect(Math.max(...w.times('attempt.started'))).toBeLessThan(1.2 * 100)
  })
})

describe('who is put off', () => {
  /** Puts off as many as told, behind a limiter that is full. */
  function putOff(count: number, limits: ProviderLimits) {
    const limiter = createLimiter(limits, virtualClock())
    while (limiter.putOff(patience) === null) void limiter.enter()
    return Array.from({ length: count }, () => {
      const off = limiter.putOff(patience)!
      off.take()
      return off.until
    })
  }

  test('is one of a million: they do not all come back at once, and all within the time that the provider needs', () => {
    const perMinute = new Map<number, number>()
    for (const until of putOff(1_000_000, { rate: { count: 30, per: '1s' } })) {
      const minute = Math.floor(until / 60_000)
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1)
    }
    // In a minute 1800 are served. More come at first: how many there would be was not known when they were put off.
    expect(Math.max(...perMinute.values())).toBeLessThan(1800 * 30)
    const minutes = [...perMinute.keys()]
    expect(Math.max(...minutes)).toBeLessThan(1_000_000 / 1800)
    expect(minutes).toHaveLength(Math.max(...minutes) + 1)
  })

  test('does not wait past the time at which a slow rate has room', () => {
    expect(putOff(3, { rate: { count: 1, per: '1h' } })).toEqual([3_600_000, 3_600_000, 3_600_000])
  })

  test('takes no place by asking', () => {
    const limiter = createLimiter({ rate: { count: 1, per: '1h' } }, virtualClock())
    void limiter.enter()
    for (let i = 0; i < 100; i++) limiter.putOff(patience)
    expect(limiter.putOff(patience)?.until).toBe(3_600_000)
    limiter.close()
    expect(limiter.putOff(patience)).toBeNull()
  })

  test('comes again in time though the clock was set back by a day meanwhile', () => {
    let now = 86_400_000
    const limiter = createLimiter({ rate: { count: 1, per: '1m' } }, { now: () => now, setTimer: () => () => {} })
    void limiter.enter()
    for (let i = 0; i < 30; i++) limiter.putOff(patience)!.take()
    now = 0
    for (let i = 0; i < 30; i++) {
      const off = limiter.putOff(patience)!
      expect(off.until).toBeLessThanOrEqual(20 * 60_000)
      off.take()
    }
  })

  test('is put off by how long calls have lately taken', async () => {
    const clock = virtualClock()
    const limiter = createLimiter({ concurrency: 1 }, clock)
    const fits = async () => {
      const own = createLimiter({ concurrency: 1 }, clock)
      for (let i = 0; i < 50; i++) {
        const entered = own.enter() as number
        await clock.advance(500)
        own.leave(entered)
      }
      let count = 0
      for (; own.putOff(patience) === null; count++) void own.enter()
      return count
    }
    let count = 0
    for (; limiter.putOff(patience) === null; count++) void limiter.enter()
    expect(count).toBeGreaterThan(300)
    expect(await fits()).toBeLessThan(65)
  })
})

test('whatever the limits: they are kept, everyone is served, and in about the shortest time', async () => {
  const limits = fc.record(
    {
      rate: fc.record({ count: fc.integer({ min: 1, max: 20 }), per: fc.integer({ min: 100, max: 10_000 }) }),
      concurrency: fc.integer({ min: 1, max: 5 }),
    },
    { requiredKeys: [] },
  )
  const backlog = fc.record({ size: fc.integer({ min: 1, max: 600 }), takes: fc.integer({ min: 50, max: 2000 }) })
  const cancelled = fc.record({ from: fc.nat(600), count: fc.nat(300) })
  await fc.assert(
    fc.asyncProperty(limits, backlog, cancelled, async (given, { size, takes }, { from, count }) => {
      const clock = virtualClock()
      const limiter = createLimiter(given, clock)
      const starts: number[] = []
      let running = 0
      let most = 0
      let looks = 0
      let gone = 0
      const ask = (index: number): void => {
        // Half of them at most, in one piece, are cancelled while they are away.
        if (clock.now() > 0 && index >= from && index < from + Math.min(count, size / 2)) return void gone++
        looks++
        const off = limiter.putOff(patience)
        off?.take()
        if (off !== null) clock.setTimer(off.until - clock.now(), () => ask(index))
        else void serve()
      }
      const serve = async () => {
        const moment = await limiter.enter()
        starts.push(clock.now())
        most = Math.max(most, ++running)
        clock.setTimer(takes, () => {
          running--
          limiter.leave(moment)
        })
      }
      for (let index = 0; index < size; index++) ask(index)
      await clock.advance('10d')

      const { rate, concurrency = Number.POSITIVE_INFINITY } = given
      expect(clock.timers).toBe(0)
      expect(starts.length + gone).toBe(size)
      expect(most).toBeLessThanOrEqual(concurrency)
      if (rate !== undefined)
        for (const [index, at] of starts.entries()) {
          const later = starts[index + rate.count]
          if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(rate.per)
        }
      const pace = Math.max(rate === undefined ? 0 : rate.per / rate.count, takes / concurrency)
      // Those who were put off before any call had told how long it takes come after half a minute, though the others may be through.
      const slack = (rate?.per ?? 0) + (concurrency < size ? patience : 0)
      expect(Math.max(...starts)).toBeLessThanOrEqual(1.2 * starts.length * pace + slack)
      expect(looks).toBeLessThan(12 * size + 50)
    }),
    { numRuns: 200 },
  )
}, 60_000)
