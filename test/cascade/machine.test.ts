// The machine alone, one input after another: what a transition is, and what is told of a cascade. t in seconds.
import { describe, expect, test } from 'vitest'
import { alone, begin } from '../support/alone.ts'

describe('a transition', () => {
  test('is one version more, and tells listeners what it writes down', () => {
    const n = alone(['sms'])
    expect(n.wakes(0)).toEqual([begin])
    expect(n.last.record).toMatchObject({ version: 1, dueAt: 60_000, timeline: [{ type: 'notification.created' }] })
    n.starts(1, 0)
    expect(n.last.record.version).toBe(2)
    expect(n.last.effects).toEqual([
      { type: 'emit', entry: n.last.record.timeline[1] },
      { type: 'send', step: 0, attempt: 0 },
    ])
    expect(n.last.record.timeline[1]).toMatchObject({ type: 'attempt.started', at: 1000, channel: 'sms', provider: 'a' })
  })

  test('that changes nothing gives the same record back, and asks for nothing', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    n.accepted(1, 0)
    const { record } = n.last
    n.wakes(60)
    expect(n.last).toEqual({ record, effects: [] })
    expect(n.last.record).toBe(record)
  })

  test('writes the attempt down before the provider is called, and all that came of the call after it', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(1, 0)
    const attempt = {
      provider: 'a',
      receipts: 'full',
      idempotent: false,
      cancellable: true,
      to: '+420777123456',
      idempotencyKey: 'n1.0.0',
      state: 'sending',
      startedAt: 1000,
      endedAt: null,
      messageId: null,
      keys: ['ours-0'],
      status: null,
      assumed: false,
      receiptFailure: null,
      failure: null,
    }
    expect(n.steps[0]).toMatchObject({ state: 'sending', dueAt: 31_000, attempts: [attempt] })
    n.accepted(2, 0)
    const taken = { state: 'accepted', endedAt: 2000, messageId: 'm0', keys: ['ours-0', 'm0'], status: 'accepted' }
    expect(n.steps[0]).toMatchObject({ state: 'awaiting', dueAt: 122_000, attempts: [{ ...attempt, ...taken }] })
  })
})

describe('what is told of a cascade', () => {
  test('that fails, waits, is delivered twice, and corrected on the way', () => {
    const n = alone(['sms', 'viber', { channel: 'email', required: true }])
    n.wakes(0)
    n.starts(0, 0)
    n.starts(0, 2)
    n.fails(1, 0, 'transient')
    n.wakes(2)
    n.starts(2, 0)
    n.accepted(3, 0)
    n.fails(3, 2, 'recipient')
    n.wakes(123)
    n.starts(123, 1)
    n.accepted(124, 1)
    n.reported(125, 1, 'failed')
    n.reported(130, 0, 'delivered')
    n.reported(140, 1, 'delivered')
    n.reported(150, 1, 'read')
    expect(n.told()).toEqual([
      '+0.0s created',
      '+0.0s sms sending by a',
      '+0.0s email sending by a',
      '+1.0s sms a failed: the transient kind (transient), again at 00:00:02',
      '+2.0s sms sending by a',
      '+3.0s sms accepted by a as m1',
      '+3.0s email a failed: the recipient kind (recipient)',
      '+3.0s email gave up: the address is at fault',
      '+2m03s sms no receipt came in time → viber',
      '+2m03s viber sending by a',
      '+2m04s viber accepted by a as m0',
      '+2m05s viber a reported failed',
      '+2m05s viber gave up: it was not delivered',
      '+2m05s settled: failed',
      '+2m10s sms a reported delivered',
      '+2m10s sms succeeded, late',
      '+2m10s corrected by a late receipt: delivered by sms',
      '+2m20s viber a reported delivered',
      '+2m20s viber a now reports delivered; nothing is changed',
      '+2m20s viber succeeded, late',
      '+2m20s delivered more than once: sms, viber',
      '+2m30s viber a reported read',
    ])
    expect(n.last.record).toMatchObject({ settledAt: 125_000, dueAt: null })
  })

  test('that two channels have delivered by the time a required one settles it', () => {
    const n = alone(['sms', 'viber', 'chat', { channel: 'push', required: true }])
    n.wakes(0)
    n.starts(0, 3)
    n.sent(0, 0)
    n.accepted(20, 3)
    n.wakes(120)
    n.starts(120, 1)
    n.reported(121, 0, 'delivered')
    n.accepted(122, 1)
    n.reported(123, 1, 'delivered')
    n.reported(124, 3, 'delivered')
    expect(n.told(7)).toEqual([
      '+2m01s sms a reported delivered',
      '+2m01s sms succeeded, late',
      '+2m01s viber sent, but another channel delivered',
      '+2m01s chat skipped: another channel delivered',
      '+2m02s viber accepted by a as m0',
      '+2m03s viber a reported delivered',
      '+2m03s viber succeeded, late',
      '+2m04s push a reported delivered',
      '+2m04s push succeeded',
      '+2m04s settled: delivered by sms',
      '+2m04s delivered more than once: sms, viber',
    ])
  })

  test('that is cancelled, and cancelled again', () => {
    const n = alone(['sms', { channel: 'viber' }])
    n.wakes(0)
    n.sent(0, 0)
    expect(n.cancel(1)).toBe('too-late')
    const { record } = n.last
    expect(n.cancel(2)).toBe('too-late')
    expect(n.last.record).toBe(record)
    n.recalled(3, 0)
    expect(n.told(3)).toEqual([
      '+1.0s cancel: too late',
      '+1.0s viber skipped: cancelled',
      '+3.0s sms called back',
      '+3.0s settled: cancelled',
    ])
    expect(n.steps[0]).toMatchObject({ state: 'recalled', reason: 'cancelled', attempts: [{ state: 'recalled' }] })
  })

  test('whose step is put off: once for each cause in a row, whatever other steps do meanwhile', () => {
    const n = alone(['sms', { channel: 'email', required: true }])
    n.wakes(0)
    n.held(0, 0, 60, 'template')
    n.starts(0, 1)
    n.wakes(60)
    n.held(60, 0, 120, 'template')
    n.wakes(120)
    n.held(120, 0, 180, 'hook')
    expect(n.told(1).filter((line) => line.includes('sms'))).toEqual([
      '+0.0s sms waits until 00:01:00: the template is not registered',
      '+2m00s sms waits until 00:03:00: a hook failed',
    ])
    expect(n.steps[0]).toMatchObject({ state: 'ready', dueAt: 180_000 })
  })

  test('whose step waits for its window', () => {
    const n = alone([{ channel: 'sms', window: { from: '01:00', to: '02:00', timeZone: 'UTC' } }])
    expect(n.wakes(0)).toEqual([])
    expect(n.told(1)).toEqual(['+0.0s sms waits until 01:00:00: quiet hours'])
  })

  test('whose content is refused, or which the host does not want sent', () => {
    const n = alone(['sms', 'email'])
    n.wakes(0)
    const failure = { kind: 'content', message: 'too long' } as const
    n.input(0, { type: 'vetoed', step: 0, attempt: 0, reason: 'content', failure })
    n.vetoed(0, 1, 'opted out')
    expect(n.told(1)).toEqual([
      '+0.0s sms gave up: too long (content)',
      '+0.0s email skipped: vetoed: opted out',
      '+0.0s settled: failed',
    ])
    expect(n.last.record.outcome).toMatchObject({ reason: 'no-applicable-step' })
  })

  test('where silence is delivery, and then a word comes after all', () => {
    const n = alone(['sms'], { receipts: 'failures' })
    n.wakes(0)
    n.sent(0, 0)
    n.wakes(120)
    expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: true })
    n.reported(130, 0, 'sent')
    n.reported(135, 0, 'failed')
    expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: true })
    n.reported(140, 0, 'delivered')
    expect(n.told(3)).toEqual([
      '+2m00s sms succeeded, nobody having said otherwise',
      '+2m00s settled: delivered by sms',
      '+2m15s sms a reported failed',
      '+2m15s sms a now reports failed; nothing is changed',
      '+2m20s sms a reported delivered',
    ])
    expect(n.last.record.outcome).toMatchObject({ status: 'delivered', assumed: false })
  })
})

test('a late delivery of a required step corrects the outcome', () => {
  const n = alone([{ channel: 'email', required: true }, 'sms'])
  n.wakes(0)
  n.sent(0, 0)
  n.sent(0, 1)
  n.reported(1, 1, 'delivered')
  n.wakes(120)
  expect(n.last.record.outcome).toMatchObject({ status: 'delivered', failedRequired: [0] })
  n.reported(130, 0, 'delivered')
  expect(n.told(9)).toEqual([
    '+2m10s email a reported delivered',
    '+2m10s email succeeded, late',
    '+2m10s corrected by a late receipt: delivered by sms',
  ])
})

test('an answer, a receipt or a renewal for an attempt that there is not changes nothing', () => {
  const n = alone(['sms'])
  n.wakes(0)
  n.sent(0, 0)
  const { record } = n.last
  const nobody = { step: 1, attempt: 0 }
  n.accepted(1, 0, 1)
  n.fails(1, 0, 'transient', 1)
  n.reported(1, 0, 'delivered', 1)
  n.input(1, { type: 'recalled', step: 0, attempt: 1 })
  n.input(1, { type: 'recalled', ...nobody })
  n.input(1, { type: 'held', ...nobody, until: 2000, reason: 'hook' })
  n.input(1, { type: 'receipt', ...nobody, receipt: { status: 'delivered', at: 1000 } })
  expect(n.last.record).toBe(record)
})

test('a front leaves what is ready due at once, for a process that calls providers', () => {
  const n = alone(['sms'])
  expect(n.input(0, { type: 'woke', defers: true })).toEqual([])
  expect(n.steps[0]).toMatchObject({ state: 'ready', dueAt: 0 })
  expect(n.wakes(5)).toEqual([begin])
})
