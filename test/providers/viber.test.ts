import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createNotifier } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { viber, viberWebhook } from 'omnicascade/providers/viber'
import { type Answer, providerContract, signViberWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { FailureKind } from '../../src/contract/failure.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

// The token, body and signature of the tests of Viber/viber-bot-node and Viber/viber-bot-python.
const authToken = '44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3'
const vector = {
  body: '{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}',
  signature: 'd21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef',
}
const sender = { name: 'John McClane', avatar: 'https://avatar.example.com' }
const to = '01234567890A='
const requestFor = (content: MessengerContent, address: SendRequest['to'] = to): SendRequest<'viber'> => ({
  channel: 'viber',
  to: address,
  content,
  recipient: { viber: to },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const json = (text: string, status = 200) => new HttpResponse(text, { status, headers: { 'content-type': 'application/json' } })
// As a text: JavaScript would round the token.
const taken =
  '{"status":0,"status_message":"ok","message_token":5741311803571721087,"chat_hostname":"SN-CHAT-05_","billing_status":1}'
const refusal =
  (status: number): Answer =>
  () =>
    HttpResponse.json({ status, status_message: `no ${to} for ${authToken}`, chat_hostname: 'SN-CHAT-05_' })
const codes: Partial<Record<FailureKind, readonly number[]>> = {
  transient: [12, 1000],
  recipient: [5, 6, 11, 21],
  content: [3, 4, 13, 14],
  configuration: [1, 2, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20, 22, 23, 24],
}

cases(
  'viber, as every provider',
  providerContract({
    create: (wire) => viber({ authToken, sender, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => json(taken), result: { messageId: '5741311803571721087' } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map((status) => [`${status}`, { answer: refusal(status), kind: kind as FailureKind, code: String(status) }]),
        ),
      ),
      'a success without a token': { answer: () => json('{"status":0,"status_message":"ok"}'), kind: 'unknown' },
      'a success nested too deeply': {
        answer: () => json(`{"status":0,"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),
        kind: 'unknown',
      },
      'a URL that there is not': { answer: () => json('{"status":1}', 404), kind: 'configuration', code: '404' },
    },
    secrets: [authToken, to],
  }),
)

const at = Date.UTC(2026, 10, 25, 12)
// With spaces, so that JSON serialised anew has other bytes.
const fields = (event: string, more: string) => `{ "event": "${event}", "timestamp": ${at}, ${more} }`
const about = `"message_token": 4912661846655238145, "user_id": "${to}"`
const user = `{ "id": "${to}", "name": "John McClane", "country": "UK", "language": "en", "api_version": 1 }`
const written = `"message_token": 4912661846655238145, "sender": ${user}, "message": { "type": "text", "text": "STOP" }`
const receipt = (raw: string, status: 'delivered' | 'read' | 'failed', more = {}) => ({
  provider: 'viber',
  keys: ['4912661846655238145'],
  status,
  at,
  raw,
  ...more,
})
const suppression = (state: 'suppressed' | 'restored', raw: string) => ({
  state,
  provider: 'viber',
  channel: 'viber' as const,
  address: to,
  reason: 'opted-out' as const,
  at,
  raw,
})

cases(
  'viberWebhook, as every source',
  webhookContract({
    create: () => viberWebhook({ authToken: ['old', authToken] }),
    samples: {
      'a delivery': { body: fields('delivered', about), receipts: [receipt('delivered', 'delivered')] },
      'a message that was seen': { body: fields('seen', about), receipts: [receipt('seen', 'read')] },
      'a failure': {
        body: fields('failed', `${about}, "desc": "failure description"`),
        receipts: [receipt('failed', 'failed', { reason: 'failure description' })],
      },
      'a failure without a reason': { body: fields('failed', about), receipts: [receipt('failed', 'failed')] },
      'somebody who leaves': {
        body: fields('unsubscribed', about),
        receipts: [],
        suppressions: [suppression('suppressed', 'unsubscribed')],
      },
      'somebody who comes back': {
        body: fields('subscribed', `"user": ${user}, "message_token": 4912661846655238145`),
        receipts: [],
        suppressions: [suppression('restored', 'subscribed')],
      },
      'a chat that is opened': {
        body: fields('conversation_started', `"type": "open", "user": ${user}, "subscribed": true`),
        receipts: [],
      },
      'what somebody writes': { body: fields('message', written), receipts: [] },
      'what set_webhook asks with': { body: fields('webhook', '"message_token": 1'), receipts: [] },
      'another event': { body: fields('action', '"x": 1'), receipts: [] },
    },
    sign: ({ body }) => signViberWebhook({ authToken, body }),
    forge: ({ body }) => signViberWebhook({ authToken: 'other', body }),
    secrets: [authToken],
  }),
)

describe('viber', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: MessengerContent): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post('https://chatapi.viber.com/pa/send_message', async ({ request }) => {
        expect(request.headers.get('x-viber-auth-token')).toBe(authToken)
        expect(request.headers.get('content-type')).toBe('application/json')
        seen = await request.json()
        return json(taken)
      }),
    )
    await viber({ authToken, sender }).send(requestFor(content), context)
    return seen
  }
  const common = { receiver: to, min_api_version: 1, sender }
  const imageUrl = 'https://example.org/a.JPG?size=1'

  test('sends a text, a picture, and buttons', async () => {
    expect(await posted({ text: 'Hi' })).toEqual({ ...common, type: 'text', text: 'Hi' })
    expect(await posted({ text: '', imageUrl })).toEqual({ ...common, type: 'picture', text: '', media: imageUrl })
    const buttons = [
      { text: 'Track & <see>', url: 'https://example.org/track' },
      { text: 'Help', url: 'https://example.org/help' },
    ]
    const key = { Columns: 6, Rows: 1, ActionType: 'open-url' }
    expect(await posted({ text: 'Hi', buttons })).toEqual({
      ...common,
      type: 'text',
      text: 'Hi',
      keyboard: {
        Type: 'keyboard',
        Buttons: [
          { ...key, ActionBody: 'https://example.org/track', Text: 'Track & &lt;see>' },
          { ...key, ActionBody: 'https://example.org/help', Text: 'Help' },
        ],
      },
    })
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const vendor = {
      viber: { receiver: 'x', type: 'url', min_api_version: 7, tracking_data: 'order 17', keyboard: { BgColor: '#FFFFFF' } },
    }
    expect(await posted({ text: 'Hi', buttons: [{ text: 'Help', url: 'https://example.org' }], vendor })).toMatchObject({
      ...common,
      type: 'text',
      min_api_version: 7,
      tracking_data: 'order 17',
      keyboard: { Type: 'keyboard', BgColor: '#FFFFFF', Buttons: [{ Text: 'Help' }] },
    })
  })

  test('takes all that Viber takes', async () => {
    expect(await posted({ text: '😀'.repeat(7000) })).toMatchObject({ type: 'text' })
    expect(await posted({ text: 'x'.repeat(768), imageUrl })).toMatchObject({ type: 'picture' })
  })

  const button = { text: 'x', url: 'https://example.org' }
  test.each<[string, MessengerContent, string | undefined]>([
    ['nothing', { text: '' }, 'text'],
    ['7001 characters', { text: 'x'.repeat(7001) }, 'text'],
    ['a caption of 769', { text: 'x'.repeat(769), imageUrl }, 'text'],
    ['a picture of no kind', { text: 'x', imageUrl: 'https://example.org/a.webp' }, 'imageUrl'],
    ['a picture that is no link', { text: 'x', imageUrl: 'a.png' }, 'imageUrl'],
    ['a button without words', { text: 'x', buttons: [{ ...button, text: '' }] }, 'buttons'],
    ['a button of 251 characters', { text: 'x', buttons: [{ ...button, text: 'x'.repeat(251) }] }, 'buttons'],
    ['over 30 kB', { text: 'x', vendor: { viber: { tracking_data: 'x'.repeat(30_720) } } }, undefined],
  ])('refuses %s before it calls', async (_, content, field) => {
    const sending = viber({ authToken, sender }).send(requestFor(content), context)
    await expect(sending).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each(['+420777123456', '420777123456', 'a b', 42, undefined])('refuses %j as an address', async (address) => {
    const sending = viber({ authToken, sender }).send({ ...requestFor({ text: 'Hi' }), to: address }, context)
    await expect(sending).rejects.toMatchObject({ kind: 'recipient' })
  })

  test('leaves phone numbers to others', async () => {
    const provider = viber({ authToken, sender })
    expect(provider.addresses).toEqual({ viber: ['viber'] })
    expect([to, '3SQNc4FPUQmysaM/AQEhXg==', '+420777123456', 42].map((address) => provider.accepts?.(address))).toEqual([
      true,
      true,
      false,
      false,
    ])
    const notifier = createNotifier({ providers: [provider], scheduler: 'manual' })
    const sending = notifier.send({ to: { phone: '+420777123456' }, cascade: ['viber'], content: { viber: { text: 'Hi' } } })
    await expect(sending).rejects.toThrow('no-address')
  })

  test.each([
    {},
    { authToken },
    { authToken: 'a b', sender },
    { authToken, sender: { name: '' } },
    { authToken, sender: { name: 'x'.repeat(29) } },
    { authToken, sender: { name: 'x', avatar: 'a.png' } },
    { authToken, sender: { name: 'x', picture: 'https://example.org/a.png' } },
    { authToken, sender, token: 'x' },
  ])('refuses the options %j', (options) => {
    const { message } = thrownBy(() => viber(options as never))
    expect(message).toMatch(/^viber: /)
    expect(message).not.toContain(authToken)
  })
})

describe('viberWebhook', () => {
  const source = viberWebhook({ authToken })
  const requestOf = (body: string, signature = '') => ({
    method: 'POST',
    url: new URL('https://app.example.org/hooks/viber'),
    headers: new Map([['x-viber-content-signature', signature]]),
    body: new TextEncoder().encode(body),
  })
  const read = (body: string) => source.parse(requestOf(body)).events

  test("takes the signature of Viber's own tests, and answers set_webhook", async () => {
    expect(await signViberWebhook({ authToken, body: vector.body })).toEqual({
      headers: { 'x-viber-content-signature': vector.signature },
    })
    const notifier = createNotifier({ providers: [viber({ authToken, sender })], scheduler: 'manual' })
    const headers = { 'content-type': 'application/json', 'x-viber-content-signature': vector.signature }
    const request = new Request('https://app.example.org/hooks/viber', { method: 'POST', body: vector.body, headers })
    expect((await fetchWebhook(notifier, source)(request)).status).toBe(200)
  })

  test('refuses what is over half a day old, so that a copy restores nobody', async () => {
    const body = fields('subscribed', `"user": ${user}, "message_token": 1`)
    const { headers = {} } = await signViberWebhook({ authToken, body })
    const request = requestOf(body, headers['x-viber-content-signature'])
    await expect(source.verify!(request, at + 12 * 60 * 60_000)).resolves.toBeUndefined()
    await expect(source.verify!(request, at + 12 * 60 * 60_000 + 1)).rejects.toThrow('timestamp is missing, stale')
  })

  test('tells who wrote what, and keeps what is new', () => {
    expect(read(fields('message', written))).toMatchObject([{ event: 'message', user: to, at, type: 'text', text: 'STOP' }])
    expect(read(fields('message', `"sender": ${user}`))).toMatchObject([{ event: 'message', user: to }])
    expect(read(fields('conversation_started', `"user": ${user}, "subscribed": false`))).toMatchObject([
      { event: 'conversation_started', user: to, isSubscribed: false },
    ])
    expect(read(fields('action', '"x": 12345678901234567890'))).toEqual([
      { event: 'unknown', raw: { event: 'action', timestamp: at, x: '12345678901234567890' } },
    ])
    expect(read(vector.body)).toMatchObject([{ event: 'webhook', raw: { timestamp: '4977069964384421269' } }])
  })

  test.each([
    ['event', '{}'],
    ['message_token', fields('delivered', `"user_id": "${to}"`)],
    ['message_token', fields('delivered', `"message_token": 1.5, "user_id": "${to}"`)],
    ['user_id', fields('unsubscribed', '"x": 1')],
    ['user.id', fields('subscribed', '"user": {}')],
    ['sender.id', fields('message', '"message": {}')],
    ['timestamp', `{"event":"unsubscribed","timestamp":"now","user_id":"${to}"}`],
  ])('names %s, where that is missing or wrong', (path, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ path }))
  })

  test.each([{}, { authToken: [] }, { authToken: [''] }, { authToken, secret: 'x' }])('refuses the options %j', (bad) => {
    expect(thrownBy(() => viberWebhook(bad as never)).message).toMatch(/^viberWebhook: /)
  })
})
