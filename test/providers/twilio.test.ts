import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { twilio, twilioWebhook } from 'omnicascade/providers/twilio'
import { whatsappWindow } from 'omnicascade/providers/whatsapp-window'
import { type Answer, providerContract, signTwilioWebhook, virtualClock, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SmsContent, WhatsAppContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const accountSid = 'AC00000000000000000000000000000001'
const authToken = '12345-s3cret'
const service = 'MG00000000000000000000000000000001'
const template = 'HX00000000000000000000000000000001'
const to = '+14155551234'
const options = {
  accountSid,
  authToken,
  senders: { sms: service, whatsapp: '+14155238886' },
  callbackUrl: 'https://app.example.org/hooks/twilio',
}
const requestFor = <C extends 'sms' | 'whatsapp'>(channel: C, content: SmsContent | WhatsAppContent, within = 60_000) =>
  ({
    channel,
    to,
    content,
    recipient: { phone: to },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within,
  }) as SendRequest<C>
const sid = 'SM00000000000000000000000000000001'
const taken = () =>
  HttpResponse.json({ sid, status: 'accepted', error_code: null, num_segments: '0', from: null, to }, { status: 201 })
const refusal =
  (code: number, status = 400): Answer =>
  () =>
    HttpResponse.json(
      { code, message: `no ${to} for ${authToken}`, more_info: 'https://www.twilio.com/docs/errors', status },
      { status },
    )
const codes = {
  transient: [20429, 30001, 30008, 63018],
  recipient: [21211, 21214, 21217, 21610, 21614, 30005, 30006, 63003, 63024],
  content: [21408, 21612, 21617, 30007, 63016, 63027, 63028, 21999],
  configuration: [20003, 20404, 21212, 21603, 21606, 21608, 10001, 63007],
} as const

cases(
  'twilio, as every provider',
  providerContract({
    create: (wire) => twilio({ ...options, ...wire }),
    request: requestFor('sms', { text: 'Hi' }),
    success: { answer: taken, result: { messageId: sid } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map((code) => [`${code}`, { answer: refusal(code), kind: kind as keyof typeof codes, code: String(code) }]),
        ),
      ),
      'a text that is too long': { answer: refusal(21617), kind: 'content', field: 'text' },
      'the window is closed': { answer: refusal(63016), kind: 'content', field: 'approved' },
      'a token that is none': { answer: refusal(20003, 401), kind: 'configuration', code: '20003' },
      'too many': { answer: refusal(20429, 429), kind: 'transient', code: '20429' },
    },
    secrets: [authToken, btoa(`${accountSid}:${authToken}`)],
  }),
)

const at = 1_700_000_000_000
const status = (word: string, more = {}) =>
  new URLSearchParams({
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    From: '+18005551212',
    MessageSid: sid,
    MessageStatus: word,
    SmsSid: sid,
    SmsStatus: word,
    To: to,
    ...more,
  }).toString()
const inbound = (text: string, more = {}) =>
  new URLSearchParams({
    MessageSid: sid,
    SmsSid: sid,
    SmsStatus: 'received',
    From: to,
    To: '+18005551212',
    Body: text,
    ...more,
  }).toString()
const receipt = (word: 'sent' | 'delivered' | 'read' | 'failed' | 'expired', raw: string, more = {}) => ({
  provider: 'twilio',
  keys: [sid],
  status: word,
  at,
  raw,
  ...more,
})
const said = (reason: 'bounced' | 'opted-out', raw: string, more = {}) => ({
  state: 'suppressed' as const,
  provider: 'twilio',
  channel: 'sms' as const,
  address: to,
  reason,
  at,
  raw,
  ...more,
})

cases(
  'twilioWebhook, as every source',
  webhookContract({
    create: () => twilioWebhook({ authToken: ['old', authToken], clock: virtualClock(at) }),
    samples: {
      'a message on its way': { body: status('queued'), receipts: [] },
      'a message that was sent': { body: status('sent'), receipts: [receipt('sent', 'sent')] },
      'a delivery': {
        body: status('delivered', { RawDlrDoneDate: '2303222338' }),
        receipts: [receipt('delivered', 'delivered')],
      },
      'a message that was read on WhatsApp': {
        body: status('read', { To: `whatsapp:${to}`, EventType: 'READ', ChannelPrefix: 'whatsapp' }),
        receipts: [receipt('read', 'read')],
      },
      'a handset that there is none of': {
        body: status('undelivered', { ErrorCode: '30005' }),
        receipts: [receipt('failed', 'undelivered', { reason: '30005' })],
        suppressions: [said('bounced', '30005')],
      },
      'a number that has opted out': {
        body: status('failed', { ErrorCode: '21610' }),
        receipts: [receipt('failed', 'failed', { reason: '21610' })],
        suppressions: [said('opted-out', '21610')],
      },
      'a filtered message': {
        body: status('undelivered', { ErrorCode: '30007' }),
        receipts: [receipt('failed', 'undelivered', { reason: '30007' })],
      },
      'a validity that was over': {
        body: status('failed', { ErrorCode: '30036' }),
        receipts: [receipt('expired', 'failed', { reason: '30036' })],
      },
      'STOP of nobody': { body: inbound('STOP', { From: '' }), receipts: [] },
      'a report without a MessageSid': { body: status('sent', { MessageSid: '' }), receipts: [receipt('sent', 'sent')] },
      STOP: { body: inbound(' Stop '), receipts: [], suppressions: [said('opted-out', 'Stop')] },
      'START, as Twilio knows it': {
        body: inbound('Ano', { OptOutType: 'START' }),
        receipts: [],
        suppressions: [said('opted-out', 'START', { state: 'restored' })],
      },
      'HELP, which is no wish': { body: inbound('STOP', { OptOutType: 'HELP' }), receipts: [] },
      'a message of a person': { body: inbound('Stop by at five'), receipts: [] },
    },
    sign: ({ url, body }) => signTwilioWebhook({ authToken, url, body }),
    forge: ({ url, body }) => signTwilioWebhook({ authToken: 'other', url, body }),
    contentType: 'application/x-www-form-urlencoded',
    secrets: [authToken],
  }),
)

describe('twilio', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (request: SendRequest<'sms' | 'whatsapp'>, more = {}): Promise<Record<string, string>> => {
    let seen = ''
    server.use(
      http.post(`https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Messages.json`, async ({ request }) => {
        expect(request.headers.get('authorization')).toMatch(/^Basic /)
        seen = await request.text()
        return taken()
      }),
    )
    await twilio({ ...options, ...more }).send(request, context)
    return Object.fromEntries(new URLSearchParams(seen))
  }
  const callback = { StatusCallback: 'https://app.example.org/hooks/twilio' }

  test('sends an SMS through a service, or from the sender of the content, for as long as the step waits', async () => {
    expect(await posted(requestFor('sms', { text: 'Hi' }))).toEqual({
      To: to,
      MessagingServiceSid: service,
      Body: 'Hi',
      ValidityPeriod: '60',
      ...callback,
    })
    expect(await posted(requestFor('sms', { text: 'Hi', sender: 'Shop' }, 86_400_000))).toMatchObject({
      From: 'Shop',
      ValidityPeriod: '36000',
    })
    expect(await posted(requestFor('sms', { text: 'Hi' }, 1))).toMatchObject({ ValidityPeriod: '1' })
  })

  test('sends WhatsApp text and pictures, and templates by their SID', async () => {
    const imageUrl = 'https://example.org/a.png'
    expect(await posted(requestFor('whatsapp', { text: 'Hi', imageUrl }))).toEqual({
      To: `whatsapp:${to}`,
      From: 'whatsapp:+14155238886',
      Body: 'Hi',
      MediaUrl: imageUrl,
      ValidityPeriod: '60',
      ...callback,
    })
    const approved = { name: template, language: 'en', parameters: ['Ann', '17'] }
    const { Body, ContentSid, ContentVariables } = await posted(requestFor('whatsapp', { text: 'Hi', approved }))
    expect([Body, ContentSid, JSON.parse(ContentVariables!)]).toEqual([undefined, template, { 1: 'Ann', 2: '17' }])
    const window = whatsappWindow()
    await window.wrote(to, Date.now())
    expect(await posted(requestFor('whatsapp', { text: 'Hi', approved }), { window })).toMatchObject({ Body: 'Hi' })
  })

  test('logs in with an API key, and joins fields of the vendor', async () => {
    const apiKey = { sid: 'SK00000000000000000000000000000001', secret: 'key-s3cret' }
    const vendor = { twilio: { SmartEncoded: true, To: '+1', MediaUrl: ['https://a', 'https://b'] } }
    const form = await posted(requestFor('sms', { text: 'Hi', vendor }), { authToken: undefined, apiKey })
    expect(form).toMatchObject({ SmartEncoded: 'true', To: to, MediaUrl: 'https://b' })
  })

  test('says what it reports: nothing without a callback', () => {
    expect(twilio(options).receipts).toBe('full')
    expect(twilio({ ...options, callbackUrl: undefined } as never).receipts).toBe('none')
    expect(twilio({ accountSid, authToken, senders: { sms: service } }).channels).toEqual(['sms'])
  })

  test.each([
    ['sms', { text: '' }, 'text'],
    ['sms', { text: 'x'.repeat(1601) }, 'text'],
    ['whatsapp', { approved: { name: 'order', language: 'en' } }, 'approved'],
  ] as const)('refuses %s %j before it calls', async (channel, content, field) => {
    await expect(twilio(options).send(requestFor(channel, content), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each([
    {},
    { ...options, accountSid: 'x' },
    { ...options, authToken: '' },
    { ...options, senders: {} },
    { ...options, senders: { viber: 'x' } },
    { ...options, callbackUrl: 'x' },
    { ...options, from: 'x' },
  ])('refuses the options %j', (bad) => {
    expect(thrownBy(() => twilio(bad as never)).message).toMatch(/^twilio: /)
  })
})

describe('twilioWebhook', () => {
  // The values of twilio-node and twilio-python, and of Twilio's documentation.
  const source = twilioWebhook({ authToken: '12345' })
  const form = new URLSearchParams({
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  }).toString()
  const request = (url: string, signature: string, body = form) => ({
    method: 'POST',
    url: new URL(url),
    headers: new Map([['x-twilio-signature', signature]]),
    body: new TextEncoder().encode(body),
  })

  test.each([
    ['https://mycompany.com/myapp.php?foo=1&bar=2', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    ['https://mycompany.com:443/myapp.php?foo=1&bar=2', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
  ])("takes Twilio's own vector (%s)", async (url, signature) => {
    await expect(source.verify?.(request(url, signature), 0)).resolves.toBeUndefined()
  })

  test('takes a URL that was signed with its port', async () => {
    const { headers } = await signTwilioWebhook({ authToken: '12345', url: 'https://mycompany.com:443/myapp.php', body: form })
    await source.verify?.(request('https://mycompany.com/myapp.php', headers!['x-twilio-signature']!), 0)
  })

  test('takes a body that is no form by its hash in the URL, and no other', async () => {
    const body = '{"property": "value", "boolean": true}'
    const hash = '0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620'
    const url = `https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=${hash}`
    await source.verify?.(request(url, 'a9nBmqA0ju/hNViExpshrM61xv4=', body), 0)
    await expect(source.verify?.(request(url, 'a9nBmqA0ju/hNViExpshrM61xv4=', `${body} `), 0)).rejects.toThrow(
      /Signature is missing or wrong/,
    )
  })

  test('signs several values of a field once each, in order', async () => {
    const body = 'MediaUrl=b&MediaUrl=a&MediaUrl=b'
    const { headers } = await signTwilioWebhook({ authToken: '12345', url: 'https://a.example/', body: 'MediaUrl=a&MediaUrl=b' })
    const signature = headers!['x-twilio-signature']!
    await source.verify?.(request('https://a.example/', signature, body), 0)
  })

  test('notes who wrote on WhatsApp', async () => {
    const clock = virtualClock(at)
    const window = whatsappWindow({ clock })
    const noting = twilioWebhook({ authToken, window, clock })
    const body = inbound('Hi', { From: `whatsapp:${to}`, To: 'whatsapp:+14155238886' })
    await noting.remember?.(noting.parse(request('https://a.example', '', body)).events)
    expect(await window.isOpen(to)).toBe(true)
  })

  test.each([{}, { authToken: [] }, { authToken, secret: 'x' }])('refuses the options %j', (bad) => {
    expect(thrownBy(() => twilioWebhook(bad as never)).message).toMatch(/^twilioWebhook: /)
  })
})
