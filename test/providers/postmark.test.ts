import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { postmark, postmarkWebhook } from 'omnicascade/providers/postmark'
import { type Answer, providerContract, signPostmarkWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import { cases } from '../support/cases.ts'
import { injections, mailFor } from '../support/mail.ts'
import { thrownBy } from './failures.ts'

const serverToken = 'b7bc2f4a-s3cret-token'
const from = 'Shop <shop@example.org>'
const messageId = '883953f4-6105-42a2-a16a-77a8eac79483'
const taken = () =>
  HttpResponse.json({
    To: 'ada.lovelace@example.org',
    SubmittedAt: '2026-11-25T10:00:00Z',
    MessageID: messageId,
    ErrorCode: 0,
    Message: 'OK',
  })
const refusal =
  (code: number, status = 422): Answer =>
  () =>
    HttpResponse.json({ ErrorCode: code, Message: `no ada.lovelace@example.org for ${serverToken}` }, { status })
const codes = {
  transient: [100, 429],
  recipient: [406],
  content: [300, 402, 403, 409, 411, 9999],
  configuration: [10, 400, 401, 405, 412, 413],
} as const

cases(
  'postmark, as every provider',
  providerContract({
    create: (wire) => postmark({ serverToken, from, ...wire }),
    request: mailFor({ subject: 'Hi', text: 'Hello' }),
    success: { answer: taken, result: { messageId, keys: ['n1.0.0'] } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map((code) => [`${code}`, { answer: refusal(code), kind: kind as keyof typeof codes, code: String(code) }]),
        ),
      ),
      'a token that is none': { answer: refusal(10, 401), kind: 'configuration', code: '10' },
      'a code of its own for signatures': { answer: refusal(505, 401), kind: 'configuration', code: '505' },
      'a success without an id': { answer: () => HttpResponse.json({ ErrorCode: 0, Message: 'OK' }), kind: 'unknown' },
    },
    secrets: [serverToken],
  }),
)

const at = Date.UTC(2026, 10, 25, 10)
const event = (type: string, more = {}) => ({
  RecordType: type,
  MessageID: messageId,
  Metadata: { omnicascade: 'n1.0.0' },
  ServerID: 23,
  MessageStream: 'outbound',
  ...more,
})
const bounce = (word: string, code: number) =>
  JSON.stringify(
    event('Bounce', {
      ID: 4323372036854775807n.toString(),
      Type: word,
      TypeCode: code,
      Email: 'ada@example.org',
      BouncedAt: '2026-11-25T10:00:00.0000000Z',
      Description: 'why',
      Inactive: code === 1,
    }),
  )
const receipt = (status: 'sent' | 'delivered' | 'read' | 'clicked' | 'failed', raw: string, more = {}) => ({
  provider: 'postmark',
  keys: [messageId, 'n1.0.0'],
  status,
  at,
  raw,
  ...more,
})
const said = (reason: 'bounced' | 'complained' | 'opted-out', raw: string, state: 'suppressed' | 'restored' = 'suppressed') => ({
  state,
  provider: 'postmark',
  channel: 'email' as const,
  address: 'ada@example.org',
  reason,
  at,
  raw,
})
const credentials = { username: 'hook', password: 'p4ss-s3cret' }
const changed = (more: object) =>
  JSON.stringify(event('SubscriptionChange', { Recipient: 'ada@example.org', ChangedAt: '2026-11-25T10:00:00Z', ...more }))

cases(
  'postmarkWebhook, as every source',
  webhookContract({
    create: () => postmarkWebhook({ credentials: [{ username: 'hook', password: 'old' }, credentials] }),
    samples: {
      'a delivery': {
        body: JSON.stringify(
          event('Delivery', { Recipient: 'ada@example.org', DeliveredAt: '2026-11-25T10:00:00Z', Details: '250 OK' }),
        ),
        receipts: [receipt('delivered', 'Delivery')],
      },
      'an opening': {
        body: JSON.stringify(
          event('Open', { Recipient: 'ada@example.org', ReceivedAt: '2026-11-25T10:00:00Z', FirstOpen: true }),
        ),
        receipts: [receipt('read', 'Open')],
      },
      'a click': {
        body: JSON.stringify(event('Click', { ReceivedAt: '2026-11-25T10:00:00Z', OriginalLink: 'https://example.org/1' })),
        receipts: [receipt('clicked', 'Click', { link: 'https://example.org/1' })],
      },
      'a hard bounce': {
        body: bounce('HardBounce', 1),
        receipts: [receipt('failed', 'HardBounce', { reason: 'why' })],
        suppressions: [said('bounced', 'HardBounce')],
      },
      'a soft bounce': { body: bounce('SoftBounce', 4096), receipts: [receipt('failed', 'SoftBounce', { reason: 'why' })] },
      'a delay': { body: bounce('Transient', 2), receipts: [receipt('sent', 'Transient', { reason: 'why' })] },
      'a note that somebody is away': { body: bounce('AutoResponder', 64), receipts: [] },
      'a wish to be left alone': {
        body: bounce('Unsubscribe', 16),
        receipts: [],
        suppressions: [said('opted-out', 'Unsubscribe')],
      },
      'a complaint': {
        body: JSON.stringify(
          event('SpamComplaint', { Email: 'ada@example.org', BouncedAt: '2026-11-25T10:00:00Z', Type: 'SpamComplaint' }),
        ),
        receipts: [],
        suppressions: [said('complained', 'SpamComplaint')],
      },
      'an address that is switched off': {
        body: changed({ SuppressSending: true, SuppressionReason: 'ManualSuppression' }),
        receipts: [],
        suppressions: [said('opted-out', 'SubscriptionChange')],
      },
      'an address that is switched on': {
        body: changed({ SuppressSending: false, SuppressionReason: null }),
        receipts: [],
        suppressions: [said('opted-out', 'SubscriptionChange', 'restored')],
      },
      'what is new': { body: JSON.stringify(event('Teleported')), receipts: [] },
    },
    sign: () => signPostmarkWebhook(credentials),
    forge: () => signPostmarkWebhook({ ...credentials, password: 'other' }),
    coversBody: false,
    secrets: ['p4ss-s3cret'],
  }),
)

describe('postmark', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: EmailContent, options = {}): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post('https://api.postmarkapp.com/email', async ({ request }) => {
        expect([request.headers.get('x-postmark-server-token'), request.headers.get('accept')]).toEqual([
          serverToken,
          'application/json',
        ])
        seen = await request.json()
        return taken()
      }),
    )
    await postmark({ serverToken, from, ...options }).send(mailFor(content), context)
    return seen
  }

  test('sends what the content holds', async () => {
    const content = {
      subject: 'Hi',
      text: 'Hello',
      html: '<b>Hello</b>',
      replyTo: 'Help <help@example.org>',
      headers: { 'X-A': 'b' },
    }
    expect(await posted(content, { messageStream: 'orders' })).toEqual({
      From: '"Shop" <shop@example.org>',
      To: 'ada.lovelace@example.org',
      Subject: 'Hi',
      TextBody: 'Hello',
      HtmlBody: '<b>Hello</b>',
      ReplyTo: '"Help" <help@example.org>',
      Headers: [{ Name: 'X-A', Value: 'b' }],
      MessageStream: 'orders',
      Metadata: { omnicascade: 'n1.0.0' },
    })
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const own = { Tag: 'order', TrackOpens: true, To: 'eve@example.net', Metadata: { order: '17' } }
    expect(await posted({ subject: 'Hi', text: 'x', from: 'a@example.org', vendor: { postmark: own } })).toMatchObject({
      From: 'a@example.org',
      To: 'ada.lovelace@example.org',
      Tag: 'order',
      TrackOpens: true,
      Metadata: { order: '17', omnicascade: 'n1.0.0' },
    })
  })

  test.each(injections)('refuses %s before it calls', async (_, content, field) => {
    await expect(postmark({ serverToken, from }).send(mailFor(content), context)).rejects.toMatchObject({
      kind: 'content',
      field,
    })
  })

  test.each([{}, { serverToken }, { serverToken: 'a b', from }, { serverToken, from: 'x' }, { serverToken, from, stream: 'x' }])(
    'refuses the options %j',
    (options) => {
      expect(thrownBy(() => postmark(options as never)).message).toMatch(/^postmark: /)
    },
  )

  test.each([
    {},
    { credentials: {} },
    { credentials: [] },
    { credentials: { username: 'a:b', password: 'x' } },
    { credentials, user: 'x' },
  ])('refuses the options of a webhook %j', (options) => {
    expect(thrownBy(() => postmarkWebhook(options as never)).message).toMatch(/^postmarkWebhook: /)
  })
})
