import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { sendgrid, sendgridWebhook } from 'omnicascade/providers/sendgrid'
import { type Answer, providerContract, sendgridKeys, signSendGridWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import { cases } from '../support/cases.ts'
import { injections, mailFor } from '../support/mail.ts'
import { thrownBy } from './failures.ts'

const apiKey = 'SG.s3cret.key'
const from = 'Shop <shop@example.org>'
const messageId = 'LRzXl_NHStOGhQ4kofSm_A'
const taken = () => new HttpResponse(null, { status: 202, headers: { 'x-message-id': messageId } })
const refusal =
  (status: number, field: string | null = null, message = `no ada.lovelace@example.org for ${apiKey}`): Answer =>
  () =>
    HttpResponse.json({ errors: [{ message, field, help: null }] }, { status })

cases(
  'sendgrid, as every provider',
  providerContract({
    create: (wire) => sendgrid({ apiKey, from, ...wire }),
    request: mailFor({ subject: 'Hi', text: 'Hello' }),
    success: { answer: taken, result: { messageId, keys: ['n1.0.0'] } },
    failures: {
      'a field that is wrong': { answer: refusal(400, 'subject'), kind: 'content', code: '400', field: 'subject' },
      'content that is wrong': { answer: refusal(400, 'content.0.value'), kind: 'content', field: 'text' },
      'a reply address that is wrong': { answer: refusal(400, 'reply_to.email'), kind: 'content', field: 'replyTo' },
      'a key that is none': { answer: refusal(401), kind: 'configuration', code: '401' },
      'a sender that is not verified': { answer: refusal(403, 'from'), kind: 'configuration', code: '403', field: 'from' },
      'a mail that is too large': { answer: refusal(413), kind: 'content', code: '413' },
      'too many': { answer: refusal(429), kind: 'transient', code: '429' },
      'a 202 without an id': { answer: () => new HttpResponse(null, { status: 202 }), kind: 'unknown' },
    },
    secrets: [apiKey],
  }),
)

const keys = await sendgridKeys()
const others = await sendgridKeys()
const event = (type: string, more = {}) => ({
  email: 'ada@example.org',
  timestamp: 1_600_112_492,
  'smtp-id': '<x@ismtpd0039p1iad1.sendgrid.net>',
  event: type,
  sg_event_id: 'e',
  sg_message_id: `${messageId}.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0`,
  omnicascade: 'n1.0.0',
  ...more,
})
const at = 1_600_112_492_000
const receipt = (status: 'sent' | 'delivered' | 'read' | 'clicked' | 'failed', raw: string, more = {}) => ({
  provider: 'sendgrid',
  keys: [messageId, 'n1.0.0'],
  status,
  at,
  raw,
  ...more,
})
const said = (reason: 'bounced' | 'complained' | 'opted-out', raw: string, state: 'suppressed' | 'restored' = 'suppressed') => ({
  state,
  provider: 'sendgrid',
  channel: 'email' as const,
  address: 'ada@example.org',
  reason,
  at,
  raw,
})

cases(
  'sendgridWebhook, as every source',
  webhookContract({
    create: () => sendgridWebhook({ publicKey: [others.publicKey, keys.publicKey] }),
    samples: {
      'the way of a mail': {
        body: JSON.stringify([
          event('processed'),
          event('deferred', { response: '400 try again later', attempt: '5' }),
          event('delivered'),
          event('open'),
          event('click', { url: 'https://example.org/1' }),
        ]),
        receipts: [
          receipt('sent', 'processed'),
          receipt('sent', 'deferred'),
          receipt('delivered', 'delivered'),
          receipt('read', 'open'),
          receipt('clicked', 'click', { link: 'https://example.org/1' }),
        ],
      },
      'a hard bounce': {
        body: JSON.stringify([event('bounce', { type: 'bounce', reason: '500 unknown recipient', status: '5.0.0' })]),
        receipts: [receipt('failed', 'bounce', { reason: '500 unknown recipient' })],
        suppressions: [said('bounced', 'bounce')],
      },
      'a bounce that is a block': {
        body: JSON.stringify([event('bounce', { type: 'blocked', reason: 'over quota' })]),
        receipts: [receipt('failed', 'bounce', { reason: 'over quota' })],
      },
      'what was dropped': {
        body: JSON.stringify([
          event('dropped', { reason: 'Bounced Address' }),
          event('dropped', { reason: 'Unsubscribed Address' }),
          event('dropped', { reason: 'Spam Reporting Address' }),
          event('dropped', { reason: 'Spam Content' }),
        ]),
        receipts: ['Bounced Address', 'Unsubscribed Address', 'Spam Reporting Address', 'Spam Content'].map((reason) =>
          receipt('failed', 'dropped', { reason }),
        ),
        suppressions: [said('bounced', 'dropped'), said('opted-out', 'dropped'), said('complained', 'dropped')],
      },
      'opting out and in': {
        body: JSON.stringify([event('spamreport'), event('unsubscribe'), event('group_unsubscribe'), event('group_resubscribe')]),
        receipts: [],
        suppressions: [said('complained', 'spamreport'), said('opted-out', 'unsubscribe')],
      },
      'what is new': { body: JSON.stringify([event('teleported')]), receipts: [] },
    },
    sign: ({ body, at }) => signSendGridWebhook({ privateKey: keys.privateKey, body, at }),
    forge: async ({ body, at }) => signSendGridWebhook({ privateKey: (await sendgridKeys()).privateKey, body, at }),
    holdsFor: 300_000,
  }),
)

describe('sendgrid', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: EmailContent): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post('https://api.sendgrid.com/v3/mail/send', async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Bearer ${apiKey}`)
        seen = await request.json()
        return taken()
      }),
    )
    await sendgrid({ apiKey, from }).send(mailFor(content), context)
    return seen
  }
  const common = {
    personalizations: [{ to: [{ email: 'ada.lovelace@example.org' }] }],
    from: { email: 'shop@example.org', name: 'Shop' },
    subject: 'Hi',
    custom_args: { omnicascade: 'n1.0.0' },
  }

  test('sends text before HTML, with sender, reply address and headers', async () => {
    const content = { subject: 'Hi', text: 'Hello', html: '<b>Hello</b>', replyTo: 'help@example.org', headers: { 'X-A': 'b' } }
    expect(await posted({ ...content, from: 'sale@example.org' })).toEqual({
      ...common,
      from: { email: 'sale@example.org' },
      reply_to: { email: 'help@example.org' },
      headers: { 'X-A': 'b' },
      content: [
        { type: 'text/plain', value: 'Hello' },
        { type: 'text/html', value: '<b>Hello</b>' },
      ],
    })
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const own = { categories: ['order'], custom_args: { order: '17', omnicascade: 'x' }, subject: 'Other' }
    expect(await posted({ subject: 'Hi', html: '<b>Hello</b>', vendor: { sendgrid: own } })).toEqual({
      ...common,
      categories: ['order'],
      custom_args: { order: '17', omnicascade: 'n1.0.0' },
      content: [{ type: 'text/html', value: '<b>Hello</b>' }],
    })
  })

  test.each(injections)('refuses %s before it calls', async (_, content, field) => {
    await expect(sendgrid({ apiKey, from }).send(mailFor(content), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each(['Ada <ada@example.org>', 'a@example.org, b@example.org', 42, 'ada'])('refuses %j as an address', async (to) => {
    const sending = sendgrid({ apiKey, from }).send(mailFor({ subject: 'Hi', text: 'x' }, to), context)
    await expect(sending).rejects.toMatchObject({ kind: 'recipient' })
  })

  test.each([{}, { apiKey }, { apiKey: 'x', from }, { apiKey, from: 'two words' }, { apiKey, from, sandbox: true }])(
    'refuses the options %j',
    (options) => {
      expect(thrownBy(() => sendgrid(options as never)).message).toMatch(/^sendgrid: /)
    },
  )
})

describe('sendgridWebhook', () => {
  // The values of sendgrid-nodejs, packages/eventwebhook/src/eventwebhook.spec.js.
  const publicKey =
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=='
  const signature = 'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM='
  const body = `${JSON.stringify([
    {
      email: 'hello@world.com',
      event: 'dropped',
      reason: 'Bounced Address',
      sg_event_id: 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA',
      sg_message_id: 'LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0',
      'smtp-id': '<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>',
      timestamp: 1600112492,
    },
  ])}\r\n`
  const request = (text: string, timestamp = '1600112502') => ({
    method: 'POST',
    url: new URL('https://app.example.org/hooks/sendgrid'),
    headers: new Map([
      ['x-twilio-email-event-webhook-signature', signature],
      ['x-twilio-email-event-webhook-timestamp', timestamp],
    ]),
    body: new TextEncoder().encode(text),
  })

  test("takes SendGrid's own vector, and nothing that differs from it", async () => {
    const source = sendgridWebhook({ publicKey })
    const now = 1_600_112_600_000
    await source.verify?.(request(body), now)
    await expect(source.verify?.(request(body.trimEnd()), now)).rejects.toThrow(/Signature is missing or wrong/)
    await expect(source.verify?.(request(body, '1600112503'), now)).rejects.toThrow(/Signature is missing or wrong/)
    await expect(source.verify?.(request(body), now + 600_000)).rejects.toThrow(/Timestamp is missing, stale/)
    await sendgridWebhook({ publicKey, tolerance: '1h' }).verify?.(request(body), now + 600_000)
  })

  test('loses no event for one that cannot be read', () => {
    const { events, errors } = sendgridWebhook({ publicKey }).parse(request(JSON.stringify([{ event: 'open' }, event('open')])))
    expect([events.length, errors.map(({ path }) => path)]).toEqual([1, ['[0]']])
  })

  test.each([{}, { publicKey: 'x' }, { publicKey: [] }, { publicKey, tolerance: 'soon' }, { publicKey, key: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => sendgridWebhook(bad as never)).message).toMatch(/^sendgridWebhook: /)
    },
  )
})
