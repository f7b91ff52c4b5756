import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { type Content, type Receipt, type Suppression, WebhookParseError, WebhookVerificationError } from 'omnicascade'
import { type InfobipChannel, infobip, infobipWebhook } from 'omnicascade/providers/infobip'
import { memoryInboundStore, whatsappWindow } from 'omnicascade/providers/whatsapp-window'
import { type Answer, providerContract, signInfobipWebhook, virtualClock, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { WebhookRequest } from '../../src/contract/webhook.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const apiKey = '003026bbc133714df1834b8638bb496e-8f4b3d9a-e931-478d'
const senders = { sms: 'Shop', viber: 'ShopViber', whatsapp: '+441134960000' }
const baseUrl = 'https://xyz123.api.infobip.com'

const requestFor = <C extends InfobipChannel>(channel: C, content: Content[C], to: SendRequest['to'] = '+420777123456') =>
  ({
    channel,
    to,
    content,
    recipient: { phone: '+420777123456' },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 90_500,
  }) as unknown as SendRequest<C>

const pending = {
  groupId: 1,
  groupName: 'PENDING',
  id: 26,
  name: 'PENDING_ACCEPTED',
  description: 'Message sent to next instance',
}
const taken = (messageId = 'n1.0.0', status: object = pending) => ({
  bulkId: '2034072219640523072',
  messages: [{ messageId, status, destination: '420777123456', details: { messageCount: 1 } }],
})
const rejected = (name: string, description: string, groupName = 'REJECTED'): Answer => {
  return () => HttpResponse.json(taken('n1.0.0', { groupId: 5, groupName, id: 0, name, description }))
}
const refused =
  (status: number, errorCode: string, description: string, property?: string): Answer =>
  () =>
    HttpResponse.json(
      {
        errorCode,
        description,
        action: 'Check.',
        violations: property === undefined ? [] : [{ property, violation: 'must not be blank' }],
        resources: [],
      },
      { status },
    )
const exception =
  (status: number, messageId: string, text: string, validationErrors?: object): Answer =>
  () =>
    HttpResponse.json(
      { requestError: { serviceException: { messageId, text, ...(validationErrors && { validationErrors }) } } },
      { status },
    )

cases(
  'infobip, as every provider',
  providerContract({
    create: (wire) => infobip({ apiKey, senders, ...wire }),
    request: requestFor('sms', { text: 'Hi' }),
    success: { answer: () => HttpResponse.json(taken()), result: { messageId: 'n1.0.0' } },
    failures: {
      'a network that is not set up': {
        answer: rejected('REJECTED_NETWORK', 'Network'),
        kind: 'content',
        code: 'REJECTED_NETWORK',
      },
      'a sender that is not registered': { answer: rejected('REJECTED_SOURCE', 'Source'), kind: 'configuration' },
      'no credit': { answer: rejected('REJECTED_NOT_ENOUGH_CREDITS', 'Credits'), kind: 'configuration' },
      'a blocked sender': { answer: rejected('REJECTED_SENDER', 'Sender'), kind: 'configuration' },
      'credit past its time': { answer: rejected('REJECTED_PREPAID_PACKAGE_EXPIRED', 'Package'), kind: 'configuration' },
      'an account for tests': { answer: rejected('REJECTED_DESTINATION_NOT_REGISTERED', 'Test'), kind: 'configuration' },
      'a group that is no word': {
        answer: () => HttpResponse.json(taken('n1.0.0', { groupName: { toString: 1 }, name: 'REJECTED_DND' })),
        kind: 'unknown',
      },
      'no route': { answer: rejected('REJECTED_ROUTE_NOT_AVAILABLE', 'Route'), kind: 'configuration' },
      'a prefix that there is not': { answer: rejected('REJECTED_PREFIX_MISSING', 'Prefix'), kind: 'recipient' },
      'do not disturb': { answer: rejected('REJECTED_DND', 'DND'), kind: 'recipient' },
      'a blocklisted number': { answer: rejected('REJECTED_DESTINATION_BLOCKLISTED', 'Blocklist'), kind: 'recipient' },
      'a number that is none': { answer: rejected('REJECTED_DESTINATION', 'to 420777123456'), kind: 'recipient' },
      'no number': { answer: rejected('MISSING_TO', 'Missing to'), kind: 'recipient' },
      'a number taken for fraud': { answer: rejected('SIGNALS_BLOCKED', 'Signals'), kind: 'recipient' },
      'a number not reached': { answer: rejected('UNDELIVERABLE_NOT_DELIVERED', 'Not', 'UNDELIVERABLE'), kind: 'recipient' },
      'too many to one number': { answer: rejected('REJECTED_FLOODING_FILTER', 'Flooding'), kind: 'transient' },
      'an error of the system': { answer: rejected('REJECTED_SYSTEM_ERROR', 'System'), kind: 'transient' },
      'an operator’s refusal': { answer: rejected('UNDELIVERABLE_REJECTED_OPERATOR', 'Op', 'UNDELIVERABLE'), kind: 'transient' },
      'a platform’s refusal': { answer: rejected('UNDELIVERABLE_REJECTED_PLATFORM', 'Platform'), kind: 'transient' },
      'a message not sent': { answer: rejected('UNDELIVERABLE_NOT_SENT', 'Not sent', 'UNDELIVERABLE'), kind: 'transient' },
      'a text too long': { answer: rejected('REJECTED_MESSAGE_TOO_LONG', 'Long'), kind: 'content', field: 'text' },
      'a header that is wrong': { answer: rejected('REJECTED_INVALID_UDH', 'UDH'), kind: 'content' },
      'a rejection of no known name': { answer: rejected('REJECTED_ANEW', 'New'), kind: 'content', code: 'REJECTED_ANEW' },
      'a text that is refused': {
        answer: refused(400, 'E400', 'No.', 'messages[0].content.text'),
        kind: 'content',
        code: 'E400',
        field: 'text',
      },
      'a number that is refused': { answer: refused(400, 'E400', 'No.', 'messages[0].destinations[0].to'), kind: 'recipient' },
      'a sender that is refused': { answer: refused(400, 'E400', 'No.', 'messages[0].sender'), kind: 'content', field: 'sender' },
      'a picture that is refused': {
        answer: refused(400, 'E400', 'No.', 'messages[0].content.mediaUrl'),
        kind: 'content',
        field: 'imageUrl',
      },
      'a button that is refused': {
        answer: refused(400, 'E400', 'No.', 'messages[0].content.button.title'),
        kind: 'content',
        field: 'buttons',
      },
      'a request that is refused': { answer: refused(400, 'E400', `No ${apiKey} for 420777123456`), kind: 'content' },
      'a template that is refused': {
        answer: exception(400, 'BAD_REQUEST', 'Bad request', { 'content.templateData.body.placeholders': ['must not be null'] }),
        kind: 'content',
        code: 'BAD_REQUEST',
        field: 'approved',
      },
      'a key that is wrong': {
        answer: refused(401, 'E401', 'The request lacks valid authentication credentials.'),
        kind: 'configuration',
        code: 'E401',
      },
      'a key that is wrong, as WhatsApp says it': {
        answer: exception(401, 'UNAUTHORIZED', 'Unauthorized'),
        kind: 'configuration',
        code: 'UNAUTHORIZED',
      },
      'a key without the scope': { answer: refused(403, 'E403', 'Insufficient permissions.'), kind: 'configuration' },
      'too many requests': {
        answer: () =>
          HttpResponse.json(
            { errorCode: 'E429', description: 'Too many requests sent.' },
            { status: 429, headers: { 'retry-after': '2' } },
          ),
        kind: 'transient',
        code: 'E429',
        retryAfter: 2000,
      },
      'a server error': { answer: refused(500, 'E500', 'Something went wrong.'), kind: 'transient', code: 'E500' },
      'a server error, as WhatsApp says it': {
        answer: exception(500, 'GENERAL_ERROR', 'Something went wrong.'),
        kind: 'transient',
      },
      'a status of no known group': { answer: rejected('NEW', 'New', 'NEWER'), kind: 'unknown' },
      'a message without an id': { answer: () => HttpResponse.json({ messages: [{ status: pending }] }), kind: 'unknown' },
      'no message at all': { answer: () => HttpResponse.json({ messages: [] }), kind: 'unknown' },
    },
    secrets: [apiKey, '420777123456'],
  }),
)

describe('infobip', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const recorder = (answer: object = taken()) => {
    const calls: { path: string; body: Record<string, unknown> }[] = []
    server.use(
      http.post(`${baseUrl}/*`, async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`App ${apiKey}`)
        calls.push({ path: new URL(request.url).pathname, body: (await request.json()) as Record<string, unknown> })
        return HttpResponse.json(answer)
      }),
    )
    return calls
  }
  const provider = (more: object = {}) => infobip({ baseUrl, apiKey, senders, ...more })

  test('posts an SMS under the id of the attempt, valid for no longer than is waited', async () => {
    const calls = recorder()
    expect(await provider().send(requestFor('sms', { text: 'Hi' }), context)).toEqual({ messageId: 'n1.0.0' })
    expect(calls).toEqual([
      {
        path: '/sms/3/messages',
        body: {
          messages: [
            {
              destinations: [{ to: '420777123456', messageId: 'n1.0.0' }],
              options: { validityPeriod: { amount: 90, timeUnit: 'SECONDS' } },
              sender: 'Shop',
              content: { text: 'Hi' },
              webhooks: { contentType: 'application/json', callbackData: 'sms' },
            },
          ],
        },
      },
    ])
  })

  test('lets an SMS choose its sender, and joins what is Infobip’s own', async () => {
    const calls = recorder()
    const own = { content: { transliteration: 'TURKISH', text: 'other' }, options: { flash: true }, sender: 'Other' }
    const content = { text: 'Hi', sender: 'Alerts', vendor: { infobip: own } }
    await provider({ notifyUrl: 'https://app.example.org/dlr' }).send(requestFor('sms', content), context)
    expect(calls[0]?.body.messages).toEqual([
      {
        destinations: [{ to: '420777123456', messageId: 'n1.0.0' }],
        options: { flash: true, validityPeriod: { amount: 90, timeUnit: 'SECONDS' } },
        sender: 'Alerts',
        content: { transliteration: 'TURKISH', text: 'Hi' },
        webhooks: { delivery: { url: 'https://app.example.org/dlr' }, contentType: 'application/json', callbackData: 'sms' },
      },
    ])
  })

  test('posts a Viber picture with its text and button, and other buttons as lines of text', async () => {
    const calls = recorder()
    const buttons = [
      { text: 'Track', url: 'https://example.org/1' },
      { text: 'Help', url: 'https://example.org/2' },
    ]
    const request = requestFor('viber', { text: 'Hi', imageUrl: 'https://example.org/a.png', buttons })
    await provider({ notifyUrl: 'https://app.example.org/dlr' }).send({ ...request, within: 1000 }, context)
    const webhooks = { delivery: { url: 'https://app.example.org/dlr' }, seen: { url: 'https://app.example.org/dlr' } }
    expect(calls).toEqual([
      {
        path: '/viber/2/messages',
        body: {
          messages: [
            {
              destinations: [{ to: '420777123456', messageId: 'n1.0.0' }],
              options: { validityPeriod: { amount: 30, timeUnit: 'SECONDS' } },
              sender: 'ShopViber',
              content: {
                type: 'IMAGE',
                text: 'Hi\nHelp: https://example.org/2',
                mediaUrl: 'https://example.org/a.png',
                button: { title: 'Track', action: 'https://example.org/1' },
              },
              webhooks: { ...webhooks, contentType: 'application/json', callbackData: 'viber' },
            },
          ],
        },
      },
    ])
  })

  test('posts a Viber text, or a picture alone, for two days at most', async () => {
    const calls = recorder()
    const request = requestFor('viber', { text: 'Hi' })
    await provider().send({ ...request, within: 7 * 86_400_000 }, context)
    await provider().send(requestFor('viber', { text: '', imageUrl: 'https://example.org/a.png' }), context)
    expect(calls.map(({ body }) => (body.messages as object[])[0])).toMatchObject([
      { content: { type: 'TEXT', text: 'Hi' }, options: { validityPeriod: { amount: 172_800 } } },
      { content: { type: 'IMAGE', mediaUrl: 'https://example.org/a.png' } },
    ])
  })

  const approved = { name: 'order_shipped', language: 'en_GB', parameters: ['Ada', '17'] }

  test('posts an approved WhatsApp template, with a picture as its header', async () => {
    const calls = recorder()
    const own = { content: { templateData: { buttons: [{ type: 'URL', parameter: '17' }] } } }
    const content = { text: 'Hi', imageUrl: 'https://example.org/a.png', approved, vendor: { infobip: own } }
    await provider({ notifyUrl: 'https://app.example.org/dlr' }).send(requestFor('whatsapp', content), context)
    expect(calls).toEqual([
      {
        path: '/whatsapp/1/message/template',
        body: {
          messages: [
            {
              from: '441134960000',
              to: '420777123456',
              messageId: 'n1.0.0',
              content: {
                templateName: 'order_shipped',
                language: 'en_GB',
                templateData: {
                  buttons: [{ type: 'URL', parameter: '17' }],
                  body: { placeholders: ['Ada', '17'] },
                  header: { type: 'IMAGE', mediaUrl: 'https://example.org/a.png' },
                },
              },
              callbackData: 'whatsapp',
              notifyUrl: 'https://app.example.org/dlr',
            },
          ],
        },
      },
    ])
  })

  test('reads the answer to one WhatsApp message, which is no list', async () => {
    const status = {
      groupId: 1,
      groupName: 'PENDING',
      id: 7,
      name: 'PENDING_ENROUTE',
      description: 'Message sent to next instance',
    }
    const calls = recorder({ to: '420777123456', messageCount: 1, messageId: 'n1.0.0', status })
    expect(await provider().send(requestFor('whatsapp', { text: 'Hi' }), context)).toEqual({ messageId: 'n1.0.0' })
    await provider().send(requestFor('whatsapp', { text: 'Hi', imageUrl: 'https://example.org/a.png' }), context)
    await provider().send(requestFor('whatsapp', { imageUrl: 'https://example.org/a.png' }), context)
    const shared = { from: '441134960000', to: '420777123456', messageId: 'n1.0.0', callbackData: 'whatsapp' }
    expect(calls).toEqual([
      { path: '/whatsapp/1/message/text', body: { ...shared, content: { text: 'Hi' } } },
      {
        path: '/whatsapp/1/message/image',
        body: { ...shared, content: { mediaUrl: 'https://example.org/a.png', caption: 'Hi' } },
      },
      { path: '/whatsapp/1/message/image', body: { ...shared, content: { mediaUrl: 'https://example.org/a.png' } } },
    ])
  })

  test('sends text while the window is open, and the template once it has closed', async () => {
    const calls = recorder()
    const clock = virtualClock(Date.UTC(2026, 0, 1))
    const window = whatsappWindow({ store: memoryInboundStore(), clock })
    await window.wrote('420777123456', clock.now())
    const send = (content: object) => provider({ window }).send(requestFor('whatsapp', content), context)
    await send({ text: 'Hi', approved })
    await send({ approved })
    await clock.advance(25 * 60 * 60 * 1000)
    await send({ text: 'Hi', approved })
    const { kind, field, vendorCode } = await failureOf(send({ text: 'Hi' }))
    expect([kind, field, vendorCode]).toEqual(['content', 'approved', 'WINDOW_CLOSED'])
    expect(calls.map(({ path }) => path.split('/').at(-1))).toEqual(['text', 'template', 'template'])
  })

  test('takes parameters that are named by their place', async () => {
    const calls = recorder()
    const named = (parameters: Record<string, string>) =>
      provider().send(requestFor('whatsapp', { approved: { ...approved, parameters } }), context)
    await named({ 2: 'b', 1: 'a' })
    expect(calls[0]?.body).toMatchObject({ messages: [{ content: { templateData: { body: { placeholders: ['a', 'b'] } } } }] })
    expect(await failureOf(named({ name: 'Ada' }))).toMatchObject({ kind: 'content', field: 'approved' })
    expect(await failureOf(named({ 1: 'a', 3: 'c' }))).toMatchObject({ kind: 'content', field: 'approved' })
    expect(calls).toHaveLength(1)
  })

  test('takes a duplicate for the message that was there before', async () => {
    recorder(taken('n1.0.0', { groupId: 5, groupName: 'REJECTED', id: 23, name: 'REJECTED_DUPLICATE_MESSAGE_ID' }))
    expect(await provider().send(requestFor('sms', { text: 'Hi' }), context)).toEqual({ messageId: 'n1.0.0' })
    expect(provider().idempotent).toBe(true)
  })

  const button = (text: string) => [{ text, url: 'https://example.org' }]
  test.each<[string, InfobipChannel, object, string]>([
    ['an empty SMS', 'sms', { text: '' }, 'text'],
    ['an SMS of 4001 bytes', 'sms', { text: 'ж'.repeat(2001) }, 'text'],
    ['an empty Viber message', 'viber', { text: '' }, 'text'],
    ['a Viber message of 1001 characters', 'viber', { text: 'a'.repeat(1001) }, 'text'],
    [
      'a Viber picture with a button and no text',
      'viber',
      { text: '', imageUrl: 'https://example.org/a.png', buttons: button('Go') },
      'text',
    ],
    ['a Viber button of 31 characters', 'viber', { text: 'Hi', buttons: button('a'.repeat(31)) }, 'buttons'],
    ['a Viber button without words', 'viber', { text: 'Hi', buttons: button('') }, 'buttons'],
    ['a WhatsApp message of nothing', 'whatsapp', {}, 'text'],
    ['a WhatsApp text of 4097 characters', 'whatsapp', { text: 'a'.repeat(4097) }, 'text'],
    [
      'a WhatsApp caption of 3001 characters',
      'whatsapp',
      { text: 'a'.repeat(3001), imageUrl: 'https://example.org/a.png' },
      'text',
    ],
  ])('refuses %s before it calls, naming the field', async (_, channel, content, field) => {
    const calls = recorder()
    await expect(provider().send(requestFor(channel, content as never), context)).rejects.toMatchObject({
      kind: 'content',
      field,
    })
    expect(calls).toEqual([])
  })

  test('takes 1000 characters of Viber and 4000 bytes of SMS', async () => {
    const calls = recorder()
    await provider().send(requestFor('viber', { text: 'a'.repeat(1000) }), context)
    await provider().send(requestFor('sms', { text: 'ж'.repeat(2000) }), context)
    expect(calls).toHaveLength(2)
  })

  test.each<InfobipChannel>(['sms', 'viber', 'whatsapp'])('refuses what is no number on %s', async (channel) => {
    const calls = recorder()
    const sending = provider().send(requestFor(channel, { text: 'Hi' }, 'someone'), context)
    await expect(sending).rejects.toMatchObject({ kind: 'recipient' })
    expect(calls).toEqual([])
  })

  test('serves the channels that it has a sender for', () => {
    const only = infobip({ baseUrl, apiKey, senders: { viber: 'Shop' }, name: 'infobip-2', limits: { concurrency: 2 } })
    expect(only).toMatchObject({ name: 'infobip-2', channels: ['viber'], limits: { concurrency: 2 }, receipts: 'full' })
    expectTypeOf(only.channels).toEqualTypeOf<readonly 'viber'[]>()
    expect(provider()).toMatchObject({ name: 'infobip', channels: ['sms', 'viber', 'whatsapp'] })
  })

  test.each([
    [undefined, ['apiKey', 'baseUrl', 'senders']],
    [{ baseUrl, apiKey, senders: {} }, ['senders']],
    [{ baseUrl, apiKey, senders: { sms: '' } }, ['senders']],
    [{ baseUrl, apiKey, senders: { push: 'x' } }, ['senders']],
    [{ baseUrl, apiKey: `${apiKey}\n`, senders }, ['apiKey']],
    [{ baseUrl: 'xyz123.api.infobip.com', apiKey, senders }, ['baseUrl']],
    [{ baseUrl, apiKey, senders, notifyUrl: 'x', window: {} }, ['notifyUrl', 'window']],
    [{ baseUrl, apiKey, senders, sender: 'x' }, ['sender']],
  ])('refuses the options %j, repeating no key', (options, paths) => {
    const error = thrownBy(() => infobip(options as never))
    expect(error.code).toBe('invalid-options')
    expect(error.issues.map(({ path }) => path).sort()).toEqual(paths)
    expect(error.message).not.toContain(apiKey)
  })
})

const credentials = { username: 'infobip', password: 'new: password' }
const old = { username: 'infobip', password: 'old password' }

// Bodies after the examples of Infobip's OpenAPI, with ids and numbers of ours.
const report = (status: object, more: object = {}) => ({
  bulkId: 'BULK-ID-123-xyz',
  price: { pricePerMessage: 0.01, currency: 'EUR' },
  status,
  error: { groupId: 0, groupName: 'OK', id: 0, name: 'NO_ERROR', description: 'No Error', permanent: false },
  messageId: 'n1.0.0',
  to: '420777123456',
  sender: 'Shop',
  sentAt: '2026-11-25T12:00:00.000+0100',
  doneAt: '2026-11-25T12:00:01.500+0100',
  messageCount: 1,
  callbackData: 'sms',
  ...more,
})
const failedWith = (name: string) => ({ error: { groupId: 1, groupName: 'HANDSET_ERRORS', id: 1, name, permanent: true } })
const delivered = { groupId: 3, groupName: 'DELIVERED', id: 5, name: 'DELIVERED_TO_HANDSET' }
const undeliverable = { groupId: 2, groupName: 'UNDELIVERABLE', id: 9, name: 'UNDELIVERABLE_NOT_DELIVERED' }
const at = Date.UTC(2026, 10, 25, 11, 0, 1, 500)
const results = (...all: object[]) => JSON.stringify({ results: all })
const receipt = (status: Receipt['status'], raw: string, more: object = {}): Receipt => ({
  provider: 'infobip',
  keys: ['n1.0.0'],
  at,
  status,
  raw,
  cost: { amount: '0.01', currency: 'EUR' },
  ...more,
})
const suppression = (more: Partial<Suppression>): Suppression => ({
  state: 'suppressed',
  provider: 'infobip',
  channel: 'sms',
  address: '+420777123456',
  reason: 'bounced',
  at,
  ...more,
})
const click = {
  notificationType: 'CLICKED',
  recipient: '420777123456',
  url: 'https://example.org/o?t=1',
  sendDateTime: at,
  messageId: 'n1.0.0',
}
const blocklist = (event: string, content: object) => ({
  event,
  receivedAt: '2026-11-25T11:00:01.500+0000',
  messageId: '1695640910883409241',
  content: { sender: 'Shop', destination: '420777123456', sourceType: 'MO', ...content },
})

cases(
  'infobipWebhook, as every source',
  webhookContract({
    create: () => infobipWebhook({ credentials: [credentials, old] }),
    samples: {
      'a delivery': { body: results(report(delivered)), receipts: [receipt('delivered', 'DELIVERED_TO_HANDSET')] },
      'a failure for good': {
        body: results(report(undeliverable, failedWith('EC_UNKNOWN_SUBSCRIBER'))),
        receipts: [receipt('failed', 'UNDELIVERABLE_NOT_DELIVERED', { reason: 'EC_UNKNOWN_SUBSCRIBER' })],
        suppressions: [suppression({ raw: 'EC_UNKNOWN_SUBSCRIBER' })],
      },
      'a message that was seen': {
        body: results({ messageId: 'n1.0.0', from: '420777123456', to: 'Shop', seenAt: '2026-11-25T11:00:01.500+0000' }),
        receipts: [{ provider: 'infobip', keys: ['n1.0.0'], at, status: 'read' }],
      },
      'a failure for good of nobody': {
        body: results(report(undeliverable, { ...failedWith('EC_UNKNOWN_SUBSCRIBER'), to: '' })),
        receipts: [receipt('failed', 'UNDELIVERABLE_NOT_DELIVERED', { reason: 'EC_UNKNOWN_SUBSCRIBER' })],
      },
      'a click': {
        body: JSON.stringify(click),
        receipts: [{ provider: 'infobip', keys: ['n1.0.0'], at, status: 'clicked', link: 'https://example.org/o?t=1' }],
      },
      'an address taken off the blocklist': {
        body: results(blocklist('UNBLOCK', { channel: 'WHATSAPP' })),
        receipts: [],
        suppressions: [suppression({ state: 'restored', channel: 'whatsapp', reason: 'opted-out', raw: 'MO' })],
      },
    },
    sign: () => signInfobipWebhook(old),
    forge: () => signInfobipWebhook({ username: 'infobip', password: 'odd password' }),
    coversBody: false,
    secrets: [credentials.password, old.password],
  }),
)

cases(
  'infobipWebhook with a token, as every source',
  webhookContract({
    create: () => infobipWebhook({ token: ['new_token', 'old_token'] }),
    samples: { 'a delivery': { body: results(report(delivered)), receipts: [receipt('delivered', 'DELIVERED_TO_HANDSET')] } },
    sign: () => signInfobipWebhook({ token: 'old_token' }),
    forge: () => signInfobipWebhook({ token: 'odd_token' }),
    coversBody: false,
    secrets: ['new_token', 'old_token'],
  }),
)

describe('infobipWebhook', () => {
  const source = infobipWebhook({ credentials })
  const request = (body: string): WebhookRequest => ({
    method: 'POST',
    url: new URL('https://app.example/hooks/infobip'),
    headers: new Map(),
    body: new TextEncoder().encode(body),
  })
  const read = (...all: object[]) => source.parse(request(results(...all)))
  const status = (groupName: string, name: string) => ({ groupId: 0, groupName, id: 0, name })

  test.each([
    ['PENDING', 'PENDING_ACCEPTED', undefined],
    ['PENDING', 'PENDING_ENROUTE', 'sent'],
    ['PENDING', 'PENDING_WAITING_DELIVERY', 'sent'],
    ['DELIVERED', 'DELIVERED_TO_OPERATOR', 'sent'],
    ['DELIVERED', 'DELIVERED_TO_HANDSET', 'delivered'],
    ['UNDELIVERABLE', 'UNDELIVERABLE_REJECTED_OPERATOR', 'failed'],
    ['EXPIRED', 'EXPIRED_EXPIRED', 'expired'],
    ['EXPIRED', 'EXPIRED_DLR_UNKNOWN', 'expired'],
    ['EXPIRED', 'SIGNALS_BLOCKED', 'failed'],
    ['REJECTED', 'REJECTED_NETWORK', 'failed'],
    ['REJECTED', 'REJECTED_DUPLICATE_MESSAGE_ID', undefined],
    ['ANEW', 'ANEW', undefined],
  ])('reads %s, %s as %s', (groupName, name, expected) => {
    const { events } = read(report(status(groupName, name)))
    expect(source.receipts(events).map((one) => one.status)).toEqual(expected === undefined ? [] : [expected])
    expect(events).toMatchObject([{ event: 'report', raw: name, to: '+420777123456', channel: 'sms' }])
  })

  test.each([
    ['EC_DEACTIVATED_LIST', 'bounced'],
    ['EC_UNKNOWN_USER', 'bounced'],
    ['EC_SC_BLOCKED_BY_END_USER', 'blocked'],
    ['EC_BLOCKED_USER', 'blocked'],
    ['EC_CONTENT_BLOCKED', 'opted-out'],
    ['EC_DEST_ADDRESS_BLACKLISTED', 'opted-out'],
    ['EC_MARKETING_OPT_OUT', undefined],
    ['EC_ABSENT_SUBSCRIBER', undefined],
  ])('takes %s for %s', (name, reason) => {
    const { events } = read(report(undeliverable, { callbackData: 'viber', ...failedWith(name) }))
    const expected = reason === undefined ? [] : [{ channel: 'viber', reason, raw: name }]
    expect(source.suppressions?.(events)).toMatchObject(expected)
  })

  test('suppresses who does not want to be disturbed, and nothing on a channel that it cannot tell', () => {
    const dnd = status('REJECTED', 'REJECTED_DND')
    expect(source.suppressions?.(read(report(dnd)).events)).toMatchObject([{ reason: 'opted-out', raw: 'REJECTED_DND' }])
    expect(source.suppressions?.(read(report(dnd, { callbackData: 'mine' })).events)).toEqual([])
  })

  test('reads who was blocklisted, by number or mailbox', () => {
    const { events } = read(
      blocklist('BLOCK', {}),
      blocklist('BLOCK', { channel: 'EMAIL', destination: 'a@example.org', sourceType: 'URL_OPT_OUT' }),
      blocklist('BLOCK', { channel: 'RCS' }),
    )
    expect(events).toMatchObject([{ event: 'blocked', channel: 'sms' }, { channel: 'email' }, { event: 'blocked' }])
    expect(source.suppressions?.(events)).toEqual([
      suppression({ reason: 'opted-out', raw: 'MO' }),
      suppression({ channel: 'email', address: 'a@example.org', reason: 'opted-out', raw: 'URL_OPT_OUT' }),
    ])
  })

  const inbound = { to: 'Shop', receivedAt: '2026-11-25T11:00:01.500+0000' }
  test('reads who wrote on which channel, and notes it for WhatsApp', async () => {
    const written: unknown[] = []
    const window = { isOpen: () => true, wrote: (...args: unknown[]) => void written.push(args) }
    const { events } = read(
      { ...inbound, messageId: '817790313235066447', from: '385916242493', text: 'QUIZ Paris', keyword: 'QUIZ' },
      {
        ...inbound,
        messageId: 'wamid.1',
        from: '385919998888',
        integrationType: 'WHATSAPP',
        message: { text: 'Hello', type: 'TEXT' },
      },
      {
        ...inbound,
        messageId: '7',
        sender: '385912345678',
        integrationType: 'VIBER',
        message: { url: 'https://x.example', type: 'FILE' },
      },
      { ...inbound, messageId: '8', from: '1', integrationType: 'LINE', message: { type: 'TEXT' } },
    )
    expect(events).toEqual([
      { event: 'inbound', channel: 'sms', messageId: '817790313235066447', from: '+385916242493', text: 'QUIZ Paris', at },
      { event: 'inbound', channel: 'whatsapp', messageId: 'wamid.1', from: '+385919998888', text: 'Hello', at },
      { event: 'inbound', channel: 'viber', messageId: '7', from: '+385912345678', at },
      { event: 'unknown', raw: expect.objectContaining({ integrationType: 'LINE' }) },
    ])
    expect(source.receipts(events)).toEqual([])
    await infobipWebhook({ credentials, window }).remember?.(events)
    expect(written).toEqual([['+385919998888', at]])
  })

  test('keeps the digits of an id that no number can hold', () => {
    const body = results(report(delivered)).replace('"n1.0.0"', '2034072219640523073')
    expect(source.receipts(source.parse(request(body)).events)).toMatchObject([{ keys: ['2034072219640523073'] }])
  })

  test('loses no report to another that cannot be read, and names what is wrong', () => {
    const { events, errors } = read(
      report(delivered, { messageId: null }),
      report(delivered, { doneAt: 'soon' }),
      report({ groupName: 'DELIVERED' }),
      report(delivered, { doneAt: null }),
      { anything: 1 },
    )
    expect(errors.map(({ path }) => path)).toEqual(['results[0].messageId', 'results[1].doneAt', 'results[2].status.name'])
    expect(events).toMatchObject([
      { event: 'report', at: at - 1500 },
      { event: 'unknown', raw: { anything: 1 } },
    ])
  })

  test('keeps a notification of another type', () => {
    const raw = { ...click, notificationType: 'OPENED' }
    expect(source.parse(request(JSON.stringify(raw))).events).toEqual([{ event: 'unknown', raw }])
  })

  test.each<[string, object, object | undefined]>([
    [
      'the price of all its parts',
      { price: { pricePerMessage: 0.0125, currency: 'EUR' }, messageCount: 3 },
      { amount: '0.0375', currency: 'EUR' },
    ],
    ['the price of one, where it counts none', { messageCount: undefined }, { amount: '0.01', currency: 'EUR' }],
    ['nothing where nothing is charged', { messageCount: 0 }, { amount: '0', currency: 'EUR' }],
    ['no price where it names none', { price: undefined }, undefined],
    ['no price in no currency', { price: { pricePerMessage: 0.01 } }, undefined],
    ['no price that is negative', { price: { pricePerMessage: -0.01, currency: 'EUR' } }, undefined],
    ['no price for parts that cannot be counted', { messageCount: 1.5 }, undefined],
    ['no price for parts that are a word', { messageCount: 'two' }, undefined],
  ])('a report tells %s', (_, more, cost) => {
    const { events } = read(report(delivered, more))
    expect(source.receipts?.(events)[0]?.cost).toEqual(cost)
  })

  test.each(['', '{', 'null', '[]', '{}', '{"results":{}}'])('refuses %s', (body) => {
    expect(() => source.parse(request(body))).toThrow(WebhookParseError)
  })

  test('refuses a password without its user', async () => {
    const headers = new Map([['authorization', `Basic ${btoa(`:${credentials.password}`)}`]])
    await expect(source.verify?.({ ...request(''), headers }, 0)).rejects.toThrow(WebhookVerificationError)
  })

  test.each([
    undefined,
    {},
    { credentials: [] },
    { credentials: { username: 'a:b', password: 'x' } },
    { credentials: { username: 'a' } },
  ])('refuses the options %j', (options) => {
    expect(thrownBy(() => infobipWebhook(options as never)).issues).toMatchObject([{ path: 'credentials' }])
  })
})
