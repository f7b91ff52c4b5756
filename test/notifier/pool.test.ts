import type { Failure, FailureKind, NotifierEvent, OperatorEvents, Routing } from 'omnicascade'
import { accept, fail, gate, type ScriptedProvider, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { createPool, type Permit } from '../../src/notifier/pool.ts'
import { world } from '../support/world.ts'

const named = (name: string, options: Partial<Parameters<typeof scriptedProvider<'sms'>>[0]> = {}) =>
  scriptedProvider({ ...options, name, channels: ['sms'], receipts: 'none' })
const a = named('a')
const b = named('b')
const c = named('c')
const failure = (kind: FailureKind): Failure => ({ kind, message: kind })

/** The same sequence every time (a linear congruential generator, modulus 2^31). */
function seeded(seed = 1) {
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  }
}

function pool(providers: readonly ScriptedProvider<'sms'>[], route: Routing = 'in-order', random = seeded()) {
  const clock = virtualClock()
  const told: string[] = []
  const created = createPool({
    providers,
    routing: { sms: route },
    breaker: { threshold: 3, coolDown: '30s' },
    clock,
    random,
    emit: (type, event: OperatorEvents[typeof type]) => told.push(`${type} ${event.provider}`),
  })
  return {
    clock,
    told,
    acquire: (prefer: string | null = null) => created.acquire('sms', providers, prefer),
    /** Lets one call through, which ends as told; gives the provider's name, or when there will be one. */
    async call(kind: FailureKind | null = null, prefer: string | null = null) {
      const permit = await created.acquire('sms', providers, prefer)
      if (!('leave' in permit)) return permit.until
      permit.go()
      permit.leave(kind && failure(kind))
      return permit.provider.name
    },
    close: () => created.close(),
  }
}

async function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < count; i++) results.push(await run())
  return results
}

describe('whom a channel turns to', () => {
  test('in order: always the first whose circuit lets it', async () => {
    const p = pool([a, b])
    expect(await times(3, p.call)).toEqual(['a', 'a', 'a'])
    await p.call('configuration')
    expect(await times(3, p.call)).toEqual(['b', 'b', 'b'])
    await p.clock.advance('30s')
    expect(await times(2, p.call)).toEqual(['a', 'a'])
  })

  test('round robin: each in turn', async () => {
    expect(await times(7, pool([a, b, c], 'round-robin').call)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
  })

  test('round robin: the turn of one whose circuit is open goes to the next', async () => {
    const p = pool([a, b, c], 'round-robin')
    await p.call()
    await p.call('configuration')
    expect(await times(4, p.call)).toEqual(['c', 'a', 'c', 'c'])
  })

  test('round robin: each channel has its own turns', async () => {
    const both = ['x', 'y'].map((name) => scriptedProvider({ name, channels: ['sms', 'viber'], receipts: 'none' }))
    const w = world(both, { routing: { sms: 'round-robin', viber: 'round-robin' } })
    for (const channel of ['sms', 'viber', 'sms', 'viber'] as const) await w.send([channel])
    await w.to(1)
    expect(both.map(({ calls }) => calls.map(({ channel }) => channel))).toEqual([
      ['sms', 'viber'],
      ['sms', 'viber'],
    ])
  })

  test('weighted: over 10,000 calls each gets its share, and one that weighs nothing gets none', async () => {
    const p = pool([a, b, c], { weights: { a: 7, b: 3, c: 0 } })
    const count = { a: 0, b: 0, c: 0 }
    for (const name of await times(10_000, p.call)) count[name as 'a' | 'b' | 'c']++
    // Four standard deviations of a binomial distribution with p = 0.7.
    expect(Math.abs(count.a - 7000)).toBeLessThan(4 * Math.sqrt(10_000 * 0.7 * 0.3))
    expect(count.c).toBe(0)
  })

  test('weighted: a provider that is not weighed weighs 1, and one that weighs nothing still stands in', async () => {
    const p = pool([a, b, c], { weights: { a: 0 } })
    const names = await times(1000, p.call)
    expect(names.filter((name) => name === 'a')).toHaveLength(0)
    expect(Math.abs(names.filter((name) => name === 'b').length - 500)).toBeLessThan(4 * Math.sqrt(250))
    for (const other of ['b', 'c']) await p.call('configuration', other)
    expect(await p.call()).toBe('a')
  })

  test.each([0, 0.5, 1 - Number.EPSILON])('weighted: every draw names a provider, also %d', async (draw) => {
    expect(['a', 'b']).toContain(await pool([a, b], { weights: { a: 0.1, b: 0.2 } }, () => draw).call())
    expect(await pool([a, b], { weights: { a: 0, b: 0 } }, () => draw).call()).toBe('a')
  })

  test('the provider of a retry is preferred over the route, unless its circuit is open', async () => {
    const p = pool([a, b, c], 'round-robin')
    expect(await p.call(null, 'c')).toBe('c')
    await p.call('configuration', 'c')
    expect(await p.call(null, 'c')).toBe('a')
  })

  test('without candidates there never will be a permit; with open circuits alone there will be, when the first is probed', async () => {
    expect(await pool([]).call()).toBeNull()
    const p = pool([a, b])
    await p.call('configuration')
    await p.clock.advance('10s')
    await p.call('configuration')
    expect(await p.call()).toBe(30_000)
    expect(p.told).toEqual(['provider.opened a', 'provider.opened b'])
  })
})

describe('a provider that is crowded: who comes would wait longer than half a minute', () => {
  const limited = (name: string, per: string) => named(name, { limits: { rate: { count: 1, per: per as '1h' } } })

  test('makes way for the next that is not, as the route has it', async () => {
    const p = pool([limited('a', '1h'), limited('b', '1h'), c])
    expect(await times(4, p.call)).toEqual(['a', 'b', 'c', 'c'])
  })

  test('makes way also if it is preferred, unless it alone may be asked', async () => {
    const only = pool([limited('a', '1h')])
    expect(await times(2, () => only.call(null, 'a'))).toEqual(['a', 3_600_000])
    const p = pool([b, limited('a', '1h')])
    expect(await times(2, () => p.call(null, 'a'))).toEqual(['a', 'b'])
  })

  test('keeps whoever it lets in within half a minute, though another is idle', async () => {
    const p = pool([limited('a', '20s'), b])
    await p.call()
    const second = p.call()
    await p.clock.advance('20s')
    expect(await second).toBe('a')
  })

  test('does not make way for one whose circuit is open', async () => {
    const p = pool([limited('a', '1h'), b])
    await p.call('configuration', 'b')
    expect(await times(2, p.call)).toEqual(['a', 3_600_000])
  })

  test('puts off until the earliest, if all are crowded', async () => {
    const p = pool([limited('a', '3h'), limited('b', '1h')])
    await times(2, p.call)
    expect(await times(4, p.call)).toEqual([3_600_000, 3_600_000, 3_600_000, 7_200_000])
  })

  test('in several, a backlog is worked off at the pace of all', async () => {
    const fast = (name: string, count: number) => named(name, { limits: { rate: { count, per: '1s' } } })
    const providers = [fast('a', 1), fast('b', 3)]
    const w = world(providers)
    for (let i = 0; i < 1000; i++) await w.send(['sms'])
    await w.to(1000)
    expect(w.times('attempt.started')).toHaveLength(1000)
    expect(Math.max(...w.times('attempt.started'))).toBeLessThan(1.2 * 250)
  })
})

describe('probes', () => {
  test('while one call probes a provider, the others go to the other provider', async () => {
    const p = pool([a, b])
    await p.call('configuration')
    await p.clock.advance('30s')
    const probe = (await p.acquire()) as Permit
    expect(probe.provider.name).toBe('a')
    expect(await times(3, p.call)).toEqual(['b', 'b', 'b'])
    probe.leave(null)
    expect(await p.call()).toBe('a')
  })

  test('with no other provider they wait for the probe, and all go once it has worked', async () => {
    const p = pool([a])
    await p.call('configuration')
    await p.clock.advance('30s')
    const probe = (await p.acquire()) as Permit
    const waiting = [p.call(), p.call(), p.call()]
    probe.leave(null)
    expect(await Promise.all(waiting)).toEqual(['a', 'a', 'a'])
    expect(p.told).toEqual(['provider.opened a', 'provider.closed a'])
  })

  test('when the probe fails none of them goes: the circuit is open again', async () => {
    const p = pool([a])
    await p.call('configuration')
    await p.clock.advance('30s')
    const probe = (await p.acquire()) as Permit
    const waiting = [p.call(), p.call()]
    await p.clock.advance('1s')
    probe.leave(failure('transient'))
    expect(await Promise.all(waiting)).toEqual([61_000, 61_000])
  })

  test('a probe that is not made after all is made by the next in line', async () => {
    const p = pool([a])
    await p.call('configuration')
    await p.clock.advance('30s')
    const probe = (await p.acquire()) as Permit
    const waiting = [p.call(), p.call()]
    probe.leave(undefined)
    expect(await Promise.all(waiting)).toEqual(['a', 'a'])
  })

  test('of those who wait for the limits of a provider that is to be probed, one probes it alone', async () => {
    const slow = named('a', { limits: { concurrency: 1 } })
    const p = pool([slow])
    const running = (await p.acquire()) as Permit
    const waiting = [p.acquire(), p.acquire()]
    running.leave(failure('configuration'))
    expect(await Promise.all(waiting)).toEqual([{ until: 30_000 }, { until: 30_000 }])
    await p.clock.advance('30s')
    const probe = (await p.acquire()) as Permit
    expect(probe.provider.name).toBe('a')
    const other = p.call()
    probe.leave(null)
    expect(await other).toBe('a')
  })
})

describe('a provider that goes down while many wait for its limits', () => {
  test('they do not go to it one after another: they go to the next provider', async () => {
    const dead = named('dead', { limits: { concurrency: 1 }, replies: Array(1000).fill(fail('transient', 'down')) })
    const alive = named('alive')
    const w = world([dead, alive], { breaker: { threshold: 5 }, retry: { attempts: 1 } })
    for (let i = 0; i < 100; i++) await w.send(['sms'])
    await w.to(1)
    expect(dead.calls).toHaveLength(5)
    expect(alive.calls).toHaveLength(100)
  })

  test('and the rate they did not use is left to whoever calls it next', async () => {
    const first = gate()
    const dead = named('dead', { limits: { rate: { count: 2, per: '1h' }, concurrency: 1 }, replies: [first.reply] })
    const w = world([dead, named('alive')])
    for (let i = 0; i < 10; i++) await w.send(['sms'])
    first.release(fail('configuration'))
    await w.to(30)
    expect(dead.calls).toHaveLength(1)
    await w.send(['sms'])
    await w.to(31)
    expect(dead.calls).toHaveLength(2)
  })

  test('a dead provider in round robin is probed now and then, not tried 500 times in 1,000 notifications', async () => {
    const dead = named('dead', { replies: Array(1000).fill(fail('transient', 'down')) })
    const alive = named('alive')
    const w = world([dead, alive], { routing: { sms: 'round-robin' } })
    // One notification every 100 ms: 100 seconds, in which the circuit is probed every 30 s.
    for (let i = 0; i < 1000; i++) {
      await w.send(['sms'])
      await w.to((i + 1) / 10)
    }
    await w.to(200)
    expect(dead.calls.length).toBe(5 + 3)
    expect(alive.calls).toHaveLength(1000)
    const opened = w.events.filter((event: NotifierEvent) => event.type === 'provider.opened')
    expect(opened).toHaveLength(4)
  })

  test('once it is back, a probe finds that out, and it gets its turns again', async () => {
    const flaky = named('flaky', { replies: [fail('configuration', 'no credit'), accept()] })
    const w = world([flaky, named('other')], { routing: { sms: 'round-robin' } })
    for (let i = 0; i < 10; i++) {
      await w.send(['sms'])
      await w.to((i + 1) * 10)
    }
    expect(w.times('provider.opened')).toEqual([0])
    expect(w.times('provider.closed')).toEqual([40])
    expect(flaky.calls.length).toBe(1 + 3)
  })
})

test('once the pool is closed nobody waits for limits any more', async () => {
  const slow = named('a', { limits: { concurrency: 1, rate: { count: 1, per: '10s' } } })
  const p = pool([slow])
  const running = (await p.acquire()) as Permit
  const waiting = [p.acquire(), p.acquire()]
  running.go()
  running.leave(null)
  expect(p.clock.timers).toBe(1)
  p.close()
  expect(p.clock.timers).toBe(0)
  expect(await Promise.all(waiting)).toEqual([{ until: null }, { until: null }])
})
