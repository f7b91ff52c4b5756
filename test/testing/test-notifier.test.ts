// What createTestNotifier and its scripts promise: time that lets work be done, vendors that do as they are told, and an outbox.
import { readFile } from 'node:fs/promises'
import {
  type ChannelProvider,
  defineTemplate,
  formatTimeline,
  type NotificationRecord,
  RequestError,
  SendError,
} from 'omnicascade'
import { shortenLinks } from 'omnicascade/links'
import { createPreferences, memoryPreferences } from 'omnicascade/preferences'
import { createTestNotifier, fail, gate, virtualClock } from 'omnicascade/testing'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'

const ada = { phone: '+420777123456', email: 'ada@example.org', telegram: 42 }
const content = { sms: { text: 'Hi' }, email: { subject: 'Hi', text: 'Hi' }, telegram: { text: 'Hi' } }
const cascade = ['telegram', { channel: 'sms', within: '2m' }, 'email'] as const

/** What happened, without times. */
const story = (record: NotificationRecord | undefined) =>
  formatTimeline(record!)
    .split('\n')
    .slice(1)
    .map((line) =>
      line
        .slice(line.indexOf(':') + 6)
        .trim()
        .replace(/ +/g, ' '),
    )

describe('a test notifier', () => {
  test('has a provider for each channel, which delivers at once where a test says nothing', async () => {
    const notifier = createTestNotifier()
    const { id } = await notifier.send({ to: ada, content, cascade })
    expect(notifier.outbox.all).toEqual([
      {
        channel: 'telegram',
        provider: 'telegram',
        to: 42,
        content: { text: 'Hi' },
        notificationId: 'notification-1',
        idempotencyKey: 'notification-1.0.0',
        at: Date.parse('2026-01-05T12:00:00Z'),
      },
    ])
    expect(await notifier.settled(id)).toMatchObject({ status: 'delivered', by: 'telegram', assumed: false })
    for (const channel of ['push', 'whatsapp', 'viber', 'vk', 'ok', 'chat'] as const) {
      const to = { phone: '+420777123456', push: 'token', vk: 1, ok: 'ok:1', chat: 'room' }
      await notifier.send({ to, content: { [channel]: { text: 'Hi' } } as never, cascade: [channel] as never })
    }
    expect(notifier.outbox.all.map(({ channel }) => channel)).toEqual([
      'telegram',
      'push',
      'whatsapp',
      'viber',
      'vk',
      'ok',
      'chat',
    ])
  })

  test('takes an app’s own options, and calls none of its providers', async () => {
    const send = vi.fn(async () => ({}))
    const close = vi.fn(async () => {})
    const twilio: ChannelProvider<'sms'> = { name: 'twilio', channels: ['sms'], receipts: 'full', send, close }
    const smtp: ChannelProvider<'email'> = { name: 'smtp', channels: ['email'], receipts: 'none', send }
    const shipped = defineTemplate({
      id: 'shipped',
      variables: z.object({ url: z.url() }),
      content: { sms: ({ url }) => ({ text: `Follow ${url}` }), email: ({ url }) => ({ subject: 'Shipped', text: url }) },
    })
    const settled: string[] = []
    const notifier = createTestNotifier({
      providers: [twilio, smtp],
      store: { shared: true } as never,
      scheduler: 'manual',
      callProviders: false,
      templates: [shipped],
      links: shortenLinks(async () => 'https://s.example/1', { channels: ['sms'] }),
      onSettled: async ({ id }) => void settled.push(id),
      createId: () => 'order-1',
      start: Date.parse('2026-11-25T12:00:00Z'),
    })
    const variables = { url: 'https://shop.example/a/long/way/1' }
    await notifier.send({ to: ada, template: shipped, variables, cascade: ['sms', { channel: 'email', required: true }] })
    await notifier.clock.advance(0)
    expect(notifier.outbox.sms).toMatchObject([{ provider: 'twilio', content: { text: 'Follow https://s.example/1' } }])
    expect(notifier.outbox.email).toMatchObject([{ provider: 'smtp', to: ada.email, content: { text: variables.url } }])
    expect(await notifier.get('order-1')).toMatchObject({ outcome: { by: 'sms' }, createdAt: Date.parse('2026-11-25T12:00:00Z') })
    expect(settled).toEqual(['order-1'])
    await notifier.close()
    expect([send.mock.calls, close.mock.calls]).toEqual([[], []])
  })

  test('waits for hooks that take real time, and lets them send', async () => {
    const pause = () => readFile(import.meta.filename)
    const listed: unknown[] = []
    const notifier = createTestNotifier({
      beforeSend: async ({ channel }) => {
        await pause()
        return channel !== 'telegram'
      },
      suppression: {
        async isSuppressed({ address }) {
          await pause()
          return address === ada.email
        },
        add: async ({ address }) => void listed.push(address),
      },
      async onSettled({ id }) {
        if (id === 'notification-1') await notifier.send({ to: ada, content, cascade: ['sms'] })
      },
    })
    notifier.whenSending('sms').fail('recipient').then.accept()
    const { id } = await notifier.send({ to: ada, content, cascade })
    await notifier.clock.advance(0)
    expect(story(await notifier.get(id))).toEqual([
      'created',
      'telegram skipped: vetoed: beforeSend',
      'sms sending',
      'sms failed: recipient (recipient)',
      'sms gave up: the address is at fault',
      'email skipped: vetoed: suppressed',
      'settled: failed',
    ])
    expect(listed).toEqual([ada.phone])
    expect(notifier.outbox.sms).toMatchObject([{ notificationId: 'notification-2' }])
  })

  test('leaves a hook that never answers to the virtual clock', async () => {
    const notifier = createTestNotifier({ beforeSend: () => new Promise(() => {}) })
    const errors: string[] = []
    notifier.on('error', ({ error }) => errors.push(error.message))
    const { id } = await notifier.send({ to: ada, content, cascade: ['sms'] })
    await notifier.clock.advance('30s')
    expect(story(await notifier.get(id))).toEqual(['created', expect.stringMatching(/^sms waits until .*: a hook failed$/)])
    expect(errors).toEqual([expect.stringContaining('beforeSend did not answer in time')])
  })

  test('goes on while a test fakes timers', async () => {
    vi.useFakeTimers()
    try {
      const notifier = createTestNotifier()
      const { id } = await notifier.send({ to: ada, content, cascade: ['sms'] })
      await notifier.clock.advance('1d')
      expect((await notifier.get(id))?.outcome).toMatchObject({ status: 'delivered' })
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('its clock', () => {
  const sale = { to: { ...ada, userId: 'u-42' }, content, cascade: ['sms'] } as const

  test('may be one that preferences have too, so that caps are reckoned in virtual time', async () => {
    const clock = virtualClock(Date.parse('2026-11-25T12:00:00Z'))
    const caps = [{ count: 1, per: '1d' }] as const
    const preferences = createPreferences({ store: memoryPreferences(), categories: { sales: {} }, caps, clock })
    const notifier = createTestNotifier({ ...preferences, clock })
    const sent: number[] = []
    for (let day = 0; day < 2; day++) {
      for (let time = 0; time < 2; time++) await notifier.send({ ...sale, category: 'sales' })
      await notifier.clock.advance('1d')
      sent.push(notifier.outbox.sms.length)
    }
    expect(sent).toEqual([1, 2])
    expect([notifier.clock, clock.now()]).toEqual([clock, Date.parse('2026-11-27T12:00:00Z')])
  })

  test('waits for the hooks of each notifier that it is given to', async () => {
    const clock = virtualClock()
    const settled: string[] = []
    for (const name of ['one', 'two']) {
      const onSettled = async () => {
        await readFile(import.meta.filename)
        settled.push(name)
      }
      await createTestNotifier({ clock, onSettled }).send(sale)
    }
    await clock.advance(0)
    expect(settled.sort()).toEqual(['one', 'two'])
  })

  test('makes way for a virtual one where it is the app’s own', async () => {
    const own = { now: () => 0, setTimer: () => () => {} }
    const { clock, send, get } = createTestNotifier({ clock: own, start: 1000 })
    const { id } = await send(sale)
    expect([clock.now(), (await get(id))?.createdAt]).toEqual([1000, 1000])
  })

  test('has started already where it is given: a start beside it is refused', () => {
    expect(() => createTestNotifier({ clock: virtualClock(), start: 1000 })).toThrow(
      new RequestError('createTestNotifier', [{ path: 'start', message: 'is for virtualClock(start), since a clock is given' }]),
    )
  })
})

describe('close', () => {
  test('lets time go on until a call that hangs is cut, and no further', async () => {
    const { whenSending, send, clock, close, get } = createTestNotifier()
    whenSending('email').hang()
    const { id } = await send({ to: ada, content, cascade: ['email'] })
    const before = clock.now()
    await close({ timeout: '5s' })
    expect(clock.now() - before).toBe(5000)
    expect((await get(id))?.steps[0]?.attempts).toMatchObject([{ failure: { kind: 'unknown' } }])
  })

  test('takes no time where nothing is under way, and as long as a call that ends', async () => {
    const idle = createTestNotifier()
    const before = idle.clock.now()
    await idle.close()
    expect(idle.clock.now()).toBe(before)
    const { whenSending, send, clock, close, outbox } = createTestNotifier()
    whenSending('email').accept({ after: '3s' })
    await send({ to: ada, content, cascade: ['email'] })
    await close()
    expect([clock.now() - before, outbox.email.length]).toEqual([3000, 1])
  })

  test('says what is wrong with its time-out', async () => {
    await expect(createTestNotifier().close({ timeout: 'soon' as never })).rejects.toThrow(/duration/)
  })
})

describe('whenSending', () => {
  test('answers each call by the next line, and further calls by the last', async () => {
    const { whenSending, send, clock, outbox, get } = createTestNotifier()
    whenSending('sms').fail('transient').then.accept({ messageId: 'm1' }).receipt('delivered', { after: '3s', raw: 'DELIVRD' })
    const { id } = await send({ to: ada, content, cascade: ['sms'] })
    expect(outbox.all).toEqual([])
    await clock.advance('500ms')
    expect(outbox.all).toMatchObject([{ idempotencyKey: `${id}.0.1` }])
    await clock.advance('2999ms')
    expect((await get(id))?.outcome).toBeNull()
    await clock.advance('1ms')
    expect(story(await get(id))).toEqual([
      'created',
      'sms sending',
      expect.stringMatching(/^sms failed: transient \(transient\), again at/),
      'sms sending',
      'sms accepted as m1',
      'sms reported delivered (DELIVRD)',
      'sms succeeded',
      'settled: delivered by sms',
    ])
    const other = createTestNotifier()
    other.whenSending('sms').fail('transient', { message: 'busy', code: 503 })
    const { id: lost } = await other.send({ to: ada, content, cascade: ['sms'] })
    await other.clock.advance('1m')
    const { steps } = (await other.get(lost))!
    expect(steps[0]!.attempts.map(({ failure }) => failure)).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'transient', message: 'busy', code: '503' })),
    )
  })

  test('a message that is accepted and of which no receipt comes is silent', async () => {
    const { whenSending, send, clock, outbox, settled } = createTestNotifier()
    whenSending('telegram').fail('recipient')
    whenSending('sms').accept()
    const { id } = await send({ to: ada, content, cascade })
    await clock.advance('119s')
    expect(outbox.email).toEqual([])
    await clock.advance('1s')
    expect(outbox.email).toHaveLength(1)
    expect(await settled(id)).toMatchObject({ by: 'email' })
  })

  test('tells a provider from its channel, and goes back to its best when asked again and told nothing', async () => {
    const providers = ['twilio', 'vonage'].map(
      (name) => ({ name, channels: ['sms'], receipts: 'full', send: async () => ({}) }) as const,
    )
    const { whenSending, send, clock, outbox } = createTestNotifier({ providers })
    const toAll = async (n: number) => {
      for (let i = 0; i < n; i++) await send({ to: ada, content, cascade: ['sms'] })
      const names = outbox.sms.map(({ provider }) => provider)
      outbox.clear()
      return names
    }
    whenSending('twilio').fail('configuration').then.accept()
    whenSending('sms').accept().receipt('delivered')
    expect(await toAll(1)).toEqual(['vonage'])
    await clock.advance('30s')
    expect(await toAll(2)).toEqual(['twilio', 'twilio'])
    whenSending('twilio').fail('recipient')
    expect(await toAll(1)).toEqual([])
    whenSending('twilio')
    expect(await toAll(1)).toEqual(['twilio'])
  })

  test('hang() is cut at the provider’s time-out, and a receipt tells that the message was taken', async () => {
    const { whenSending, send, clock, outbox, get } = createTestNotifier()
    whenSending('sms').hang().receipt('delivered', { after: '40s' })
    const { id } = await send({ to: ada, content, cascade: ['sms'] })
    await clock.advance('40s')
    expect(outbox.sms).toHaveLength(1)
    expect((await get(id))?.steps[0]?.attempts).toMatchObject([{ state: 'unknown', status: 'delivered' }])
  })

  test('fail("unknown") may have been sent, so it is in the outbox', async () => {
    const { whenSending, send, outbox, settled } = createTestNotifier()
    whenSending('sms').fail('unknown').receipt('delivered')
    const { id } = await send({ to: ada, content, cascade: ['sms'] })
    expect(outbox.sms).toHaveLength(1)
    expect(await settled(id)).toMatchObject({ status: 'delivered', by: 'sms' })
  })

  test('receipts come twice, late, and before the answer', async () => {
    const { whenSending, send, clock, get, on } = createTestNotifier()
    const parked: string[] = []
    on('receipt.parked', ({ receipt }) => parked.push(receipt.status))
    whenSending('sms')
      .accept({ messageId: 'm1', after: '5s' })
      .receipt('sent', { after: '1s' })
      .receipt('delivered', { after: '3m' })
      .receipt('delivered', { after: '4m' })
    whenSending('email').accept().receipt('delivered')
    const { id } = await send({ to: ada, content, cascade: [{ channel: 'sms', within: '2m' }, 'email'] })
    await clock.advance('4s')
    expect((await get(id))?.steps[0]?.attempts).toMatchObject([{ state: 'sending', status: 'sent' }])
    await clock.advance('5m')
    expect((await get(id))?.outcome).toMatchObject({ duplicateDelivery: true })
    expect(parked).toEqual([])
  })

  test('a receipt finds no message of a vendor that says no id, as in production', async () => {
    const bare = { name: 'bare', channels: ['sms'], receipts: 'full', send: async () => ({}) } as const
    const { whenSending, send, clock, get, on } = createTestNotifier({ providers: [bare] })
    const parked: unknown[] = []
    on('receipt.parked', ({ receipt }) => parked.push(receipt))
    whenSending('bare').hang().receipt('delivered', { after: '1s' })
    const { id } = await send({ to: ada, content, cascade: ['sms'] })
    await clock.advance('2s')
    expect(parked).toHaveLength(1)
    expect((await get(id))?.outcome).toBeNull()
  })

  test('calls back what was not delivered, where the provider can', async () => {
    const twin: ChannelProvider<'sms'> = {
      name: 'twin',
      channels: ['sms'],
      receipts: 'full',
      send: async () => ({}),
      cancel: async () => false,
    }
    const { whenSending, send, clock, cancel, get } = createTestNotifier({ providers: [twin] })
    whenSending('twin').accept().receipt('delivered', { after: '1m' }).then.accept({ messageId: 'm2' }).receipt('sent')
    const { id } = await send({ to: ada, content, cascade: ['sms'] })
    expect(await cancel(id)).toBe('too-late')
    await clock.advance('5m')
    expect(await get(id)).toMatchObject({ outcome: { status: 'cancelled' }, steps: [{ state: 'recalled' }] })
    expect(story(await get(id))).not.toContain('sms reported delivered')
  })

  test('reply() does what you write, and a script can be branched', async () => {
    const { whenSending, send, clock, outbox, ingest, get } = createTestNotifier()
    const door = gate()
    const first = whenSending('sms').reply(door.reply)
    first.then.hang()
    first.then.reply(async ({ to }) => {
      throw new SendError('content', `too long for ${String(to).length} digits`)
    })
    const { id } = await send({ to: ada, content, cascade: ['sms'] })
    await ingest([{ provider: 'sms', keys: [`${id}.0.0`], status: 'delivered', at: clock.now() }])
    door.release()
    expect((await get(id))?.outcome).toMatchObject({ status: 'delivered' })
    const { id: second } = await send({ to: ada, content, cascade: ['sms'] })
    expect((await get(second))?.steps[0]).toMatchObject({ state: 'failed', reason: 'content' })
    expect(outbox.sms).toHaveLength(1)
  })

  test('says what is wrong with a name, a time and nothing else', () => {
    const { whenSending } = createTestNotifier({
      providers: [{ name: 'twilio', channels: ['sms'], receipts: 'full', send: async () => ({}) }],
    })
    expect(() => whenSending('twillio')).toThrow(
      new RequestError('whenSending', [{ path: 'name', message: 'is none of twilio, sms' }]),
    )
    expect(() => whenSending('sms').accept({ after: '3 s' as never })).toThrow(/a scripted answer: after: is not a duration/)
    expect(() => whenSending('sms').accept().receipt('read', { after: -1 })).toThrow(
      /a scripted receipt: after: is not a duration/,
    )
  })

  test('a line is no promise', async () => {
    const line = createTestNotifier().whenSending('sms').accept()
    expect(await line).toBe(line)
  })
})

describe('the outbox', () => {
  test('finds messages by their fields, subscriptions of browsers included', async () => {
    const { send, outbox } = createTestNotifier()
    const push = { endpoint: 'https://push.example/1', keys: { p256dh: 'a', auth: 'b' } }
    const { id } = await send({ to: ada, content, cascade: ['sms', { channel: 'email', required: true }] })
    await send({ to: { push }, content: { push: { text: 'Hi' } }, cascade: ['push'] })
    expect(outbox.where({ to: ada.phone })).toEqual(outbox.sms)
    expect(outbox.where({ to: { ...push } })).toEqual(outbox.push)
    expect(outbox.where({ notificationId: id, channel: 'email' })).toEqual(outbox.email)
    expect(outbox.where({ provider: 'vonage' })).toEqual([])
    expect(outbox.all).toHaveLength(3)
    outbox.clear()
    expect([outbox.all, outbox.sms]).toEqual([[], []])
  })

  test('forgets a message that is under way, and keeps those that come after it', async () => {
    const { send, outbox, clock, whenSending } = createTestNotifier()
    const door = gate()
    whenSending('sms').reply(door.reply)
    await send({ to: ada, content, cascade: ['sms'] })
    outbox.clear()
    await send({ to: ada, content, cascade: ['email'] })
    door.release(fail('recipient'))
    await clock.advance(0)
    expect(outbox.all.map(({ channel }) => channel)).toEqual(['email'])
  })
})
