import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createNotifier } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { whatsappCloud, whatsappCloudWebhook } from 'omnicascade/providers/whatsapp-cloud'
import { whatsappWindow } from 'omnicascade/providers/whatsapp-window'
import { type Answer, providerContract, signWhatsAppCloudWebhook, virtualClock, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { WhatsAppContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const accessToken = 'EAAG-s3cret-token'
const phoneNumberId = '106540352242922'
const to = '+16505551234'
const requestFor = (content: WhatsAppContent, address: SendRequest['to'] = to): SendRequest<'whatsapp'> => ({
  channel: 'whatsapp',
  to: address,
  content,
  recipient: { phone: to },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const approved = { name: 'order_confirmation', language: 'en_US', parameters: ['Ann', '17'] }
const taken = {
  messaging_product: 'whatsapp',
  contacts: [{ input: to, wa_id: '16505551234' }],
  messages: [{ id: 'wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI1', message_status: 'accepted' }],
}
const refusal =
  (status: number, code: number, details = `no ${to} for ${accessToken}`): Answer =>
  () =>
    HttpResponse.json(
      {
        error: {
          message: `(#${code}) words`,
          type: 'OAuthException',
          code,
          error_data: { messaging_product: 'whatsapp', details },
        },
      },
      { status },
    )
const codes = {
  transient: [
    [429, 4],
    [429, 80007],
    [429, 130429],
    [400, 131056],
    [400, 131048],
    [500, 131000],
    [503, 131016],
    [400, 1],
    [503, 2],
    [500, 131057],
    [503, 133004],
  ],
  recipient: [
    [400, 131026],
    [400, 131021],
  ],
  content: [
    [400, 131030],
    [400, 131047],
    [400, 131049],
    [400, 131050],
    [400, 130472],
    [400, 131051],
    [400, 131052],
    [400, 132000],
    [404, 132001],
    [400, 132015],
    [400, 100],
    [400, 999_999],
  ],
  configuration: [
    [401, 0],
    [401, 190],
    [500, 3],
    [403, 10],
    [403, 200],
    [403, 299],
    [403, 131005],
    [403, 368],
    [403, 131031],
    [400, 131042],
    [400, 133010],
  ],
} as const

cases(
  'whatsappCloud, as every provider',
  providerContract({
    create: (wire) => whatsappCloud({ accessToken, phoneNumberId, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => HttpResponse.json(taken), result: { messageId: taken.messages[0]!.id, keys: ['n1.0.0'] } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map(([status, code]) => [
            `${code}`,
            { answer: refusal(status, code), kind: kind as keyof typeof codes, code: String(code) },
          ]),
        ),
      ),
      'the window is closed': { answer: refusal(400, 131047), kind: 'content', code: '131047', field: 'approved' },
      'a template that is missing': { answer: refusal(404, 132001), kind: 'content', field: 'approved' },
      'a picture that could not be fetched': { answer: refusal(400, 131052), kind: 'content', field: 'imageUrl' },
      'a success without an id': { answer: () => HttpResponse.json({ ...taken, messages: [] }), kind: 'unknown' },
    },
    secrets: [accessToken, '16505551234'],
  }),
)

const status = (word: string, more = {}) => ({
  id: taken.messages[0]!.id,
  status: word,
  timestamp: '1750857384',
  recipient_id: '16505551234',
  ...more,
})
const payload = (value: object, field = 'messages') => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '102290129340398', changes: [{ field, value: { messaging_product: 'whatsapp', ...value } }] }],
})
// Meta escapes what is not ASCII, so that JSON serialised anew has other bytes.
const body = (value: object) =>
  JSON.stringify(payload(value)).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
const receipt = (word: 'sent' | 'delivered' | 'read' | 'failed', more = {}) => ({
  provider: 'whatsapp',
  keys: [taken.messages[0]!.id],
  status: word,
  at: 1_750_857_384_000,
  raw: word,
  ...more,
})
const failed = (code: number, title: string) => status('failed', { errors: [{ code, title, message: title }] })
const inbound = { from: '16505551234', id: 'wamid.in', timestamp: '1750857384', type: 'text', text: { body: 'Grüße' } }

cases(
  'whatsappCloudWebhook, as every source',
  webhookContract({
    create: () => whatsappCloudWebhook({ appSecret: ['old', 'app-s3cret'], verifyToken: 'verify-s3cret' }),
    samples: {
      'a delivery': {
        body: body({ statuses: [status('delivered', { pricing: { billable: true, pricing_model: 'CBP' } })] }),
        receipts: [receipt('delivered')],
      },
      'several statuses': {
        body: body({ statuses: [status('sent'), status('read'), status('deleted')] }),
        receipts: [receipt('sent'), receipt('read')],
      },
      'a delivery that names the attempt': {
        body: body({ statuses: [status('delivered', { biz_opaque_callback_data: 'n1.0.0' })] }),
        receipts: [receipt('delivered', { keys: [taken.messages[0]!.id, 'n1.0.0'] })],
      },
      'a closed window': {
        body: body({ statuses: [failed(131047, 'Re-engagement message')] }),
        receipts: [receipt('failed', { reason: '131047 Re-engagement message' })],
      },
      'a number that is not on WhatsApp': {
        body: body({ statuses: [failed(131026, 'Message undeliverable')] }),
        receipts: [receipt('failed', { reason: '131026 Message undeliverable' })],
      },
      'marketing that was stopped': {
        body: body({ statuses: [failed(131050, 'Stopped')] }),
        receipts: [receipt('failed', { reason: '131050 Stopped' })],
      },
      'a message of a person': { body: body({ contacts: [], messages: [inbound] }), receipts: [] },
      'another field': { body: JSON.stringify(payload({}, 'account_update')), receipts: [] },
    },
    sign: ({ body }) => signWhatsAppCloudWebhook({ appSecret: 'app-s3cret', body }),
    forge: ({ body }) => signWhatsAppCloudWebhook({ appSecret: 'other', body }),
    secrets: ['app-s3cret', 'verify-s3cret'],
  }),
)

describe('whatsappCloud', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: WhatsAppContent, options = {}): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post(`https://graph.facebook.com/v24.0/${phoneNumberId}/messages`, async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Bearer ${accessToken}`)
        seen = await request.json()
        return HttpResponse.json(taken)
      }),
    )
    await whatsappCloud({ accessToken, phoneNumberId, ...options }).send(requestFor(content), context)
    return seen
  }
  const common = {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '16505551234',
    biz_opaque_callback_data: 'n1.0.0',
  }
  const template = {
    type: 'template',
    template: {
      name: 'order_confirmation',
      language: { code: 'en_US' },
      components: [
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Ann' },
            { type: 'text', text: '17' },
          ],
        },
      ],
    },
  }

  test('sends a text, a picture, and a template', async () => {
    expect(await posted({ text: 'Hi' })).toEqual({ ...common, type: 'text', text: { body: 'Hi', preview_url: false } })
    expect(await posted({ text: 'Hi', imageUrl: 'https://example.org/a.png' })).toEqual({
      ...common,
      type: 'image',
      image: { link: 'https://example.org/a.png', caption: 'Hi' },
    })
    expect(await posted({ approved })).toEqual({ ...common, ...template })
    expect(await posted({ approved: { name: 'x', language: 'cs', parameters: { order: '17' } } })).toMatchObject({
      template: { components: [{ parameters: [{ type: 'text', parameter_name: 'order', text: '17' }] }] },
    })
    expect(await posted({ approved: { name: 'x', language: 'cs' } })).toMatchObject({
      template: { name: 'x', language: { code: 'cs' } },
    })
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const vendor = { 'whatsapp-cloud': { to: '1', text: { preview_url: true, more: 1 }, context: { message_id: 'wamid.in' } } }
    expect(await posted({ text: 'Hi', vendor })).toEqual({
      ...common,
      type: 'text',
      text: { body: 'Hi', preview_url: false, more: 1 },
      context: { message_id: 'wamid.in' },
    })
  })

  test('without a window, prefers the template, which anyone may be sent', async () => {
    expect(await posted({ text: 'Hi', approved })).toEqual({ ...common, ...template })
  })

  test('chooses text while the window is open, and the template after that', async () => {
    const clock = virtualClock(0)
    const window = whatsappWindow({ clock })
    expect(await posted({ text: 'Hi', approved }, { window })).toMatchObject({ type: 'template' })
    await window.wrote('16505551234', 0)
    expect(await posted({ text: 'Hi', approved }, { window })).toMatchObject({ type: 'text' })
    await clock.advance('24h')
    expect(await posted({ text: 'Hi', approved }, { window })).toMatchObject({ type: 'template' })
    const closed = whatsappCloud({ accessToken, phoneNumberId, window }).send(requestFor({ text: 'Hi' }), context)
    await expect(closed).rejects.toMatchObject({ kind: 'content', field: 'approved', vendorCode: 'WINDOW_CLOSED' })
  })

  test.each([
    ['nothing', {}, 'text'],
    ['4097 characters', { text: 'x'.repeat(4097) }, 'text'],
    ['a caption of 1025', { text: 'x'.repeat(1025), imageUrl: 'https://example.org/a.png' }, 'text'],
  ])('refuses %s before it calls', async (_, content, field) => {
    const sending = whatsappCloud({ accessToken, phoneNumberId }).send(requestFor(content), context)
    await expect(sending).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each(['x', 42, undefined])('refuses %j as an address', async (address) => {
    const sending = whatsappCloud({ accessToken, phoneNumberId }).send({ ...requestFor({ text: 'Hi' }), to: address }, context)
    await expect(sending).rejects.toMatchObject({ kind: 'recipient' })
  })

  test.each([{}, { accessToken }, { accessToken, phoneNumberId: '+1650' }, { accessToken, phoneNumberId, version: '24' }])(
    'refuses the options %j',
    (options) => {
      expect(thrownBy(() => whatsappCloud(options as never)).message).toMatch(/^whatsappCloud: /)
    },
  )
})

describe('whatsappCloudWebhook', () => {
  const options = { appSecret: 'app-s3cret', verifyToken: 'verify-s3cret' }
  const url = 'https://app.example.org/hooks/whatsapp'
  const notifier = createNotifier({ providers: [whatsappCloud({ accessToken, phoneNumberId })], scheduler: 'manual' })
  const handle = (window = whatsappWindow()) =>
    fetchWebhook(notifier, whatsappCloudWebhook({ ...options, window }), { onError: () => {} })

  test('answers the challenge to whoever knows the verify token', async () => {
    const asks = (token: string) =>
      handle()(new Request(`${url}?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`))
    const right = await asks('verify-s3cret')
    expect([right.status, await right.text()]).toEqual([200, '1158201444'])
    expect((await asks('other')).status).toBe(401)
    expect((await asks('')).status).toBe(401)
  })

  test('notes who wrote when', async () => {
    const clock = virtualClock(1_750_857_384_000 + 1000)
    const window = whatsappWindow({ clock })
    const text = body({ messages: [inbound] })
    const { headers = {} } = await signWhatsAppCloudWebhook({ appSecret: 'app-s3cret', body: text })
    const request = new Request(url, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } })
    expect((await handle(window)(request)).status).toBe(200)
    expect(await window.isOpen(to)).toBe(true)
  })

  test('keeps what is new, and names what cannot be read', () => {
    const source = whatsappCloudWebhook(options)
    const request = { method: 'POST', url: new URL(url), headers: new Map<string, string>() }
    const text = body({ statuses: [status('sent'), { id: 'x' }], messages: [inbound] })
    const { events, errors } = source.parse({ ...request, body: new TextEncoder().encode(text) })
    expect(events).toMatchObject([
      { event: 'status', status: 'sent' },
      { event: 'message', text: 'Grüße', from: '16505551234' },
    ])
    expect(errors.map(({ path }) => path)).toEqual(['entry[0].changes[0].value.statuses[1]'])
    const other = new TextEncoder().encode(JSON.stringify(payload({ event: 'BAN' }, 'account_update')))
    expect(source.parse({ ...request, body: other }).events).toMatchObject([
      { event: 'unknown', raw: { field: 'account_update' } },
    ])
  })

  test.each([{}, { appSecret: 'x' }, { appSecret: [], verifyToken: 'x' }, { ...options, token: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => whatsappCloudWebhook(bad as never)).message).toMatch(/^whatsappCloudWebhook: /)
    },
  )
})
