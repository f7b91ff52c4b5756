import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { resend, resendWebhook } from 'omnicascade/providers/resend'
import { type Answer, providerContract, signResendWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import { cases } from '../support/cases.ts'
import { injections, mailFor } from '../support/mail.ts'
import { thrownBy } from './failures.ts'

const apiKey = 're_s3cretKey'
const from = 'Shop <shop@example.org>'
const messageId = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794'
const refusal =
  (status: number, name: string): Answer =>
  () =>
    HttpResponse.json({ statusCode: status, name, message: `no ada.lovelace@example.org for ${apiKey}` }, { status })
const codes = {
  transient: [
    [429, 'rate_limit_exceeded'],
    [409, 'concurrent_idempotent_requests'],
    [500, 'application_error'],
    [500, 'internal_server_error'],
  ],
  content: [
    [400, 'validation_error'],
    [422, 'missing_required_field'],
    [422, 'invalid_parameter'],
    [409, 'invalid_idempotent_request'],
    [400, 'invalid_idempotency_key'],
  ],
  configuration: [
    [403, 'validation_error '],
    [401, 'missing_api_key'],
    [401, 'restricted_api_key'],
    [403, 'invalid_api_key'],
    [404, 'not_found'],
    [405, 'method_not_allowed'],
    [429, 'daily_quota_exceeded'],
    [429, 'monthly_quota_exceeded'],
  ],
} as const

cases(
  'resend, as every provider',
  providerContract({
    create: (wire) => resend({ apiKey, from, ...wire }),
    request: mailFor({ subject: 'Hi', text: 'Hello' }),
    success: { answer: () => HttpResponse.json({ id: messageId }), result: { messageId } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map(([status, name]) => [
            `${status} ${name}`,
            { answer: refusal(status, name.trim()), kind: kind as keyof typeof codes, code: name.trim() },
          ]),
        ),
      ),
      'a sender that is not the account’s': {
        answer: refusal(422, 'invalid_from_address'),
        kind: 'configuration',
        code: 'invalid_from_address',
        field: 'from',
      },
    },
    secrets: [apiKey],
  }),
)

const at = Date.UTC(2026, 10, 22, 23, 41, 12, 126)
const event = (type: string, more = {}) =>
  JSON.stringify({
    type,
    created_at: '2026-11-22T23:41:12.126Z',
    data: { email_id: messageId, from, to: ['ada@example.org'], subject: 'Hi', ...more },
  })
const receipt = (status: 'sent' | 'delivered' | 'read' | 'clicked' | 'failed', raw: string, more = {}) => ({
  provider: 'resend',
  keys: [messageId],
  status,
  at,
  raw,
  ...more,
})
const said = (reason: 'bounced' | 'complained', raw: string) => ({
  state: 'suppressed' as const,
  provider: 'resend',
  channel: 'email' as const,
  address: 'ada@example.org',
  reason,
  at,
  raw,
})
const bounce = (type: string) => event('email.bounced', { bounce: { type, subType: 'General', message: 'no such mailbox' } })
const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

cases(
  'resendWebhook, as every source',
  webhookContract({
    create: () => resendWebhook({ signingSecret: ['whsec_b2xkLXNlY3JldC1vZi1yZXNlbmQ=', signingSecret] }),
    samples: {
      'a mail on its way': { body: event('email.sent'), receipts: [receipt('sent', 'email.sent')] },
      'a delay': { body: event('email.delivery_delayed'), receipts: [receipt('sent', 'email.delivery_delayed')] },
      'a delivery': { body: event('email.delivered'), receipts: [receipt('delivered', 'email.delivered')] },
      'an opening': { body: event('email.opened'), receipts: [receipt('read', 'email.opened')] },
      'a click': {
        body: event('email.clicked', { click: { link: 'https://example.org/1', ipAddress: '192.0.2.1' } }),
        receipts: [receipt('clicked', 'email.clicked', { link: 'https://example.org/1' })],
      },
      'a hard bounce': {
        body: bounce('Permanent'),
        receipts: [receipt('failed', 'email.bounced', { reason: 'no such mailbox' })],
        suppressions: [said('bounced', 'email.bounced')],
      },
      'a soft bounce': {
        body: bounce('Transient'),
        receipts: [receipt('failed', 'email.bounced', { reason: 'no such mailbox' })],
      },
      'a failure': {
        body: event('email.failed', { failed: { reason: 'reached_daily_quota' } }),
        receipts: [receipt('failed', 'email.failed', { reason: 'reached_daily_quota' })],
      },
      'what Resend had on its list': {
        body: event('email.suppressed', {
          suppressed: { type: 'OnAccountSuppressionList', reason: 'previous_complaint', message: 'listed' },
        }),
        receipts: [receipt('failed', 'email.suppressed', { reason: 'listed' })],
        suppressions: [said('complained', 'email.suppressed')],
      },
      'a complaint': { body: event('email.complained'), receipts: [], suppressions: [said('complained', 'email.complained')] },
      'another event': { body: event('contact.created'), receipts: [] },
    },
    sign: ({ body, at }) => signResendWebhook({ signingSecret, body, at }),
    forge: ({ body, at }) => signResendWebhook({ signingSecret: 'whsec_b3RoZXItc2VjcmV0LW9mLXJlc2VuZA==', body, at }),
    holdsFor: 300_000,
    secrets: [signingSecret, signingSecret.slice(6)],
  }),
)

describe('resend', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: EmailContent): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post('https://api.resend.com/emails', async ({ request }) => {
        expect([request.headers.get('authorization'), request.headers.get('idempotency-key')]).toEqual([
          `Bearer ${apiKey}`,
          'n1.0.0',
        ])
        seen = await request.json()
        return HttpResponse.json({ id: messageId })
      }),
    )
    await resend({ apiKey, from }).send(mailFor(content), context)
    return seen
  }

  test('sends what the content holds, under the key of the attempt', async () => {
    const content = { subject: 'Hi', text: 'Hello', html: '<b>Hello</b>', replyTo: 'help@example.org', headers: { 'X-A': 'b' } }
    expect(await posted(content)).toEqual({
      from: '"Shop" <shop@example.org>',
      to: ['ada.lovelace@example.org'],
      subject: 'Hi',
      text: 'Hello',
      html: '<b>Hello</b>',
      reply_to: 'help@example.org',
      headers: { 'X-A': 'b' },
    })
    expect(resend({ apiKey, from }).idempotent).toBe(true)
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const own = { tags: [{ name: 'order', value: '17' }], to: ['eve@example.net'] }
    expect(await posted({ subject: 'Hi', text: 'x', from: 'a@example.org', vendor: { resend: own } })).toEqual({
      from: 'a@example.org',
      to: ['ada.lovelace@example.org'],
      subject: 'Hi',
      text: 'x',
      tags: [{ name: 'order', value: '17' }],
    })
  })

  test.each(injections)('refuses %s before it calls', async (_, content, field) => {
    await expect(resend({ apiKey, from }).send(mailFor(content), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each([{}, { apiKey }, { apiKey: 'x', from }, { apiKey, from: 'x' }, { apiKey, from, to: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => resend(bad as never)).message).toMatch(/^resend: /)
    },
  )
})

describe('resendWebhook', () => {
  // The vector of Standard Webhooks and Svix.
  const request = (headers: Record<string, string>) => ({
    method: 'POST',
    url: new URL('https://app.example.org/hooks/resend'),
    headers: new Map(Object.entries(headers)),
    body: new TextEncoder().encode('{"test": 2432232314}'),
  })
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  const now = 1_614_265_330_000

  test("takes Svix's own vector, by either name, among other signatures", async () => {
    const source = resendWebhook({ signingSecret })
    await source.verify?.(request({ 'svix-id': id, 'svix-timestamp': '1614265330', 'svix-signature': signature }), now)
    const several = `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x ${signature}`
    await source.verify?.(request({ 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': several }), now)
    await resendWebhook({ signingSecret: signingSecret.slice(6) }).verify?.(
      request({ 'svix-id': id, 'svix-timestamp': '1614265330', 'svix-signature': signature }),
      now,
    )
  })

  test.each([
    {},
    { signingSecret: 'whsec_' },
    { signingSecret: 'whsec_!' },
    { signingSecret: [] },
    { signingSecret, secret: 'x' },
  ])('refuses the options %j', (bad) => {
    expect(thrownBy(() => resendWebhook(bad as never)).message).toMatch(/^resendWebhook: /)
  })
})
