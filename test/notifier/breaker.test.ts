import fc from 'fast-check'
import type { Failure, FailureKind } from 'omnicascade'
import { virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { createBreaker } from '../../src/notifier/breaker.ts'

const failure = (kind: FailureKind): Failure => ({ kind, message: kind })

function setUp(threshold = 3, coolDown = 1000) {
  const clock = virtualClock()
  const changes: (string | number)[] = []
  const breaker = createBreaker({ threshold, coolDown }, clock, (until, cause) =>
    changes.push(until === null ? 'closed' : `open until ${until}: ${cause?.kind}`),
  )
  const call = (kind: FailureKind | null) => breaker.leave(breaker.enter(), kind && failure(kind))
  return { clock, breaker, changes, call }
}

test.each(['transient', 'unknown'] as const)('%s failures open it once there are as many in a row as the threshold', (kind) => {
  const { breaker, changes, call } = setUp()
  call(kind)
  call(kind)
  expect(breaker.state()).toBe('closed')
  call(kind)
  expect(breaker.state()).toBe('open')
  expect(changes).toEqual([`open until 1000: ${kind}`])
})

test.each([null, 'recipient', 'content'] as const)('%s in between starts the count anew: the provider works', (kind) => {
  const { breaker, call } = setUp()
  for (let i = 0; i < 10; i++) {
    call('transient')
    call('unknown')
    call(kind)
  }
  expect(breaker.state()).toBe('closed')
})

test('a configuration failure opens it at once', () => {
  const { breaker, changes, call } = setUp()
  call('configuration')
  expect(breaker.state()).toBe('open')
  expect(changes).toEqual(['open until 1000: configuration'])
})

test.each(['recipient', 'content'] as const)('%s failures never open it, however many', (kind) => {
  const { breaker, changes, call } = setUp()
  for (let i = 0; i < 100; i++) call(kind)
  expect(breaker.state()).toBe('closed')
  expect(changes).toEqual([])
})

test('after the cool-down one call probes it, and nobody else may go meanwhile', async () => {
  const { clock, breaker, call } = setUp()
  call('configuration')
  await clock.advanceTo(999)
  expect(breaker.state()).toBe('open')
  await clock.advanceTo(1000)
  expect(breaker.state()).toBe('probe')
  expect(breaker.enter()).toBe(true)
  expect(breaker.state()).toBe('probing')
})

test.each([null, 'recipient', 'content'] as const)('a probe that ends with %s closes it', async (kind) => {
  const { clock, breaker, changes, call } = setUp()
  call('configuration')
  await clock.advanceTo(1000)
  call(kind)
  expect(breaker.state()).toBe('closed')
  expect(changes.at(-1)).toBe('closed')
})

test.each(['transient', 'unknown', 'configuration'] as const)(
  'a probe that fails as %s opens it again, from then on',
  async (kind) => {
    const { clock, breaker, changes, call } = setUp()
    call('configuration')
    await clock.advanceTo(1500)
    call(kind)
    expect(breaker.state()).toBe('open')
    expect(breaker.until).toBe(2500)
    expect(changes).toEqual(['open until 1000: configuration', `open until 2500: ${kind}`])
  },
)

test('a probe that was not made leaves the probe to the next', async () => {
  const { clock, breaker, call } = setUp()
  call('configuration')
  await clock.advanceTo(1000)
  breaker.leave(breaker.enter(), undefined)
  expect(breaker.state()).toBe('probe')
})

test('a call that began before it opened, and ends during the probe, lets nobody else go', async () => {
  const { clock, breaker, call } = setUp()
  const before = breaker.enter()
  call('configuration')
  await clock.advanceTo(1000)
  breaker.enter()
  breaker.leave(before, null)
  expect(breaker.state()).toBe('probing')
})

test('calls that began before it opened neither close it nor open it twice', async () => {
  const { clock, breaker, changes, call } = setUp()
  const before = [breaker.enter(), breaker.enter(), breaker.enter()] as const
  call('configuration')
  breaker.leave(before[0], null)
  breaker.leave(before[1], failure('configuration'))
  breaker.leave(before[2], failure('transient'))
  expect(breaker.state()).toBe('open')
  expect(changes).toHaveLength(1)
  await clock.advanceTo(1000)
  call(null)
  call('transient')
  call('transient')
  expect(breaker.state()).toBe('closed')
})

test('whatever happens, it is open only after a failure, and asks for one probe at a time', async () => {
  const kinds = fc.constantFrom(null, 'transient', 'recipient', 'content', 'configuration', 'unknown', undefined)
  const events = fc.array(fc.record({ after: fc.integer({ min: 0, max: 700 }), ends: kinds }), { maxLength: 40, size: 'max' })
  await fc.assert(
    fc.asyncProperty(events, fc.integer({ min: 1, max: 4 }), async (calls, threshold) => {
      const { clock, breaker, changes } = setUp(threshold)
      let row = 0
      for (const { after, ends } of calls) {
        await clock.advance(after)
        const state = breaker.state()
        expect(state).not.toBe('probing')
        if (state === 'open') continue
        const probe = breaker.enter()
        expect(probe).toBe(state === 'probe')
        if (probe) expect(breaker.state()).toBe('probing')
        breaker.leave(probe, ends && failure(ends))
        if (ends === undefined) {
          expect(breaker.state()).toBe(state)
          continue
        }
        const fault = ends === 'transient' || ends === 'unknown'
        row = fault ? row + 1 : 0
        const opens = ends === 'configuration' || (fault && (probe || row >= threshold))
        expect(breaker.state()).toBe(opens ? 'open' : 'closed')
        if (opens) row = 0
      }
      // Openings and closings are told in turn; only a probe that fails opens what was open.
      expect(changes.filter((change) => change === 'closed').length).toBeLessThanOrEqual(changes.length / 2)
    }),
  )
})
