// `onUnknown: 'resend'`: a send whose result nobody saw, while it waits to be repeated, is repeated, and after that. t in seconds.
import { describe, expect, test } from 'vitest'
import { alone, begin } from '../support/alone.ts'

describe('a call that is repeated under its key, since nobody saw its result', () => {
  function repeated(...cascade: ('viber' | 'email')[]) {
    const n = alone([{ channel: 'sms', onUnknown: 'resend' }, ...cascade], { idempotent: true })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    return n
  }

  test('goes to the same provider and to nobody else, whatever comes in between', () => {
    const n = repeated()
    expect(n.steps[0]).toMatchObject({ state: 'ready', dueAt: 1000 })
    expect(n.wakes(1)).toEqual([{ ...begin, attempt: 1, prefer: 'a', only: true }])
    n.starts(1, 0)
    expect(n.steps[0]!.attempts[1]).toMatchObject({ state: 'sending', idempotencyKey: 'n1.0.0' })
    n.fails(1, 0, 'configuration')
    expect(n.states).toEqual(['awaiting'])
  })

  test('is not repeated once a receipt says that it was taken', () => {
    const n = repeated()
    n.reported(0, 0, 'sent')
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 120_000 })
  })

  test('is not repeated once its own late answer comes', () => {
    const n = repeated()
    n.wakes(1)
    n.starts(1, 0)
    n.accepted(2, 0, 0)
    expect(n.states).toEqual(['awaiting'])
    expect(n.fails(3, 0, 'transient', 1)).toEqual([])
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 122_000 })
  })

  test('waits for receipts when the repetition may not go on, by veto or for want of the provider', () => {
    for (const answer of ['vetoed', 'unavailable'] as const) {
      const n = repeated('email')
      n.wakes(1)
      if (answer === 'vetoed') n.vetoed(1, 0, 'opted out')
      else n.unavailable(1, 0, null)
      expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 121_000 })
    }
  })

  test('has failed when a receipt says so while it waits, though the repetition was refused', () => {
    const n = repeated('email')
    n.wakes(1)
    n.starts(1, 0)
    n.fails(1, 0, 'transient')
    expect(n.states).toEqual(['awaiting', 'pending'])
    n.reported(5, 0, 'failed', 0)
    expect(n.states).toEqual(['failed', 'ready'])
  })

  test('has failed when it was reported lost during the repetition, and the repetition is refused', () => {
    const n = repeated('email')
    n.wakes(1)
    n.starts(1, 0)
    n.reported(2, 0, 'failed', 0)
    expect(n.states).toEqual(['sending', 'pending'])
    n.fails(3, 0, 'transient')
    expect(n.steps[0]).toMatchObject({ state: 'failed', reason: 'undelivered' })
    expect(n.states[1]).toBe('ready')
  })

  test('is not repeated again when it was reported lost during a repetition that might be', () => {
    const n = alone([{ channel: 'sms', onUnknown: 'resend' }, 'email'], { idempotent: true, tries: 3 })
    n.wakes(0)
    n.starts(0, 0)
    n.fails(0, 0, 'unknown')
    n.wakes(1)
    n.starts(1, 0)
    n.reported(1, 0, 'failed', 0)
    n.fails(2, 0, 'transient')
    expect(n.states).toEqual(['failed', 'ready'])
    expect(n.steps[0]).toMatchObject({ reason: 'undelivered' })
  })

  test('goes on waiting when it was accepted and what it repeated is reported lost', () => {
    const n = repeated('email')
    n.wakes(1)
    n.starts(1, 0)
    n.accepted(2, 0)
    n.reported(3, 0, 'failed', 0)
    expect(n.states).toEqual(['awaiting', 'pending'])
  })

  test('counts as sent when another channel delivers before it is repeated', () => {
    const n = alone(['viber', { channel: 'sms', onUnknown: 'resend' }], { idempotent: true })
    n.wakes(0)
    n.sent(0, 0)
    n.wakes(120)
    n.starts(120, 1)
    n.fails(120, 1, 'unknown')
    n.reported(120, 0, 'delivered')
    expect(n.told(6)).toEqual([
      '+2m00s viber a reported delivered',
      '+2m00s viber succeeded, late',
      '+2m00s sms sent, but another channel delivered',
      '+2m00s settled: delivered by viber',
    ])
    expect(n.steps[1]).toMatchObject({ state: 'superseded', reason: 'delivered' })
  })

  test('is waited for when the notification is cancelled before it is repeated', () => {
    const n = repeated('email')
    expect(n.cancel(0)).toBe('too-late')
    expect(n.states).toEqual(['awaiting', 'skipped'])
  })

  test('is confirmed by whichever of its attempts delivers', () => {
    const n = repeated()
    n.wakes(1)
    n.starts(1, 0)
    n.accepted(2, 0)
    n.reported(3, 0, 'delivered', 0)
    expect(n.told().at(-2)).toBe('+3.0s sms succeeded')
    expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: false })
  })
})
