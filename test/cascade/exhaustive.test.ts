// The machine beside a model that was written from the documents alone, on every way through small cascades, and random ways through others.
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { plan } from '../../src/cascade/plan.ts'
import { begin, newRecord, type Pair, tellBoth } from './reference/compare.ts'
import { type Count, explore, inputsFor, type Setting } from './reference/explore.ts'
import { busy, failures, type Part, product, setting, start } from './reference/settings.ts'

vi.setConfig({ testTimeout: 600_000 })

/** How many states of each cascade are visited at most, times this: `TEST_STATES=20 vitest run test/cascade/exhaustive.test.ts` goes further. */
const more = Number(process.env.TEST_STATES ?? 1)

const total: Count = { cascades: 0, exhausted: 0, states: 0, transitions: 0 }
const random = { walks: 0, transitions: 0 }
afterAll(() => {
  console.log(
    `machine and model agreed on ${total.cascades} cascades (${total.exhausted} of them exhausted), ${total.states} states, ` +
      `${total.transitions} transitions; and on ${random.walks} random walks of ${random.transitions} transitions`,
  )
})

/** Explores each, and tells how many of them have no further states. */
function visit(settings: readonly Setting[], most: number): number {
  const before = total.exhausted
  for (const one of settings) explore(one, most * more, total)
  return total.exhausted - before
}

const every = ['none', 'failures', 'full'] as const
const outcomes = ['advance', 'assume-sent', 'resend'] as const

/** Tries what may happen, from some input on, until something changes. */
function move(walked: Setting, pair: Pair, pick: number): Pair {
  const inputs = inputsFor(walked, pair)
  for (const [index] of inputs.entries()) {
    random.transitions++
    const next = tellBoth(pair, inputs[(pick + index) % inputs.length]!)
    if (next.record !== pair.record) return next
  }
  return pair
}

describe('machine and model agree on', () => {
  test('each kind of step alone, exhausted', () => {
    const parts = product({
      receipts: every,
      until: ['accepted', 'delivered', 'read'],
      onUnknown: outcomes,
      required: [false, true],
      idempotent: [true],
    })
    const settings = parts.map((part) =>
      setting([part], { statuses: ['delivered', 'read', 'failed'], answers: ['unavailable', 'refused'] }),
    )
    expect(visit(settings, 10_000)).toBe(settings.length)
  })

  test('each chain of two steps, exhausted', () => {
    const settings = product({ first: every, second: every }).map(({ first, second }) =>
      setting([{ receipts: first }, { receipts: second }], { failures: failures('recipient'), statuses: ['delivered'] }),
    )
    expect(visit(settings, 10_000)).toBe(settings.length)
  })

  test('each pair of steps, the first, the second or both required', () => {
    const pairs = product({ first: every, second: every, required: [[true], [false, true], [true, true]] })
    const settings = pairs.map(({ first, second, required: [one, two = false] }) =>
      setting([
        { receipts: first, required: one },
        { receipts: second, required: two },
      ]),
    )
    visit(settings, 500)
  })

  test('each kind of failure, receipt, and answer to begin, with a next step and without', () => {
    const all = { failures: [...failures('transient', 'recipient', 'content', 'configuration', 'unknown'), ...busy] }
    const settings = product({ receipts: every, onUnknown: outcomes, last: [false, true] }).map(({ last, ...part }) =>
      setting(last ? [part] : [part, { receipts: 'none' }], {
        ...all,
        tries: 2,
        statuses: ['sent', 'delivered', 'read', 'clicked', 'failed', 'expired'],
        accepts: ['accepted', 'delivered'],
        answers: ['held', 'vetoed', 'refused', 'unavailable', 'probed'],
      }),
    )
    visit(settings, 500)
  })

  test('calls that are repeated, by one provider or two', () => {
    const parts = product({ receipts: every, onUnknown: outcomes, idempotent: [false, true], providers: [1, 2] })
    const settings = parts.map((part) =>
      setting([part, {}], {
        tries: 2,
        failures: failures('transient', 'unknown', 'configuration'),
        statuses: ['sent', 'failed'],
      }),
    )
    visit(settings, 250)
  })

  test('a call that is repeated while its lease is renewed, exhausted; one beside another channel; one by two providers', () => {
    const resent = { idempotent: true, onUnknown: 'resend' } as const
    const unseen = { failures: failures('unknown'), tries: 2 }
    expect(visit([setting([resent], { ...unseen, statuses: ['sent'], renews: true })], 10_000)).toBe(1)
    const beside = setting([{}, resent], { ...unseen, statuses: ['delivered'] })
    const byTwo = setting([{ providers: 2 }], { failures: failures('configuration'), statuses: ['sent'] })
    visit([beside, byTwo], 3000)
  })

  test('sendAt, expiresAt, windows, and wake-ups that are late', () => {
    const night = [null, { from: '00:01', to: '00:03' }, { from: '23:00', to: '00:02' }]
    const settings = product({
      first: night,
      second: night,
      sendAt: [0, 45_000],
      expiresAt: [null, 100_000],
      required: [false, true],
    }).map(({ first, second, required, ...times }) =>
      setting([{ window: first }, { window: second, required, receipts: 'none' }], {
        ...times,
        tries: 2,
        failures: failures('transient', 'unknown'),
        lateness: [0, 150_000],
      }),
    )
    visit(settings, 150)
  })

  test('processes that call nobody, beside those that do', () => {
    const settings = product({ first: every, second: every }).map(({ first, second }) =>
      setting([{ receipts: first }, { receipts: second }], {
        defers: true,
        failures: failures('configuration', 'unknown'),
        answers: ['held'],
      }),
    )
    visit(settings, 300)
  })

  test('three steps, each required or not, or absent from the start', () => {
    const step: readonly Part[] = [
      { receipts: 'failures' },
      { receipts: 'none', required: true },
      { required: true },
      { until: 'read' },
    ]
    const last: readonly Part[] = [{}, { absent: 'no-address' }]
    const settings = product({ one: step, two: step, three: last }).map(({ one, two, three }) =>
      setting([one, two, three], { statuses: ['delivered', 'read', 'failed'] }),
    )
    visit(settings, 250)
  })

  test('random ways through random cascades of up to three steps', () => {
    const part: fc.Arbitrary<Part> = fc.record(
      {
        receipts: fc.constantFrom(...every),
        until: fc.constantFrom('accepted', 'delivered', 'read', 'clicked'),
        onUnknown: fc.constantFrom(...outcomes),
        required: fc.boolean(),
        idempotent: fc.boolean(),
        providers: fc.constantFrom(1, 2),
        within: fc.constantFrom(20_000, 90_000),
        window: fc.constantFrom(
          null,
          { from: '00:01', to: '00:03' },
          { from: '23:00', to: '00:02' },
          { from: '05:00', to: '05:00' },
        ),
      },
      { requiredKeys: [] },
    )
    const rules = fc.record({
      tries: fc.constantFrom(1, 2, 3),
      sendAt: fc.constantFrom(0, 45_000),
      expiresAt: fc.constantFrom(null, 100_000, 400_000),
    })
    const all: Partial<Setting> = {
      failures: [...failures('transient', 'recipient', 'content', 'configuration', 'unknown'), ...busy],
      statuses: ['sent', 'delivered', 'read', 'clicked', 'failed', 'expired'],
      accepts: ['accepted', 'sent', 'delivered'],
      answers: ['held', 'vetoed', 'refused', 'unavailable', 'probed'],
      lateness: [0, 150_000],
      renews: true,
      defers: true,
    }
    const choices = fc.array(fc.nat(10_000), { minLength: 20, maxLength: 80 })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), rules, choices, (parts, rule, picks) => {
        const walked = setting(parts, { ...all, ...rule })
        random.walks++
        picks.reduce((pair, pick) => move(walked, pair, pick), begin(walked.cascade))
      }),
      // The way is printed as it was: to look for a shorter one takes minutes.
      { numRuns: 1000 * more, endOnFailure: true },
    )
  })
})

test('a new record is one that plan makes', () => {
  const { cascade } = setting(
    [
      { until: 'read', within: 7000 },
      { absent: 'no-address', required: true },
    ],
    { sendAt: 5000, expiresAt: 9000, tries: 3 },
  )
  const request = {
    to: { phone: '+420777123456' },
    content: { sms: { text: 'Hi' }, viber: { text: 'Hi' } },
    cascade: [
      { channel: 'sms', until: 'read', within: 7000 },
      { channel: 'viber', required: true, within: 120_000 },
    ],
    sendAt: start + 5000,
    expiresAt: start + 9000,
  } as const
  const provider = { channels: ['sms'], receipts: 'full', send: async () => ({}) } as const
  const providers = [
    { ...provider, name: 'a' },
    { ...provider, name: 'b', channels: ['viber' as const], addresses: { viber: ['viber' as const] } },
  ]
  const { to, message, timeline, ...planned } = plan(request, {
    id: 'n',
    now: start,
    providers,
    retry: cascade.retry,
    within: () => 1,
    timeZone: null,
  })
  expect(newRecord(cascade)).toMatchObject(planned)
})
