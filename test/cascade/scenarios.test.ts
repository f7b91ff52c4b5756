// The cascade, case by case: each test is one row of the design's table of scenarios, and reads like it.
// t in seconds on a virtual clock; `none`, `failures` and `full` are what the provider reports after acceptance.
import { IdempotencyConflictError, RequestError } from 'omnicascade'
import { accept, fail, gate, hang, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'

const telegram = (...replies: Parameters<typeof scriptedProvider>[0]['replies'] & object) =>
  scriptedProvider({ channels: ['telegram'], receipts: 'none', replies })
const sms = (
  receipts: 'none' | 'failures' | 'full' = 'full',
  ...replies: Parameters<typeof scriptedProvider>[0]['replies'] & object
) => scriptedProvider({ channels: ['sms'], receipts, replies })
const email = (...replies: Parameters<typeof scriptedProvider>[0]['replies'] & object) =>
  scriptedProvider({ channels: ['email'], receipts: 'none', replies })

/** Accepted after `seconds` on the world's clock. */
const acceptedAfter = (seconds: number, clock: () => { setTimer(delay: number, run: () => void): unknown }, reply = accept()) =>
  ((request, signal) =>
    new Promise((resolve, reject) =>
      clock().setTimer(seconds * 1000, () => reply(request, signal).then(resolve, reject)),
    )) as ReturnType<typeof accept>

const smsThenEmail = [{ channel: 'sms', within: '120s' }, 'email'] as const

describe('one channel after another', () => {
  test('1: telegram fails for the recipient: sms starts at once, and telegram is not retried', async () => {
    const bot = telegram(fail('recipient', 'bot was blocked by the user'))
    const w = world([bot, sms()])
    const id = await w.send(['telegram', 'sms'])
    await w.to(0)
    expect(w.times('attempt.started')).toEqual([0, 0])
    expect(bot.calls).toHaveLength(1)
    expect(await w.states(id)).toEqual(['failed', 'awaiting'])
  })

  test('2: two sms providers fail transiently three times each: 3 + 3 attempts with backoff between, then email; every error is kept', async () => {
    const a = scriptedProvider({
      name: 'a',
      channels: ['sms'],
      replies: [fail('transient', 'a1'), fail('transient', 'a2'), fail('transient', 'a3')],
    })
    const b = scriptedProvider({
      name: 'b',
      channels: ['sms'],
      replies: [fail('transient', 'b1'), fail('transient', 'b2'), fail('transient', 'b3')],
    })
    const w = world([a, b, email()])
    const id = await w.send(['sms', 'email'])
    await w.to(60)
    const [first, second] = (await w.record(id)).steps
    expect(first!.attempts.map(({ provider, failure }) => `${provider}: ${failure?.message}`)).toEqual([
      'a: a1',
      'a: a2',
      'a: a3',
      'b: b1',
      'b: b2',
      'b: b3',
    ])
    // Full jitter with random 0.5: half of 1 s, then half of 2 s; the next provider is tried at once.
    expect(first!.attempts.map(({ startedAt }) => startedAt)).toEqual([0, 500, 1500, 1500, 2000, 3000])
    expect(second!.state).toBe('succeeded')
    expect((await w.outcome(id))?.by).toBe('email')
  })

  test('2, asked to wait: Retry-After is honoured, and a vendor that asks for too long a wait is left for the next', async () => {
    const a = scriptedProvider({
      name: 'a',
      channels: ['sms'],
      replies: [fail('transient', '429', { retryAfter: 7000 }), fail('transient', '429', { retryAfter: 3_600_000 })],
    })
    const b = scriptedProvider({ name: 'b', channels: ['sms'] })
    const w = world([a, b])
    await w.send(['sms'])
    await w.to(60)
    expect(w.times('attempt.started')).toEqual([0, 7, 7])
    expect(b.calls).toHaveLength(1)
  })

  test('3: accepted, then reported failed at t30: email starts at t30 and delivers', async () => {
    const w = world([sms(), email()])
    const id = await w.send(smsThenEmail)
    await w.to(30)
    await w.receipt('sms', 'failed', `${id}.0.0`)
    await w.to(30)
    expect(w.times('attempt.started')).toEqual([0, 30])
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'email', duplicateDelivery: false })
  })

  test('4: accepted at t1 and then silence: `within` counts from acceptance, so email starts at t121', async () => {
    const provider = sms()
    const w = world([provider, email()])
    provider.reply(acceptedAfter(1, () => w.clock))
    const id = await w.send(smsThenEmail)
    await w.to(120)
    expect(await w.states(id)).toEqual(['awaiting', 'pending'])
    await w.to(121)
    expect(await w.states(id)).toEqual(['timed-out', 'succeeded'])
    expect(w.times('attempt.started')).toEqual([0, 121])
  })

  test('5: timed out, and delivered at t300 while email waits for its window: email is skipped, no duplicate', async () => {
    const start = Date.parse('2026-11-25T08:55:00+01:00')
    const mail = email()
    const w = world([sms(), mail], { start })
    const id = await w.send([
      { channel: 'sms', within: '120s' },
      { channel: 'email', window: { from: '09:30', to: '21:00' } },
    ])
    await w.to(300)
    expect(await w.states(id)).toEqual(['timed-out', 'ready'])
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    expect(await w.states(id)).toEqual(['succeeded', 'skipped'])
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms', duplicateDelivery: false })
    expect(w.times('notification.settled')).toEqual([300])
    await w.to(7200)
    expect(mail.calls).toHaveLength(0)
  })

  test('6: timed out, email accepted, and then sms delivered at t300: delivered by email, with the duplicate in record and event', async () => {
    const provider = sms()
    const w = world([provider, email()])
    provider.reply(acceptedAfter(1, () => w.clock))
    const id = await w.send(smsThenEmail)
    await w.to(122)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'email', duplicateDelivery: false })
    await w.to(300)
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'email', duplicateDelivery: true })
    expect(w.times('notification.duplicate-delivery')).toEqual([300])
  })

  test('7: a provider that reports failures alone: silence is delivery, marked assumed; a failure after that is a contradiction', async () => {
    const provider = sms('failures')
    const w = world([provider, email()])
    provider.reply(acceptedAfter(1, () => w.clock))
    const id = await w.send([{ channel: 'sms', within: '600s' }, 'email'])
    await w.to(600)
    expect(await w.outcome(id)).toBeNull()
    await w.to(601)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms', assumed: true })
    await w.to(700)
    await w.receipt('sms', 'failed', `${id}.0.0`)
    await w.to(1000)
    expect(w.times('attempt.contradicted')).toEqual([700])
    expect(await w.states(id)).toEqual(['succeeded', 'skipped'])
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
  })

  test('8: the same provider reports a failure at t90: email starts at t90', async () => {
    const w = world([sms('failures'), email()])
    const id = await w.send([{ channel: 'sms', within: '600s' }, 'email'])
    await w.to(90)
    await w.receipt('sms', 'failed', `${id}.0.0`, { raw: 'sms_lost' })
    await w.to(90)
    expect(w.times('attempt.started')).toEqual([0, 90])
    expect((await w.outcome(id))?.by).toBe('email')
  })

  test('9: until `read`: delivered but not read within the time, sms starts; a read before that settles it', async () => {
    const whatsapp = scriptedProvider({ channels: ['whatsapp'] })
    const cascade = [{ channel: 'whatsapp', until: 'read', within: '600s' }, 'sms'] as const
    const w = world([whatsapp, sms()])
    const unread = await w.send(cascade)
    const read = await w.send(cascade)
    await w.to(5)
    for (const id of [unread, read]) await w.receipt('whatsapp', 'delivered', `${id}.0.0`)
    expect(await w.states(unread)).toEqual(['awaiting', 'pending'])
    await w.receipt('whatsapp', 'read', `${read}.0.0`)
    expect(await w.outcome(read)).toMatchObject({ status: 'delivered', by: 'whatsapp' })
    await w.to(600)
    expect(await w.states(unread)).toEqual(['timed-out', 'awaiting'])
    expect(await w.states(read)).toEqual(['succeeded', 'skipped'])
  })
})

describe('required steps', () => {
  const cascade = ['telegram', { channel: 'email', required: true }, 'sms'] as const
  const mail = (receipts: 'none' | 'full' = 'full', ...replies: ReturnType<typeof fail>[]) =>
    scriptedProvider({ channels: ['email'], receipts, replies })

  test('10: telegram delivers at t3: email was sent at t0 beside it, sms is skipped, and it settles once email has', async () => {
    const bot = scriptedProvider({ channels: ['telegram'] })
    const w = world([bot, mail(), sms()])
    const id = await w.send(cascade)
    await w.to(3)
    expect(w.times('attempt.started')).toEqual([0, 0])
    await w.receipt('telegram', 'delivered', `${id}.0.0`)
    expect(await w.states(id)).toEqual(['succeeded', 'awaiting', 'skipped'])
    expect(await w.outcome(id)).toBeNull()
    await w.to(9)
    await w.receipt('email', 'delivered', `${id}.1.0`)
    expect(await w.outcome(id)).toMatchObject({
      status: 'delivered',
      by: 'telegram',
      failedRequired: [],
      duplicateDelivery: false,
    })
    expect(w.times('notification.settled')).toEqual([9])
  })

  test('11: email fails for good and telegram delivers: delivered, with the failed required step listed', async () => {
    const w = world([telegram(), mail('none', fail('recipient')), sms()])
    const id = await w.send(cascade)
    await w.to(0)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'telegram', failedRequired: [1] })
  })

  test('12: telegram and sms fail, email is delivered: failed, with email shown as delivered', async () => {
    const w = world([telegram(fail('recipient')), mail(), sms('full', fail('recipient'))])
    const id = await w.send(cascade)
    await w.to(1)
    await w.receipt('email', 'delivered', `${id}.1.0`)
    expect(await w.outcome(id)).toMatchObject({
      status: 'failed',
      by: null,
      failedRequired: [],
      steps: [{ state: 'failed' }, { channel: 'email', state: 'succeeded', status: 'delivered' }, { state: 'failed' }],
    })
  })

  test('13: required steps alone: delivered when all are, failed with the step listed when one fails', async () => {
    const required = [
      { channel: 'email', required: true },
      { channel: 'push', required: true },
    ] as const
    const push = scriptedProvider({ channels: ['push'], receipts: 'none', replies: [accept(), fail('recipient')] })
    const w = world([mail('none'), push])
    const both = await w.send(required)
    await w.to(0)
    const one = await w.send(required)
    await w.to(0)
    expect(await w.outcome(both)).toMatchObject({ status: 'delivered', by: 'email', step: 0, failedRequired: [] })
    expect(await w.outcome(one)).toMatchObject({ status: 'failed', failedRequired: [1] })
  })
})

describe('cancelling and expiring', () => {
  test('14: cancelled before `sendAt`: nothing is ever sent, also if the wake-up was already on its way', async () => {
    const provider = sms()
    const w = world([provider])
    const id = await w.send(['sms'], { sendAt: 1_000_000 })
    await w.to(999)
    const [answer] = await Promise.all([w.notifier.cancel(id), w.clock.advanceTo(1_000_000), w.notifier.tick()])
    expect(answer).toBe('cancelled')
    await w.to(5000)
    expect(provider.calls).toHaveLength(0)
    expect(await w.outcome(id)).toMatchObject({ status: 'cancelled' })
  })

  test.each(['being sent', 'awaiting'])(
    '15: cancelled while sms is %s: too late; email never starts, the vendor is asked, and sms may still deliver',
    async (when) => {
      const send = gate()
      const provider = scriptedProvider({ channels: ['sms'], replies: [send.reply], cancels: false })
      const mail = email()
      const w = world([provider, mail])
      const id = await w.send(smsThenEmail)
      if (when === 'awaiting') send.release()
      await w.to(1)
      expect(await w.notifier.cancel(id)).toBe('too-late')
      send.release()
      await w.to(2)
      expect(provider.cancels).toMatchObject([{ channel: 'sms', messageId: `${id}.0.0` }])
      expect(await w.states(id)).toEqual(['awaiting', 'skipped'])
      const other = await w.send(smsThenEmail)
      await w.to(3)
      expect(await w.notifier.cancel(other)).toBe('too-late')
      await w.receipt('sms', 'delivered', `${id}.0.0`)
      expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
      await w.to(200)
      expect(await w.outcome(other)).toMatchObject({ status: 'cancelled' })
      expect(mail.calls).toHaveLength(0)
    },
  )

  test('15, called back: the vendor confirms that it will not deliver, and the notification settles at once', async () => {
    const provider = scriptedProvider({ channels: ['sms'], cancels: true })
    const w = world([provider, email()])
    const id = await w.send(smsThenEmail)
    await w.to(1)
    expect(await w.notifier.cancel(id)).toBe('too-late')
    await w.to(1)
    expect(await w.states(id)).toEqual(['recalled', 'skipped'])
    expect(await w.outcome(id)).toMatchObject({ status: 'cancelled' })
  })

  test('16: cancelled after it settled: already-settled, and the record is unchanged', async () => {
    const w = world([telegram()])
    const id = await w.send(['telegram'])
    await w.to(1)
    const before = await w.record(id)
    expect(await w.notifier.cancel(id)).toBe('already-settled')
    expect(await w.record(id)).toEqual(before)
  })

  test('17: expired at t100: no new step, but a receipt until t601 still counts; then the outcome is expired', async () => {
    const provider = sms()
    const mail = email()
    const w = world([provider, mail])
    provider.reply(
      acceptedAfter(1, () => w.clock),
      acceptedAfter(1, () => w.clock),
    )
    const cascade = [{ channel: 'sms', within: '600s' }, 'email'] as const
    const silent = await w.send(cascade, { expiresAt: 100_000 })
    const heard = await w.send(cascade, { expiresAt: 100_000 })
    await w.to(500)
    await w.receipt('sms', 'delivered', `${heard}.0.0`)
    await w.to(600)
    expect(await w.outcome(silent)).toBeNull()
    await w.to(601)
    expect(await w.outcome(silent)).toMatchObject({ status: 'expired' })
    expect(await w.outcome(heard)).toMatchObject({ status: 'delivered', by: 'sms' })
    expect(mail.calls).toHaveLength(0)
  })
})

describe('sends whose result nobody saw', () => {
  const keyed = (replies: ReturnType<typeof hang>[]) =>
    scriptedProvider({ channels: ['sms'], timeout: '10s', replies, keys: ({ idempotencyKey }) => [`ours:${idempotencyKey}`] })

  test('18: cut at t10, delivered at t40: delivered, never sent twice; the receipt is found by the key set before the call', async () => {
    const provider = keyed([hang()])
    const w = world([provider, email()])
    const id = await w.send(smsThenEmail)
    await w.to(40)
    expect(await w.states(id)).toEqual(['awaiting', 'pending'])
    await w.receipt('sms', 'delivered', `ours:${id}.0.0`)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms', assumed: false })
    expect(provider.calls).toHaveLength(1)
  })

  test('18, parked: the receipt comes under a key that only the late answer tells', async () => {
    const late = gate()
    const provider = keyed([late.reply])
    const w = world([provider, email()])
    const id = await w.send(smsThenEmail)
    await w.to(40)
    expect(await w.receipt('sms', 'delivered', 'vendor-1')).toMatchObject({ parked: 1 })
    late.release(accept({ messageId: 'vendor-1' }))
    await w.to(41)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
    expect(provider.calls).toHaveLength(1)
  })

  test('19: cut at t10 and then silence: email starts at t130', async () => {
    const provider = keyed([hang()])
    const w = world([provider, email()])
    const id = await w.send(smsThenEmail)
    await w.to(129)
    expect(await w.states(id)).toEqual(['awaiting', 'pending'])
    await w.to(130)
    expect(w.times('attempt.started')).toEqual([0, 130])
    expect(provider.calls).toHaveLength(1)
  })

  test('20: where no receipt can come, `onUnknown` decides', async () => {
    const chat = (idempotent: boolean) =>
      scriptedProvider({ channels: ['chat'], receipts: 'none', timeout: '10s', idempotent, replies: [hang()] })
    const run = async (onUnknown: 'advance' | 'assume-sent' | 'resend', idempotent = false) => {
      const provider = chat(idempotent)
      const w = world([provider, sms()])
      const id = await w.send([{ channel: 'chat', onUnknown }, 'sms'])
      await w.to(20)
      return {
        calls: provider.calls.map(({ idempotencyKey }) => idempotencyKey),
        states: await w.states(id),
        started: w.times('attempt.started'),
        outcome: await w.outcome(id),
      }
    }
    expect(await run('advance')).toMatchObject({ calls: ['n1.0.0'], states: ['failed', 'awaiting'], started: [0, 10] })
    expect(await run('assume-sent')).toMatchObject({
      calls: ['n1.0.0'],
      outcome: { status: 'delivered', by: 'chat', assumed: true },
    })
    expect(await run('resend', true)).toMatchObject({
      calls: ['n1.0.0', 'n1.0.0'],
      outcome: { status: 'delivered', by: 'chat', assumed: false },
    })
    // A vendor that does not honour the key would deliver twice: then `resend` is no more than `advance`.
    expect(await run('resend', false)).toMatchObject({ calls: ['n1.0.0'], states: ['failed', 'awaiting'], started: [0, 10] })
  })
})

describe('sends that may be repeated', () => {
  const chat = (name: string, ...replies: ReturnType<typeof hang>[]) =>
    scriptedProvider({ name, channels: ['chat'], receipts: 'none', timeout: '10s', idempotent: true, replies })
  const keysOf = ({ calls }: ReturnType<typeof chat>) => calls.map(({ idempotencyKey }) => idempotencyKey)
  const cascade = [{ channel: 'chat', onUnknown: 'resend' }, 'email'] as const

  test('20: the key stays the same whatever comes in between', async () => {
    const provider = chat('a', hang(), fail('transient'))
    const w = world([provider, email()])
    const id = await w.send(cascade)
    await w.to(60)
    expect(keysOf(provider)).toEqual([`${id}.0.0`, `${id}.0.0`, `${id}.0.0`])
    expect((await w.outcome(id))?.by).toBe('chat')
  })

  test('20: no other provider is asked while nobody knows, also when the first one then turns out to be misconfigured', async () => {
    const [a, b] = [chat('a', hang(), fail('configuration')), chat('b')]
    const w = world([a, b, email()])
    const id = await w.send(cascade)
    await w.to(60)
    expect([a.calls.length, b.calls.length]).toEqual([2, 0])
    expect(await w.states(id)).toEqual(['failed', 'succeeded'])
  })

  test('20: where receipts come, an open circuit means waiting for them, not failing', async () => {
    const provider = scriptedProvider({ channels: ['sms'], timeout: '10s', idempotent: true, replies: [hang()] })
    const w = world([provider, email()], { breaker: { threshold: 1 } })
    const id = await w.send([{ channel: 'sms', within: '120s', onUnknown: 'resend' }, 'email'])
    await w.to(60)
    expect(await w.states(id)).toEqual(['awaiting', 'pending'])
    await w.to(140)
    expect(await w.states(id)).toEqual(['timed-out', 'succeeded'])
  })

  test('what a vendor has reported as sent is not sent again, whatever the call comes to', async () => {
    const send = gate()
    const provider = scriptedProvider({ channels: ['sms'], replies: [send.reply], keys: () => ['k'] })
    const w = world([provider])
    const id = await w.send(['sms'])
    await w.receipt('sms', 'sent', 'k')
    send.release(fail('transient', '503'))
    await w.to(60)
    expect(provider.calls).toHaveLength(1)
    expect(await w.states(id)).toEqual(['awaiting'])
  })
})

describe('deliveries call back what is still under way', () => {
  const withCancel = (channel: 'sms' | 'viber') => scriptedProvider({ channels: [channel], cancels: true })
  const cascade = [
    { channel: 'sms', within: '120s' },
    { channel: 'viber', within: '120s' },
  ] as const

  test('a late delivery by sms calls the viber message back', async () => {
    const [first, second] = [withCancel('sms'), withCancel('viber')]
    const w = world([first, second])
    const id = await w.send(cascade)
    await w.to(130)
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    await w.to(131)
    expect(second.cancels).toMatchObject([{ channel: 'viber', messageId: `${id}.1.0` }])
    expect(first.cancels).toEqual([])
    expect(await w.states(id)).toEqual(['succeeded', 'recalled'])
  })

  test('a delivery by viber calls the sms back that was given up on', async () => {
    const [first, second] = [withCancel('sms'), withCancel('viber')]
    const w = world([first, second])
    const id = await w.send(cascade)
    await w.to(130)
    await w.receipt('viber', 'delivered', `${id}.1.0`)
    await w.to(131)
    expect(first.cancels).toMatchObject([{ channel: 'sms', messageId: `${id}.0.0` }])
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'viber', step: 1 })
  })

  test('a message that is still being sent is called back once its vendor has taken it', async () => {
    const send = gate()
    const second = scriptedProvider({ channels: ['viber'], cancels: true, replies: [send.reply] })
    const w = world([sms(), second])
    const id = await w.send(cascade)
    await w.to(120)
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    expect(await w.states(id)).toEqual(['succeeded', 'superseded'])
    send.release()
    await w.to(121)
    expect(second.cancels).toHaveLength(1)
  })
})

test('a required step that waits for its window is sent though the chain has delivered meanwhile', async () => {
  const push = scriptedProvider({ channels: ['push'], receipts: 'none' })
  const w = world([telegram(), push], { start: Date.parse('2026-11-25T07:00:00+01:00') })
  const id = await w.send(['telegram', { channel: 'push', required: true, window: { from: '09:00', to: '21:00' } }])
  await w.to(60)
  expect(await w.states(id)).toEqual(['succeeded', 'ready'])
  await w.to(7200)
  expect(push.calls).toHaveLength(1)
  expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'telegram', failedRequired: [] })
})

describe('receipts', () => {
  test('21: delivered before the send call returns: parked, applied when it returns, delivered once', async () => {
    const send = gate()
    const w = world([sms('full', send.reply)])
    const id = await w.send(['sms'])
    expect(await w.receipt('sms', 'delivered', 'vendor-1')).toMatchObject({ parked: 1 })
    send.release(accept({ messageId: 'vendor-1' }))
    await w.to(1)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
    expect(w.events.filter((event) => event.type === 'attempt.receipt')).toHaveLength(1)
  })

  test('22: delivered, sent and failed, each twice: delivered, one event for it, and the failure is a contradiction', async () => {
    const w = world([sms()])
    const id = await w.send(['sms'])
    await w.to(1)
    for (const status of ['delivered', 'delivered', 'sent', 'sent', 'failed', 'failed'] as const)
      await w.receipt('sms', status, `${id}.0.0`)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered' })
    expect(
      w.events
        .filter((event) => event.type === 'attempt.receipt')
        .map((event) => event.type === 'attempt.receipt' && event.status),
    ).toEqual(['delivered', 'failed'])
    expect(w.events.filter((event) => event.type === 'attempt.contradicted')).toHaveLength(1)
  })
})

describe('quiet hours', () => {
  const window = { from: '09:00', to: '21:00' }

  test('23: sent at 22:30 on the eve of the clock change: starts at 09:00 local, which is 08:00Z', async () => {
    const w = world([telegram(), sms()], { start: Date.parse('2026-10-24T22:30:00+02:00') })
    await w.send(['telegram', 'sms'], { window })
    await w.clock.advance('1d')
    const started = w.events.filter((event) => event.type === 'attempt.started').map(({ at }) => new Date(at).toISOString())
    expect(started).toEqual(['2026-10-25T08:00:00.000Z'])
  })

  test('24: sms accepted at 20:59:30, then silence: email starts at 09:00 the next day; wrapping and always-open windows work', async () => {
    const at = (local: string) => Date.parse(`2026-11-${local}+01:00`)
    const startedOf = async (start: number, hours: { from: string; to: string }) => {
      const w = world([sms(), email()], { start })
      await w.send(smsThenEmail, { window: hours })
      await w.clock.advance('2d')
      return w.events.filter((event) => event.type === 'attempt.started').map((event) => event.at)
    }
    expect(await startedOf(at('25T20:59:30'), window)).toEqual([at('25T20:59:30'), at('26T09:00:00')])
    expect(await startedOf(at('25T05:59:00'), { from: '22:00', to: '06:00' })).toEqual([at('25T05:59:00'), at('25T22:00:00')])
    expect(await startedOf(at('25T03:00:00'), { from: '09:00', to: '09:00' })).toEqual([at('25T03:00:00'), at('25T03:02:00')])
  })
})

describe('several providers, and what cannot be sent', () => {
  test('25: a is misconfigured: its circuit opens, the operator is told, b is used at once and next; a is probed after the cool-down', async () => {
    const a = scriptedProvider({ name: 'a', channels: ['sms'], replies: [fail('configuration', 'bad token')] })
    const b = scriptedProvider({ name: 'b', channels: ['sms'] })
    const w = world([a, b])
    await w.send(['sms'])
    await w.to(0)
    expect(w.events.filter((event) => event.type === 'provider.opened')).toMatchObject([
      { provider: 'a', until: 30_000, failure: { kind: 'configuration' } },
    ])
    expect([a.calls.length, b.calls.length]).toEqual([1, 1])
    await w.send(['sms'])
    await w.to(29)
    expect([a.calls.length, b.calls.length]).toEqual([1, 2])
    await w.to(30)
    await w.send(['sms'])
    await w.to(31)
    expect([a.calls.length, b.calls.length]).toEqual([2, 2])
    expect(w.times('provider.closed')).toEqual([30])
  })

  test('25: the faults of recipients and of content never open a circuit', async () => {
    const a = scriptedProvider({
      name: 'a',
      channels: ['sms'],
      replies: [...Array(10).fill(fail('recipient')), ...Array(10).fill(fail('content'))],
    })
    const w = world([a, telegram()])
    for (let i = 0; i < 20; i++) await w.send(['sms', 'telegram'])
    await w.to(1)
    expect(a.calls).toHaveLength(20)
    expect(w.times('provider.opened')).toEqual([])
  })

  test('26: no phone: sms is skipped and telegram starts at once; when no step applies, send rejects and stores nothing', async () => {
    const w = world([sms(), telegram()])
    const id = await w.send(['sms', 'telegram'], { to: { telegram: 42 } })
    await w.to(0)
    expect((await w.record(id)).steps[0]).toMatchObject({ state: 'skipped', reason: 'no-address' })
    expect((await w.outcome(id))?.by).toBe('telegram')
    const rejected = w.send(['sms'], { to: { telegram: 42 } })
    await expect(rejected).rejects.toThrow(RequestError)
    await expect(rejected).rejects.toMatchObject({
      issues: [{ path: 'cascade[0]', message: expect.stringContaining('no-address') }],
    })
    expect(await w.notifier.get('n2')).toBeUndefined()
  })

  test('27: one idempotency key: the same request gives the same notification and sends nothing again; another request is a conflict that is named', async () => {
    const provider = telegram()
    const w = world([provider])
    const request = {
      to: { telegram: 42 },
      content: { telegram: { text: 'Hello' } },
      idempotencyKey: 'order-1',
      cascade: ['telegram'],
    } as const
    const first = await w.notifier.send(request)
    const again = await w.notifier.send({ ...request })
    await w.to(1)
    expect(again).toEqual({ id: first.id, created: false })
    expect(provider.calls).toHaveLength(1)
    const other = w.notifier.send({ ...request, to: { telegram: 43 }, sendAt: 5000 })
    await expect(other).rejects.toThrow(IdempotencyConflictError)
    await expect(other).rejects.toMatchObject({ notificationId: first.id, fields: ['sendAt', 'to'] })
    expect(provider.calls).toHaveLength(1)
  })

  test('28: beforeSend vetoes sms, and email is suppressed: both skipped with their reasons; failed, no applicable step', async () => {
    const w = world([sms(), email()], { beforeSend: ({ channel }) => (channel === 'sms' ? 'opted out' : 'suppressed') })
    const id = await w.send(['sms', 'email'])
    await w.to(0)
    expect((await w.record(id)).steps.map(({ state, reason }) => [state, reason])).toEqual([
      ['skipped', 'vetoed: opted out'],
      ['skipped', 'vetoed: suppressed'],
    ])
    expect(await w.outcome(id)).toMatchObject({ status: 'failed', reason: 'no-applicable-step' })
  })

  test('29: a provider that hangs for ever is cut at its time-out as unknown, and close does not wait for it longer than its own limit', async () => {
    const w = world([scriptedProvider({ channels: ['sms'], timeout: '60s', replies: [hang(), hang()] })])
    const id = await w.send(['sms'])
    await w.to(60)
    expect((await w.record(id)).steps[0]!.attempts[0]).toMatchObject({
      state: 'unknown',
      failure: { kind: 'unknown', code: 'TIMEOUT' },
    })
    await w.send(['sms'])
    await w.to(61)
    let closed = false
    const closing = w.notifier.close({ timeout: '5s' }).then(() => {
      closed = true
    })
    await w.to(65)
    expect(closed).toBe(false)
    await w.to(66)
    await closing
    expect(closed).toBe(true)
  })

  test.each([
    ['null', null],
    ['a string', 'boom'],
    ['a foreign error', new TypeError('x is not a function')],
  ])('30: a provider throws %s: unknown, never a crash, never a success', async (_, thrown) => {
    const w = world([scriptedProvider({ channels: ['sms'], replies: [() => Promise.reject(thrown)] }), email()])
    const id = await w.send(smsThenEmail)
    await w.to(1)
    expect((await w.record(id)).steps[0]).toMatchObject({
      state: 'awaiting',
      attempts: [{ state: 'unknown', status: null, failure: { kind: 'unknown' } }],
    })
    await w.to(120)
    expect((await w.outcome(id))?.by).toBe('email')
  })

  test('30: a provider resolves undefined, or throws before it returns a promise: unknown; a refused connection: transient', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const replies = [
      () => Promise.resolve(undefined as never),
      () => {
        throw new Error('at once')
      },
      () => Promise.reject(refused),
    ]
    const w = world([scriptedProvider({ channels: ['sms'], replies })])
    const ids = [await w.send(['sms']), await w.send(['sms']), await w.send(['sms'])]
    await w.to(0.1)
    const kinds = await Promise.all(ids.map(async (id) => (await w.record(id)).steps[0]!.attempts[0]!.failure!.kind))
    expect(kinds).toEqual(['unknown', 'unknown', 'transient'])
  })
})
