// What answers to `begin` and to a call lead to, also when they come late, twice, or for a step that has moved on. t in seconds.
import { describe, expect, test } from 'vitest'
import { alone, begin } from '../support/alone.ts'

describe('an answer to begin', () => {
  test('for another attempt, or for a step that is no longer ready, changes nothing', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    const ready = n.last.record
    n.starts(0, 0, {}, 1)
    n.starts(0, 1)
    expect(n.last.record).toBe(ready)
    n.starts(0, 0)
    const sending = n.last.record
    for (const attempt of [0, 1]) {
      n.starts(1, 0, {}, attempt)
      n.input(1, { type: 'held', step: 0, attempt, until: 5000, reason: 'hook' })
      n.input(1, { type: 'vetoed', step: 0, attempt, reason: 'no', failure: null })
      n.input(1, { type: 'unavailable', step: 0, attempt, until: null })
    }
    expect(n.last.record).toBe(sending)
  })

  test('that comes when the window has closed waits for the next', () => {
    const n = alone([{ channel: 'sms', window: { from: '00:00', to: '00:01', timeZone: 'UTC' } }])
    expect(n.wakes(59)).toEqual([begin])
    expect(n.starts(60, 0)).toEqual([])
    expect(n.steps[0]).toMatchObject({ state: 'ready', dueAt: 86_400_000, attempts: [] })
  })

  test('that comes when the notification has expired sends nothing', () => {
    const n = alone(['sms'], { expiresAt: 10_000 })
    n.wakes(0)
    expect(n.last.record.dueAt).toBe(10_000)
    expect(n.starts(10, 0)).toEqual([])
    expect(n.told(1)).toEqual(['+10.0s sms skipped: expired', '+10.0s settled: expired'])
  })

  test('that there is no provider: the last step waits for the first probe as often as a send is tried, any other makes way', () => {
    const n = alone(['sms', { channel: 'push', required: true }, 'email'])
    n.wakes(0)
    n.unavailable(0, 0, 30)
    expect(n.steps[0]).toMatchObject({ state: 'failed', reason: 'no-provider' })
    for (const t of [0, 30]) {
      n.unavailable(t, 2, t + 30)
      expect(n.steps[2]).toMatchObject({ state: 'ready', dueAt: (t + 30) * 1000 })
      n.wakes(t + 30)
    }
    n.unavailable(60, 2, 90)
    n.unavailable(60, 1, null)
    expect(n.told(1)).toEqual([
      '+0.0s sms gave up: no provider',
      '+0.0s email waits until 00:00:30: no provider',
      '+30.0s email waits until 00:01:00: no provider',
      '+1m00s email gave up: no provider',
      '+1m00s push gave up: no provider',
      '+1m00s settled: failed',
    ])
  })

  test('that the first probe is over already: it begins again now', () => {
    const n = alone(['sms'])
    n.wakes(0)
    expect(n.unavailable(30, 0, 10)).toEqual([begin])
  })

  test('that no provider is left: the step ends with what the last one said', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'configuration')
    n.unavailable(0, 0, null)
    expect(n.steps[0]).toMatchObject({ state: 'failed', reason: 'configuration', excluded: ['a'] })
    expect(n.told(3)).toEqual(['+0.0s sms gave up: the account is at fault', '+0.0s settled: failed'])
  })
})

describe('a failed call', () => {
  test('that is transient is repeated by the same provider, under a new key, and then by another', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    expect(n.fails(0, 0, 'transient')).toEqual([])
    expect(n.steps[0]!.dueAt).toBe(1000)
    expect(n.wakes(1)).toEqual([{ ...begin, attempt: 1, prefer: 'a' }])
    n.starts(1, 0)
    expect(n.fails(1, 0, 'transient')).toEqual([{ ...begin, attempt: 2 }])
    n.starts(1, 0, { name: 'b' })
    expect(n.steps[0]!.attempts.map(({ provider, idempotencyKey }) => `${provider} ${idempotencyKey}`)).toEqual([
      'a n1.0.0',
      'a n1.0.1',
      'b n1.0.2',
    ])
  })

  test('that is the account’s fault is not repeated by the same provider', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    expect(n.fails(0, 0, 'configuration')).toEqual([{ ...begin, attempt: 1 }])
  })

  test('that asks for as long a wait as is allowed gets it', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    const failure = { kind: 'transient', message: 'busy', retryAfter: 10_000 } as const
    n.input(0, { type: 'rejected', step: 0, attempt: 0, failure, random: 0 })
    expect(n.steps[0]!.dueAt).toBe(10_000)
  })

  test.each(['recipient', 'content'] as const)('that is the fault of the %s ends the step', (kind) => {
    const n = alone([{ channel: 'sms', onUnknown: 'resend' }, 'email'], { idempotent: true })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, kind)
    expect(n.steps[0]).toMatchObject({ state: 'failed', reason: kind })
    expect(n.told(2)).toEqual([
      `+0.0s sms a failed: the ${kind} kind (${kind})`,
      expect.stringMatching(/gave up: the .* is at fault$/),
    ])
  })

  test('is not repeated once the message is reported sent by the provider before', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'configuration')
    n.starts(1, 0, { name: 'b' })
    n.reported(2, 0, 'sent', 0)
    n.fails(3, 0, 'transient')
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 123_000 })
    expect(n.told().at(-1)).toBe('+3.0s sms b failed: the transient kind (transient)')
  })

  test('is heard once: neither it nor an acceptance is heard after it', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'recipient')
    const { record } = n.last
    n.fails(1, 0, 'transient')
    n.accepted(1, 0)
    expect(n.last.record).toBe(record)
  })
})

describe('a call whose result nobody saw', () => {
  test('is a lost lease too, and not before it is over', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    n.wakes(29.999)
    expect(n.states).toEqual(['sending'])
    n.wakes(30)
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 150_000, attempts: [{ state: 'unknown', endedAt: 30_000 }] })
    expect(n.told(2)).toEqual(['+30.0s sms a failed: nobody saw the result: the process stopped or lost its lease (unknown)'])
  })

  test('keeps its lease as long as it is renewed; a renewal is never for less, nor for another attempt, nor for a call that is over', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    n.renewed(20, 0, 50)
    expect(n.steps[0]).toMatchObject({ state: 'sending', dueAt: 50_000 })
    const { record } = n.last
    n.renewed(21, 0, 50)
    n.renewed(21, 0, 40)
    n.renewed(21, 0, 60, 1)
    expect(n.last.record).toBe(record)
    n.accepted(22, 0)
    const { record: accepted } = n.last
    n.renewed(23, 0, 300)
    expect(n.last.record).toBe(accepted)
  })

  test('is not repeated unless the step asks for it, however well the vendor would take it', () => {
    const n = alone(['sms', 'email'], { idempotent: true })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    expect(n.states).toEqual(['awaiting', 'pending'])
  })

  test('may be answered late, and that counts from then on', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(10, 0, 'unknown')
    const { record } = n.last
    n.fails(11, 0, 'unknown')
    expect(n.last.record).toBe(record)
    n.accepted(20, 0)
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 140_000 })
    const late = alone(['sms', 'email'])
    late.wakes(0)
    late.starts(0, 0)
    late.fails(10, 0, 'unknown')
    late.fails(20, 0, 'recipient')
    expect(late.states).toEqual(['failed', 'ready'])
  })

  test('is assumed to be sent no longer once its late answer says that it was delivered', () => {
    const n = alone([{ channel: 'sms', onUnknown: 'assume-sent' }], { receipts: 'none' })
    n.wakes(0)
    n.starts(0, 0)
    n.wakes(30)
    expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: true })
    n.input(31, { type: 'accepted', step: 0, attempt: 0, messageId: 'm0', keys: [], status: 'delivered' })
    expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: false })
  })

  test('that is answered once its step has ended starts nothing again', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(10, 0, 'unknown')
    n.wakes(130)
    n.accepted(140, 0)
    expect(n.states).toEqual(['timed-out', 'ready'])
    const failed = alone(['sms', 'email'])
    failed.wakes(0)
    failed.starts(0, 0)
    failed.fails(10, 0, 'unknown')
    failed.wakes(130)
    failed.fails(140, 0, 'transient')
    expect(failed.states).toEqual(['timed-out', 'ready'])
    expect(failed.told(4)).toEqual(['+2m20s sms a failed: the transient kind (transient)'])
  })

  test('is no delivery even where silence is one: nobody knows that it was sent', () => {
    const n = alone(['sms', 'email'], { receipts: 'failures' })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    n.wakes(120)
    expect(n.steps[0]).toMatchObject({ state: 'timed-out', reason: 'undelivered', attempts: [{ status: null, assumed: false }] })
  })

  test.each([
    ['advance', 'failed', 'unknown', null],
    ['assume-sent', 'succeeded', null, 'delivered'],
  ] as const)('where no receipt can come, %s decides', (onUnknown, state, reason, status) => {
    const n = alone([{ channel: 'sms', onUnknown }], { receipts: 'none' })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    expect(n.steps[0]).toMatchObject({ state, reason, attempts: [{ status, assumed: status !== null }] })
  })
})
