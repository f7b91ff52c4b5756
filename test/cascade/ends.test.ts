// What ends a step other than its call: receipts, a message called back, a cancel, an expiry. t in seconds.
import { describe, expect, test } from 'vitest'
import { alone, closed } from '../support/alone.ts'

const callBack = (index: number) => ({ type: 'cancelAtProvider', step: index, attempt: 0 }) as const

describe('a receipt', () => {
  test('that is quicker than the answer to the call is not undone by it', () => {
    const n = alone([{ channel: 'sms', until: 'read' }])
    n.wakes(0)
    n.starts(0, 0)
    n.reported(1, 0, 'delivered')
    expect(n.states).toEqual(['sending'])
    n.accepted(2, 0)
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', attempts: [{ state: 'accepted', status: 'delivered' }] })
  })

  test('that something was sent outweighs the failure of the call, which is then unknown', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.starts(0, 0)
    n.reported(1, 0, 'sent')
    n.fails(2, 0, 'recipient')
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 122_000, attempts: [{ state: 'unknown', status: 'sent' }] })
  })

  test('that something was sent calls off the repetition of a call that had failed', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'transient')
    n.reported(1, 0, 'sent')
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 121_000, attempts: [{ state: 'unknown', status: 'sent' }] })
    expect(n.wakes(2)).toEqual([])
    expect(n.cancel(3)).toBe('too-late')
  })

  test('says each thing once, and `failed` outweighs `expired`', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    n.sent(0, 0)
    for (const status of ['sent', 'sent', 'expired', 'expired', 'failed', 'failed', 'expired'] as const) n.reported(1, 0, status)
    expect(n.last.record.timeline[5]).toEqual({ type: 'step.failed', at: 1000, step: 0, channel: 'sms', reason: 'undelivered' })
    expect(n.told(3)).toEqual([
      '+1.0s sms a reported sent',
      '+1.0s sms a reported expired',
      '+1.0s sms gave up: it was not delivered',
      '+1.0s sms a reported failed',
    ])
    expect(n.steps[0]!.attempts[0]).toMatchObject({ status: 'sent', receiptFailure: 'failed' })
  })

  test('of failure is contradicted by a delivery, in either order, and only once', () => {
    const unread = alone([{ channel: 'sms', until: 'read' }])
    unread.wakes(0)
    unread.sent(0, 0)
    unread.reported(1, 0, 'delivered')
    unread.reported(1, 0, 'failed')
    expect(unread.told(4)[1]).toBe('+1.0s sms a now reports failed; nothing is changed')
    for (const order of [
      ['failed', 'delivered', 'read'],
      ['delivered', 'failed', 'read'],
    ] as const) {
      const n = alone(['sms', { channel: 'email', required: true }])
      n.wakes(0)
      n.sent(0, 0)
      for (const status of order) n.reported(1, 0, status)
      expect(n.told().filter((line) => line.includes('now reports'))).toEqual([
        `+1.0s sms a now reports ${order[1]}; nothing is changed`,
      ])
      expect(n.states[0]).toBe('succeeded')
    }
  })

  test('of failure contradicts an acceptance only where acceptance was all that was asked for', () => {
    const contradicted = (until: 'accepted' | 'delivered') => {
      const n = alone([{ channel: 'sms', until }, 'email'])
      n.wakes(0)
      n.sent(0, 0)
      n.reported(1, 0, 'failed')
      return n.told().some((line) => line.includes('now reports'))
    }
    expect([contradicted('accepted'), contradicted('delivered')]).toEqual([true, false])
  })

  test('of failure ends a step that another channel has superseded, but not one that has timed out', () => {
    const n = alone(['sms', 'viber', { channel: 'email', required: true }])
    n.wakes(0)
    n.sent(0, 0)
    n.wakes(120)
    n.sent(120, 1)
    n.reported(121, 0, 'failed')
    expect(n.states.slice(0, 2)).toEqual(['timed-out', 'awaiting'])
    n.reported(122, 0, 'delivered')
    expect(n.states.slice(0, 2)).toEqual(['succeeded', 'superseded'])
    n.reported(123, 1, 'failed')
    expect(n.states.slice(0, 2)).toEqual(['succeeded', 'failed'])
  })

  test('of delivery where reading was asked for is not taken for assumed when silence follows', () => {
    const n = alone([{ channel: 'sms', until: 'read' }, 'email'], { receipts: 'failures' })
    n.wakes(0)
    n.sent(0, 0)
    n.reported(1, 0, 'delivered')
    n.wakes(120)
    expect(n.steps[0]).toMatchObject({ state: 'timed-out', attempts: [{ status: 'delivered', assumed: false }] })
  })

  test('that is missing where reading was asked for: the delivery is assumed, the step has timed out', () => {
    const n = alone([{ channel: 'sms', until: 'read' }, 'email'], { receipts: 'failures' })
    n.wakes(0)
    n.sent(0, 0)
    n.wakes(120)
    expect(n.steps[0]).toMatchObject({ state: 'timed-out', attempts: [{ status: 'delivered', assumed: true }] })
    n.reported(130, 0, 'read')
    expect(n.steps[0]).toMatchObject({ state: 'succeeded', attempts: [{ status: 'read', assumed: false }] })
  })
})

describe('calling back', () => {
  test('a delivery calls back what other channels have under way, except required steps and what cannot be called back', () => {
    const n = alone(['sms', 'viber', { channel: 'push', required: true }, 'email'])
    n.wakes(0)
    n.sent(0, 2)
    n.sent(0, 0)
    n.wakes(120)
    n.starts(120, 1, { cancellable: false })
    n.accepted(120, 1)
    n.wakes(240)
    n.sent(240, 3)
    expect(n.reported(250, 3, 'delivered')).toEqual([callBack(0)])
  })

  test('what is accepted once another channel has delivered is called back, though its step had timed out', () => {
    const n = alone(['sms', 'viber'])
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    n.wakes(120)
    n.sent(120, 1)
    n.reported(121, 1, 'delivered')
    expect(n.accepted(122, 0)).toEqual([callBack(0)])
    expect(n.states).toEqual(['timed-out', 'succeeded'])
  })

  test('the delivery of a required step calls nothing back', () => {
    const n = alone(['sms', { channel: 'push', required: true }])
    n.wakes(0)
    for (const index of [0, 1]) {
      n.sent(0, index)
    }
    expect(n.reported(1, 1, 'delivered')).toEqual([])
  })

  test('cancelling calls back what may still arrive: not what was delivered, refused, or reported lost', () => {
    const n = alone(['sms', 'viber', { channel: 'email', window: closed }, { channel: 'push', required: true }])
    n.wakes(0)
    n.sent(0, 3)
    n.sent(0, 0)
    n.wakes(120)
    n.sent(120, 1)
    n.reported(121, 1, 'failed')
    expect(n.input(122, { type: 'cancelRequested' })).toEqual([callBack(0), callBack(3)])

    const taken = alone([
      { channel: 'sms', until: 'accepted' },
      { channel: 'push', required: true },
    ])
    taken.wakes(0)
    taken.starts(0, 1)
    taken.sent(0, 0)
    expect(taken.input(1, { type: 'cancelRequested' })).toEqual([])
    expect(taken.accepted(2, 1)).toEqual([callBack(1)])
  })

  test('a message called back after its step has timed out leaves the step as it ended', () => {
    const n = alone(['sms', { channel: 'email', window: closed }])
    n.wakes(0)
    n.sent(0, 0)
    n.wakes(120)
    n.recalled(130, 0)
    expect(n.steps[0]).toMatchObject({ state: 'timed-out', reason: 'undelivered', attempts: [{ state: 'recalled' }] })
    const { record } = n.last
    n.recalled(131, 0)
    expect(n.last.record).toBe(record)
  })
})

describe('cancelling', () => {
  test('does not call back what was delivered and not read', () => {
    const n = alone([{ channel: 'sms', until: 'read' }])
    n.wakes(0)
    n.sent(0, 0)
    n.reported(1, 0, 'delivered')
    expect(n.cancel(2)).toBe('too-late')
    expect(n.last.effects.filter(({ type }) => type === 'cancelAtProvider')).toEqual([])
  })

  test('does not call back a call that ends after it, if being accepted is all the step wants', () => {
    const n = alone([{ channel: 'sms', until: 'accepted' }, 'email'])
    n.wakes(0)
    n.starts(0, 0)
    expect(n.cancel(1)).toBe('too-late')
    expect(n.accepted(2, 0)).toEqual([])
    expect(n.last.record).toMatchObject({ settledAt: 2000, outcome: { status: 'delivered' } })
  })

  test('calls back what was accepted late, whatever has become of its step since', () => {
    const n = alone([{ channel: 'sms', onUnknown: 'resend' }, 'viber'], { idempotent: true })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    n.wakes(1)
    n.starts(1, 0)
    n.fails(1, 0, 'recipient')
    n.accepted(2, 0, 0)
    expect(n.states).toEqual(['failed', 'ready'])
    expect(n.cancel(3)).toBe('too-late')
    expect(n.last.effects).toContainEqual(callBack(0))
  })

  test('before sendAt settles it then and there', () => {
    const n = alone(['sms'], { sendAt: 1_000_000 })
    n.wakes(0)
    expect(n.last.record).toMatchObject({ version: 0, dueAt: 1_000_000 })
    expect(n.cancel(1)).toBe('cancelled')
    expect(n.last.record).toMatchObject({ settledAt: 1000, dueAt: null, outcome: { status: 'cancelled', reason: null } })
    expect(n.cancel(2)).toBe('already-settled')
  })

  test('is not too late once all that was sent is refused, or reported lost', () => {
    const cascade = ['sms', { channel: 'email', window: closed }] as const
    const refused = alone(cascade)
    refused.wakes(0)
    refused.starts(0, 0)
    refused.fails(0, 0, 'recipient')
    expect(refused.cancel(1)).toBe('cancelled')
    const lost = alone(cascade)
    lost.wakes(0)
    lost.sent(0, 0)
    lost.reported(1, 0, 'failed')
    expect(lost.cancel(2)).toBe('cancelled')
    const contradictory = alone([{ channel: 'sms', until: 'read' }, cascade[1]])
    contradictory.wakes(0)
    contradictory.sent(0, 0)
    contradictory.reported(1, 0, 'delivered')
    contradictory.reported(1, 0, 'failed')
    expect(contradictory.cancel(2)).toBe('too-late')
    const silent = alone(cascade)
    silent.wakes(0)
    silent.sent(0, 0)
    silent.wakes(120)
    expect(silent.cancel(121)).toBe('too-late')
    const recalled = alone(cascade)
    recalled.wakes(0)
    recalled.sent(0, 0)
    recalled.wakes(120)
    recalled.recalled(121, 0)
    expect(recalled.cancel(122)).toBe('cancelled')
  })
})

describe('expiring', () => {
  test('is looked for while a step waits to start, not while a receipt is waited for', () => {
    const n = alone(['sms', { channel: 'email', window: closed, required: true }], { expiresAt: 100_000 })
    n.wakes(0)
    expect(n.last.record.dueAt).toBe(60_000)
    n.sent(0, 0)
    expect(n.last.record.dueAt).toBe(100_000)
    n.wakes(100)
    expect(n.states).toEqual(['awaiting', 'skipped'])
    expect(n.last.record.dueAt).toBe(120_000)
  })

  test('a chain that failed has failed, though a required step beside it expired; required steps alone have expired', () => {
    const push = { channel: 'push', required: true, window: closed } as const
    const n = alone(['sms', push], { expiresAt: 100_000 })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'recipient')
    n.wakes(100)
    expect(n.last.record.outcome).toMatchObject({ status: 'failed', failedRequired: [1], reason: null })
    const required = alone([push], { expiresAt: 100_000 })
    required.wakes(0)
    required.wakes(100)
    expect(required.last.record.outcome).toMatchObject({ status: 'expired', failedRequired: [0], reason: null })
  })
})

test('required steps alone are assumed to be delivered if any of them is', () => {
  const n = alone([
    { channel: 'sms', required: true },
    { channel: 'push', required: true },
  ])
  n.wakes(0)
  n.sent(0, 0)
  n.starts(0, 1, { receipts: 'failures' })
  n.accepted(0, 1)
  n.reported(1, 0, 'delivered')
  n.wakes(120)
  expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: true })
  n.reported(130, 1, 'delivered')
  expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: false })
})
