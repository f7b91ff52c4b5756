import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { mailgun, mailgunWebhook } from 'omnicascade/providers/mailgun'
import { type Answer, providerContract, signMailgunWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import { cases } from '../support/cases.ts'
import { injections, mailFor } from '../support/mail.ts'
import { thrownBy } from './failures.ts'

const options = { apiKey: 'key-s3cret-of-mailgun', domain: 'mg.example.org', from: 'Shop <shop@example.org>' }
const messageId = '20111114174239.25659.5817@mg.example.org'
const taken = () => HttpResponse.json({ id: `<${messageId}>`, message: 'Queued. Thank you.' })
const refusal =
  (status: number): Answer =>
  () =>
    HttpResponse.json({ message: `no ada.lovelace@example.org for ${options.apiKey}` }, { status })

cases(
  'mailgun, as every provider',
  providerContract({
    create: (wire) => mailgun({ ...options, ...wire }),
    request: mailFor({ subject: 'Hi', text: 'Hello' }),
    success: { answer: taken, result: { messageId, keys: ['n1.0.0'] } },
    failures: {
      'a form that is wrong': { answer: refusal(400), kind: 'content', code: '400' },
      'a key that is none': { answer: () => HttpResponse.text('Forbidden', { status: 401 }), kind: 'configuration', code: '401' },
      'a plan that is used up': { answer: refusal(402), kind: 'configuration', code: '402' },
      'no right to send': { answer: refusal(403), kind: 'configuration', code: '403' },
      'a domain that is none': { answer: refusal(404), kind: 'configuration', code: '404' },
      'a mail that is too large': { answer: refusal(413), kind: 'content', code: '413' },
      'too many': { answer: refusal(429), kind: 'transient', code: '429' },
    },
    secrets: [options.apiKey, btoa(`api:${options.apiKey}`)],
  }),
)

const at = 1_521_472_262_908
const event = (type: string, more = {}) =>
  JSON.stringify({
    'event-data': {
      event: type,
      id: 'G9Bn5sl1TC6nu79C8C0bwg',
      timestamp: 1_521_472_262.908181,
      recipient: 'ada@example.org',
      message: { headers: { 'message-id': messageId, subject: 'Hi' } },
      'user-variables': { omnicascade: 'n1.0.0' },
      ...more,
    },
  })
const receipt = (status: 'sent' | 'delivered' | 'read' | 'clicked' | 'failed' | 'expired', raw: string, more = {}) => ({
  provider: 'mailgun',
  keys: [messageId, 'n1.0.0'],
  status,
  at,
  raw,
  ...more,
})
const said = (reason: 'bounced' | 'complained' | 'opted-out', raw: string) => ({
  state: 'suppressed' as const,
  provider: 'mailgun',
  channel: 'email' as const,
  address: 'ada@example.org',
  reason,
  at,
  raw,
})
const failed = (severity: string, reason: string) => event('failed', { severity, reason, 'delivery-status': { code: 550 } })
const signingKey = 'signing-s3cret'

cases(
  'mailgunWebhook, as every source',
  webhookContract({
    create: () => mailgunWebhook({ signingKey: ['old', signingKey], tolerance: '5m' }),
    samples: {
      'what was taken': { body: event('accepted'), receipts: [receipt('sent', 'accepted')] },
      'a delivery': { body: event('delivered'), receipts: [receipt('delivered', 'delivered')] },
      'an opening': { body: event('opened'), receipts: [receipt('read', 'opened')] },
      'a click': {
        body: event('clicked', { url: 'https://example.org/1' }),
        receipts: [receipt('clicked', 'clicked', { link: 'https://example.org/1' })],
      },
      'a bounce': {
        body: failed('permanent', 'bounce'),
        receipts: [receipt('failed', 'failed', { reason: 'bounce' })],
        suppressions: [said('bounced', 'bounce')],
      },
      'a failure that Mailgun goes on from': {
        body: failed('temporary', 'generic'),
        receipts: [receipt('sent', 'failed', { reason: 'generic' })],
      },
      'a mail that was tried for too long': {
        body: failed('permanent', 'old'),
        receipts: [receipt('expired', 'failed', { reason: 'old' })],
      },
      'what Mailgun had on its list': {
        body: failed('permanent', 'suppress-unsubscribe'),
        receipts: [receipt('failed', 'failed', { reason: 'suppress-unsubscribe' })],
        suppressions: [said('opted-out', 'suppress-unsubscribe')],
      },
      'a complaint': { body: event('complained'), receipts: [], suppressions: [said('complained', 'complained')] },
      'an unsubscription': { body: event('unsubscribed'), receipts: [], suppressions: [said('opted-out', 'unsubscribed')] },
      'what is new': { body: event('teleported'), receipts: [] },
    },
    sign: ({ body, at }) => signMailgunWebhook({ signingKey, body, at }),
    forge: ({ body, at }) => signMailgunWebhook({ signingKey: 'other', body, at }),
    holdsFor: 300_000,
    coversBody: false,
    secrets: [signingKey],
  }),
)

describe('mailgun', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: EmailContent): Promise<[string, string][]> => {
    let seen = ''
    server.use(
      http.post('https://api.mailgun.net/v3/mg.example.org/messages', async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Basic ${btoa(`api:${options.apiKey}`)}`)
        seen = await request.text()
        return taken()
      }),
    )
    await mailgun(options).send(mailFor(content), context)
    return [...new URLSearchParams(seen)]
  }

  test('sends what the content holds', async () => {
    const content = { subject: 'Žluť', text: 'Hello', html: '<b>Hello</b>', replyTo: 'help@example.org', headers: { 'X-A': 'b' } }
    expect(Object.fromEntries(await posted(content))).toEqual({
      from: '"Shop" <shop@example.org>',
      to: 'ada.lovelace@example.org',
      subject: 'Žluť',
      text: 'Hello',
      html: '<b>Hello</b>',
      'h:Reply-To': 'help@example.org',
      'h:X-A': 'b',
      'v:omnicascade': 'n1.0.0',
    })
  })

  test('joins fields of the vendor, lists among them, and keeps its own', async () => {
    const own = { 'o:tag': ['a', 'b'], 'h:X-Mailgun-Variables': { order: 17 }, to: 'eve@example.net' }
    const form = await posted({ subject: 'Hi', text: 'x', vendor: { mailgun: own } })
    expect(form).toEqual(
      expect.arrayContaining([
        ['o:tag', 'a'],
        ['o:tag', 'b'],
        ['h:X-Mailgun-Variables', '{"order":17}'],
      ]),
    )
    expect(form.filter(([name]) => name === 'to')).toEqual([['to', 'ada.lovelace@example.org']])
  })

  test.each(injections)('refuses %s before it calls', async (_, content, field) => {
    await expect(mailgun(options).send(mailFor(content), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each([{}, { ...options, domain: 'a/b' }, { ...options, from: 'x' }, { ...options, region: 'eu' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => mailgun(bad as never)).message).toMatch(/^mailgun: /)
    },
  )
})

describe('mailgunWebhook', () => {
  const request = (body: string) => ({
    method: 'POST',
    url: new URL('https://app.example.org/hooks/mailgun'),
    headers: new Map<string, string>(),
    body: new TextEncoder().encode(body),
  })

  test('takes half a day for Mailgun to repeat, and no spoilt part of the signature', async () => {
    const source = mailgunWebhook({ signingKey })
    const now = Date.UTC(2026, 10, 25)
    const { body = '' } = await signMailgunWebhook({ signingKey, body: event('opened'), at: now - 11 * 3_600_000 })
    await source.verify?.(request(body), now)
    await expect(source.verify?.(request(body), now + 2 * 3_600_000)).rejects.toThrow(/stale/)
    const { signature, ...rest } = JSON.parse(body) as { signature: Record<string, string> }
    for (const spoilt of [
      { token: `${signature.token}0` },
      { token: '' },
      { signature: '' },
      { timestamp: String(Number(signature.timestamp) + 1) },
    ])
      await expect(
        source.verify?.(request(JSON.stringify({ ...rest, signature: { ...signature, ...spoilt } })), now),
      ).rejects.toThrow(/wrong/)
  })

  test.each([{}, { signingKey: [] }, { signingKey, tolerance: 'x' }, { signingKey, key: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => mailgunWebhook(bad as never)).message).toMatch(/^mailgunWebhook: /)
    },
  )
})
