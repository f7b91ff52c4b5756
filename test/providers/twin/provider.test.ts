import { inspect } from 'node:util'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import type { Channel } from 'omnicascade'
import { RequestError } from 'omnicascade'
import { createTwinClient, type TwinOptions, type TwinSendOptions, twin } from 'omnicascade/providers/twin'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { channels } from '../../../src/contract/channel.ts'
import type { SendPart, SendRequest } from '../../../src/contract/provider.ts'
import { failureOf, thrownBy } from '../failures.ts'
import { credentials, handClock, identity, notify, requestFor, type Seen, seen, taken } from './support.ts'

const server = setupServer()
const signal = new AbortController().signal
let calls: Seen[]

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
beforeEach(() => {
  calls = []
  server.use(...identity(handClock()))
})
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const provider = (options: TwinSendOptions = {}) => twin({ ...credentials, clock: handClock(), ...options })
function answers(body: unknown): void {
  server.use(
    http.all(`${notify}/messages`, async ({ request }) => {
      calls.push(await seen(request))
      return HttpResponse.json(body as object)
    }),
  )
}
/** What goes over the wire for one request. */
async function message(request: SendRequest, options: TwinSendOptions = {}): Promise<Record<string, unknown>> {
  answers([taken])
  await provider(options).send(request, { signal })
  const body = calls[0]?.body as { messages: Record<string, unknown>[] }
  expect(Object.keys(body)).toEqual(['messages'])
  expect(body.messages).toHaveLength(1)
  return body.messages[0] as Record<string, unknown>
}
const part = <C extends Channel>(...[channel, content, to]: [C, SendPart<C>['content'], SendPart['to']]) =>
  ({ channel, content, to }) as SendPart

describe('one channel', () => {
  test('is one message, with the idempotency key as callback data', async () => {
    const sent = await message(
      requestFor('sms', { text: 'Hi', sender: 'Shop' }, '+79001234567', { recipient: { userId: 'u1' } }),
      {
        callbackUrl: 'https://hooks.example.org/twin?shop=1',
        callbackSecret: 's3cret',
      },
    )
    expect(sent).toEqual({
      useShortLinks: false,
      channels: { sms: { from: 'Shop', text: 'Hi', validityPeriod: 2 } },
      destinations: [{ externalId: 'u1', phone: '79001234567' }],
      callbackUrl: 'https://hooks.example.org/twin?shop=1&token=s3cret',
      callbackData: 'n1.0.0',
    })
  })

  const approved = { name: 'otp', language: 'ru', namespace: 'ns', parameters: ['4711', 'Ada'] }
  test.each<[string, SendRequest, object, object]>([
    [
      'SMS by TWIN’s own sender',
      requestFor('sms', { text: 'Hi' }, '+79001234567'),
      { sms: { from: 'TwinService', text: 'Hi' } },
      { phone: '79001234567' },
    ],
    [
      'an e-mail with its HTML',
      requestFor(
        'email',
        { subject: 'Hi', text: 't', html: '<p>h', from: '"Shop, Inc." <shop@example.org>', replyTo: 'r@example.org' },
        'a@example.org',
      ),
      {
        email: { subject: 'Hi', text: '<p>h', fromEmail: 'shop@example.org', fromName: 'Shop, Inc.', replyTo: 'r@example.org' },
      },
      { email: 'a@example.org' },
    ],
    [
      'an e-mail with text alone, from an address alone',
      requestFor('email', { subject: 'Hi', text: 't', from: 'shop@example.org' }, 'a@example.org'),
      { email: { subject: 'Hi', text: 't', fromEmail: 'shop@example.org' } },
      { email: 'a@example.org' },
    ],
    [
      'a push to a registration id',
      requestFor(
        'push',
        { title: 'T', text: 't', url: 'https://e.org', vendor: { twin: { destination: { platform: 'ios' } } } },
        'reg-id',
      ),
      { push: { subject: 'T', text: 't', buttonUrl: 'https://e.org' } },
      { pushRegistrationId: 'reg-id', platform: 'ios' },
    ],
    [
      'WhatsApp by an approved template',
      requestFor('whatsapp', { approved }, '+79001234567'),
      { whatsapp: { templateName: 'otp', templateNamespace: 'ns', language: 'ru', templateData: { '1': '4711', '2': 'Ada' } } },
      { phone: '79001234567' },
    ],
    [
      'WhatsApp by text',
      requestFor('whatsapp', { text: 'Hi', imageUrl: 'https://e.org/i.png' }, '79001234567'),
      { whatsapp: { text: 'Hi', mediaUrl: 'https://e.org/i.png' } },
      { phone: '79001234567' },
    ],
    [
      'Viber with a picture and its first button',
      requestFor(
        'viber',
        { text: 'Hi', imageUrl: 'https://e.org/i.png', buttons: [{ text: 'Go', url: 'https://e.org' }] },
        '+79001234567',
      ),
      { viber: { text: 'Hi', imageUrl: 'https://e.org/i.png', buttonUrl: 'https://e.org', buttonText: 'Go' } },
      { phone: '79001234567' },
    ],
    [
      'Viber to its own id',
      requestFor('viber', { text: 'Hi' }, 'aBc/=='),
      { viber: { text: 'Hi' } },
      { messengerUserId: 'aBc/==' },
    ],
    [
      'Telegram to a chat id',
      requestFor('telegram', { text: 'Hi' }, 42),
      { telegram: { text: 'Hi' } },
      { messengerUserId: '42' },
    ],
    [
      'Telegram by phone',
      requestFor('telegram', { text: 'Hi' }, '+79001234567'),
      { telegram: { text: 'Hi' } },
      { phone: '79001234567' },
    ],
    [
      'VKontakte with attachments of its own',
      requestFor('vk', { text: 'Hi', vendor: { twin: { channel: { attachments: ['photo1_2'] } } } }, '+79001234567'),
      { vk: { text: 'Hi', attachments: ['photo1_2'] } },
      { phone: '79001234567' },
    ],
    [
      'Odnoklassniki to its own id',
      requestFor('ok', { text: 'Hi' }, 'chat:1'),
      { ok: { text: 'Hi' } },
      { messengerUserId: 'chat:1' },
    ],
  ])('sends %s', async (_, request, channel, destination) => {
    const [[key, fields]] = Object.entries(channel) as [[string, object]]
    const sent = await message(request)
    expect(sent.destinations).toEqual([destination])
    expect(sent.channels).toEqual({ [key]: { ...fields, validityPeriod: 2 } })
  })

  test('starts a chat session whose bot gets the text as a variable', async () => {
    const chat = { chatId: 'c1', botId: 'b1', messengerType: 'WHATSAPP', chatSessionName: 'June' }
    const content = { text: 'Hi', vendor: { twin: { destination: { variables: { k: 'v' } } } } }
    expect(await message(requestFor('chat', content, '+79001234567'), { chat })).toMatchObject({
      channels: { chat: { ...chat, provider: 'TWIN', validityPeriod: 2 } },
      destinations: [{ phone: '79001234567', variables: { text: 'Hi', k: 'v' } }],
    })
  })

  test('addresses a chat session, and names the variable as asked', async () => {
    const chat = { chatId: 'c1', textVariable: 'words', continueLastOrStartNewSession: true }
    const sent = await message(requestFor('chat', { text: 'Hi' }, 'session-1'), { chat })
    expect(sent.destinations).toEqual([{ chatSessionId: 'session-1', variables: { words: 'Hi' } }])
    expect(sent.channels).toEqual({
      chat: { chatId: 'c1', continueLastOrStartNewSession: true, provider: 'TWIN', validityPeriod: 2 },
    })
  })

  test('takes its key, sender and message fields from options and vendor fields', async () => {
    const content = {
      text: 'Hi',
      vendor: { twin: { message: { templateId: 'e95d', allowedTimeRanges: [['09:00:00', '21:00:00']] } } },
    }
    const sent = await message(requestFor('viber', content, '+79001234567'), {
      channelKeys: { viber: 'VIBER' },
      sender: { viber: 'Shop' },
      useShortLinks: true,
    })
    expect(sent).toMatchObject({
      channels: { VIBER: { from: 'Shop', text: 'Hi' } },
      templateId: 'e95d',
      allowedTimeRanges: [['09:00:00', '21:00:00']],
      useShortLinks: true,
    })
    expect(sent).not.toHaveProperty('callbackUrl')
  })

  test('uses one sender name for SMS and Viber', async () => {
    const sms = await message(requestFor('sms', { text: 'Hi' }, '+79001234567'), { sender: 'Shop' })
    expect(sms.channels).toMatchObject({ sms: { from: 'Shop' } })
  })

  test('reads the vendor fields of its own name first', async () => {
    const vendor = { east: { channel: { provider: 'MTS' } }, twin: { channel: { provider: 'VONAGE' } } }
    const sent = await message(requestFor('sms', { text: 'Hi', vendor }, '+79001234567'), { name: 'east' })
    expect(sent.channels).toMatchObject({ sms: { provider: 'MTS' } })
  })
})

describe('the validity period', () => {
  test.each([
    [1, 1],
    [59_999, 1],
    [60_000, 1],
    [119_999, 1],
    [120_000, 2],
    [172_800_000, 2880],
    [999_999_999, 2880],
  ])('of a step that waits %i ms is %i minutes', async (within, minutes) => {
    const sent = await message(requestFor('sms', { text: 'Hi' }, '+79001234567', { within }))
    expect(sent.channels).toMatchObject({ sms: { validityPeriod: minutes } })
  })

  test.each([
    [3, 3],
    [60, 10],
  ])('of %i minutes that a content asks for becomes %i where the step waits ten', async (asked, minutes) => {
    const content = { text: 'Hi', vendor: { twin: { channel: { validityPeriod: asked } } } }
    const sent = await message(requestFor('sms', content, '+79001234567', { within: 600_000 }))
    expect(sent.channels).toMatchObject({ sms: { validityPeriod: minutes } })
  })
})

describe('a delegated cascade', () => {
  const viber = part('viber', { text: 'V' }, '+79001234567')
  const sms = part('sms', { text: 'S' }, '+79001234567')
  const email = part('email', { subject: 'E', text: 'E', vendor: { twin: { required: true } } }, 'a@example.org')
  const chain = (...parts: SendPart[]) =>
    ({ ...requestFor('sms', { text: '' }, undefined, { within: 1_800_000 }), ...parts[0], parts }) as SendRequest

  test('is one message with its channels in order and every address', async () => {
    const sent = await message(chain(viber, sms, email), { callbackUrl: 'https://hooks.example.org/twin' })
    expect(Object.entries(sent.channels as object)).toEqual([
      ['viber', { text: 'V', validityPeriod: 10 }],
      ['sms', { from: 'TwinService', text: 'S', validityPeriod: 10 }],
      ['email', { subject: 'E', text: 'E', validityPeriod: 10, required: true }],
    ])
    expect(sent.destinations).toEqual([{ phone: '79001234567', email: 'a@example.org' }])
    expect(sent.callbackData).toBe('n1.0.0~flow')
  })

  test('is found by its callback data, its flow and every message of it', async () => {
    answers([taken, { ...taken, id: 'second' }, { ...taken, id: null, error: { message: 'no e-mail' } }])
    const request = chain(viber, sms, email)
    expect(await provider().send(request, { signal })).toEqual({
      messageId: taken.id,
      keys: ['n1.0.0~flow', `flow:${taken.flowId}`, 'second'],
    })
    expect(provider().keys?.(request)).toEqual(['n1.0.0~flow'])
  })

  test('of one channel is no chain: its failure is final', async () => {
    expect((await message(chain(sms))).callbackData).toBe('n1.0.0')
  })

  test('is refused as content where two channels need different values of one field', async () => {
    const sending = provider().send(chain(part('telegram', { text: 'T' }, 42), part('ok', { text: 'O' }, 'chat:1')), { signal })
    expect(await failureOf(sending)).toMatchObject({ kind: 'content', field: 'messengerUserId' })
    expect(await failureOf(provider().send(chain(sms, sms), { signal }))).toMatchObject({ kind: 'content', field: 'parts' })
  })

  test.each([
    [25, 15],
    [4, 4],
  ])('lets no channel have more than its share of the time: of %i minutes that it asks for, %i', async (asked, minutes) => {
    const content = { text: 'V', vendor: { twin: { channel: { validityPeriod: asked } } } }
    const { channels } = await message(chain(part('viber', content, '+79001234567'), sms))
    expect(channels).toMatchObject({ viber: { validityPeriod: minutes }, sms: { validityPeriod: 15 } })
  })

  test('is refused as content where there is less than a minute for each channel: TWIN would go on after us', async () => {
    const lasting = (within: number) => ({ ...chain(viber, sms), within }) as SendRequest
    expect(await failureOf(provider().send(lasting(119_999), { signal }))).toMatchObject({
      kind: 'content',
      field: 'within',
      message: expect.stringContaining('"2m"'),
    })
    expect(await message(lasting(120_000))).toMatchObject({
      channels: { viber: { validityPeriod: 1 }, sms: { validityPeriod: 1 } },
    })
  })

  test('fails only when no message was taken', async () => {
    answers([
      { ...taken, id: null, error: { message: 'first' } },
      { ...taken, id: null, error: { message: 'second' } },
    ])
    expect(await failureOf(provider().send(chain(viber, sms), { signal }))).toMatchObject({
      kind: 'content',
      message: 'first',
    })
  })

  test('is cancelled by its flow', async () => {
    answers([
      { ...taken, status: 'CANCELED' },
      { ...taken, id: 'second', status: 'Cancelled' },
    ])
    const keys = ['n1.0.0~flow', taken.id, `flow:${taken.flowId}`]
    expect(await provider().cancel?.({ channel: 'viber', messageId: taken.id, keys }, { signal })).toBe(true)
    expect(calls[0]).toMatchObject({ method: 'DELETE', body: { flowId: taken.flowId } })
  })
})

describe('a refusal inside a 2xx', () => {
  const refused = (words: unknown) => answers([{ ...taken, id: null, error: words }])
  const send = (options: TwinSendOptions = {}) =>
    failureOf(provider(options).send(requestFor('sms', { text: 'Hi Ada' }, '+79001234567'), { signal }))

  test('is content by default, for its codes are not public', async () => {
    refused({ message: 'Unknown route', file: '/srv/a.php', line: 7, trace: ['secret stack'] })
    expect(await send()).toMatchObject({ kind: 'content', message: 'Unknown route' })
  })

  test('is of the kind that the app makes of its words', async () => {
    refused({ message: 'Abonent is in black list' })
    const errorKind = (words: string) => (words.includes('black list') ? ('recipient' as const) : undefined)
    expect((await send({ errorKind })).kind).toBe('recipient')
    refused({ message: 'Other' })
    expect((await send({ errorKind })).kind).toBe('content')
  })

  test.each([
    ['a string', 'Nope', 'Nope'],
    ['an empty object', {}, 'the message was refused without a reason'],
    ['true', true, 'true'],
  ])('may be %s', async (_, error, words) => {
    refused(error)
    expect((await send()).message).toBe(words)
  })

  test.each(['ERROR', 'undelivered'])('may be a status that has failed already: %s', async (status) => {
    answers([{ ...taken, status }])
    expect(await send()).toMatchObject({ kind: 'content', message: `status ${status}` })
  })

  test('quotes neither number, text nor link', async () => {
    refused({ message: 'Cannot send "Hi Ada" to 79001234567 or +7 900 765-43-21, see https://twin.example/x?token=1' })
    expect((await send()).message).toBe('Cannot send "[redacted]" to [redacted] or [number], see [url]')
  })
})

test.each([null, ''])('a message with the id %j is taken all the same, and found by its callback data', async (id) => {
  answers([{ id, flowId: id, status: null, error: null }])
  expect(await provider().send(requestFor('sms', { text: 'Hi' }, '+79001234567'), { signal })).toEqual({ keys: ['n1.0.0'] })
})

describe('what TWIN cannot take is refused before any call', () => {
  const subscription = { endpoint: 'https://push.example', keys: { p256dh: 'k', auth: 'a' } }
  test.each<[string, SendRequest, object]>([
    ['a browser subscription', requestFor('push', { text: 't' }, subscription), { kind: 'recipient' }],
    ['no address', requestFor('sms', { text: 't' }, undefined), { kind: 'recipient' }],
    ['marked-up text', requestFor('telegram', { text: '*t*', format: 'markdownV2' }, 42), { kind: 'content', field: 'format' }],
    ['an e-mail without a body', requestFor('email', { subject: 's' }, 'a@example.org'), { kind: 'content', field: 'text' }],
    [
      'a chat that is not named',
      requestFor('chat', { text: 't' }, '+79001234567'),
      { kind: 'content', field: 'vendor.twin.channel.chatId' },
    ],
    [
      'an unknown vendor field',
      requestFor('sms', { text: 't', vendor: { twin: { requierd: true } } }, '+79001234567'),
      { kind: 'content', field: 'vendor.twin.requierd' },
    ],
    [
      'a vendor field of the wrong type',
      requestFor('sms', { text: 't', vendor: { twin: { required: 'yes' } } }, '+79001234567'),
      { kind: 'content', field: 'vendor.twin.required' },
    ],
    [
      'a message field that the cascade decides',
      requestFor('sms', { text: 't', vendor: { twin: { message: { sendAt: 'now' } } } }, '+79001234567'),
      { kind: 'content', field: 'vendor.twin.message.sendAt' },
    ],
  ])('%s', async (_, request, expected) => {
    answers([taken])
    expect(await failureOf(provider().send(request, { signal }))).toMatchObject(expected)
    expect(calls).toEqual([])
  })
})

describe('cancelling', () => {
  const cancel = (messageId: string | undefined, keys: string[] = ['n1.0.0', `flow:${taken.flowId}`]) =>
    provider().cancel?.({ channel: 'sms', messageId, keys }, { signal })

  test('asks by the message id', async () => {
    answers([{ ...taken, status: 'CANCELED' }])
    expect(await cancel(taken.id)).toBe(true)
    expect(calls[0]?.body).toEqual({ id: taken.id })
  })

  test.each([
    ['nothing was found', []],
    ['the message has an error', [{ ...taken, status: 'CANCELED', error: { message: 'late' } }]],
    ['the status is another one', [{ ...taken, status: 'DELIVERED' }]],
    ['one of several is not cancelled', [{ ...taken, status: 'CANCELED' }, taken]],
  ])('is not confirmed when %s', async (_, body) => {
    answers(body)
    expect(await cancel(taken.id)).toBe(false)
  })

  test('asks nothing without an id', async () => {
    answers([])
    expect(await cancel(undefined)).toBe(false)
    expect(calls).toEqual([])
  })
})

describe('the provider', () => {
  test('sends on all nine channels, delegates, and has receipts with a callback URL only', () => {
    expect(provider()).toMatchObject({ name: 'twin', channels, delegates: true, receipts: 'none' })
    expect(provider({ callbackUrl: 'https://hooks.example.org/' }).receipts).toBe('full')
  })

  test('reaches VKontakte, Odnoklassniki, Telegram and chats by phone too', () => {
    const { addresses = {} } = provider()
    for (const channel of ['vk', 'ok', 'telegram', 'chat'] as const) expect(addresses[channel]).toContain('phone')
  })

  test('sends through a client of the app’s own, which logs in once for both', async () => {
    let logins = 0
    server.events.on('request:start', ({ request }) => {
      if (request.url.endsWith('/login')) logins++
    })
    answers([taken])
    const client = createTwinClient({ ...credentials, clock: handClock() })
    await twin({ client }).send(requestFor('sms', { text: 'Hi' }, '+79001234567'), { signal })
    await client.messages.send({ messages: [] })
    expect(logins).toBe(1)
    server.events.removeAllListeners()
  })

  test('shows no secret', async () => {
    const shown = provider({ callbackUrl: 'https://hooks.example.org/?k=url-s3cret', callbackSecret: 'callback-s3cret' })
    const views = [inspect(shown, { depth: 10, showHidden: true }), JSON.stringify(shown)].join()
    for (const secret of [...Object.values(credentials), 's3cret']) expect(views).not.toContain(secret)
  })

  test.each<[string, object | undefined, string[]]>([
    ['no options', undefined, ['email', 'password']],
    ['a client that is undefined', { client: undefined }, ['email', 'password']],
    ['a client that is none', { client: {} }, ['client']],
    ['no log-in', { ...credentials, email: undefined, password: null }, ['email', 'password']],
    ['a time to live that is none', { ...credentials, ttl: Number.NaN }, ['ttl']],
    ['a host that is none', { ...credentials, baseUrl: '' }, ['baseUrl']],
    ['an address of a chat that is none', { ...credentials, baseUrls: { chat: 'chat.test' } }, ['baseUrls.chat']],
    ['an empty secret', { ...credentials, callbackUrl: 'https://hooks.test', callbackSecret: '' }, ['callbackSecret']],
    ['an empty callback URL', { ...credentials, callbackUrl: '' }, ['callbackUrl']],
  ])('refuses %s, naming it', (_, options, paths) => {
    const error = thrownBy(() => twin(options as TwinOptions))
    expect(error.code).toBe('invalid-options')
    expect(error.issues.map(({ path }) => path)).toEqual(paths)
    expect(inspect(error)).not.toContain(credentials.password)
  })

  test.each<[string, Partial<TwinOptions>, string]>([
    ['a callback URL that is none', { callbackUrl: '/hooks' }, 'callbackUrl'],
    ['a callback URL of another scheme', { callbackUrl: 'ftp://hooks.example.org' }, 'callbackUrl'],
    ['a callback URL of over 4000 bytes', { callbackUrl: `https://hooks.example.org/${'a'.repeat(4000)}` }, 'callbackUrl'],
    ['a secret with no URL to go into', { callbackSecret: 'x' }, 'callbackSecret'],
    ['no password', { password: '' }, 'password'],
  ])('refuses %s', (_, options, path) => {
    const make = () => twin({ ...credentials, ...options } as TwinOptions)
    expect(make).toThrow(RequestError)
    expect(make).toThrow(path)
  })
})
