import { generateKeyPairSync, verify } from 'node:crypto'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createNotifier } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { vonage, vonageWebhook } from 'omnicascade/providers/vonage'
import { type Answer, providerContract, signVonageWebhook, virtualClock, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Content } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString()
const applicationId = '78d335fa-323d-0114-9c3d-d6f0d48968cf'
const account = { apiKey: 'abcd1234', apiSecret: 'api-s3cret' }
const senders = { sms: 'Shop', viber: '16273', whatsapp: '+447700900001' }
const to = '+447700900000'
const messageId = 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab'
type Channel = 'sms' | 'viber' | 'whatsapp'
const requestFor = <C extends Channel>(
  channel: C,
  content: NonNullable<Content[C]>,
  more: Partial<SendRequest<C>> = {},
): SendRequest<C> =>
  ({
    channel,
    to,
    content,
    recipient: { phone: to },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 60_000,
    ...more,
  }) as SendRequest<C>
const taken = () => HttpResponse.json({ message_uuid: messageId }, { status: 202 })
const refusal =
  (status: number, code: string | number, more: object = {}): Answer =>
  () =>
    HttpResponse.json(
      {
        type: `https://developer.vonage.com/api-errors/messages#${code}`,
        title: 'Words',
        detail: `no ${to} for ${account.apiSecret}`,
        instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf',
        ...more,
      },
      { status },
    )
const codes = {
  transient: [1000, 1030, 1100, 1180, 1220, 1230, 1241, 1331, 1472],
  recipient: [1040, 1050, 1170, 1190, 1200, 1240, 1250, 1251, 1260, 1270, 1280, 1290, 1300, 1310, 1430, 1461, 1470, 1473],
  content: [1010, 1020, 1021, 1022, 1090, 1150, 1210, 1282, 1340, 1380, 1381, 1382, 1410, 1440, 1450, 1451],
  configuration: [1060, 1070, 1080, 1110, 1120, 1130, 1140, 1160, 1350, 1370, 1400, 1420, 1460, 1480, 1481, 1482, 1483, 1484],
} as const
const bad = (name: string) => ({ invalid_parameters: [{ name, reason: 'is none' }] })

cases(
  'vonage, as every provider',
  providerContract({
    create: (wire) => vonage({ auth: account, senders, ...wire }),
    request: requestFor('sms', { text: 'Hi' }),
    success: { answer: taken, result: { messageId, keys: ['n1.0.0'] } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, list]) =>
          list.map((code) => [
            `code ${code}`,
            { answer: refusal(422, code), kind: kind as keyof typeof codes, code: String(code) },
          ]),
        ),
      ),
      'a number that is none': { answer: refusal(422, 'invalid-params', bad('to')), kind: 'recipient' },
      'a text that is none': { answer: refusal(422, 1020, bad('text')), kind: 'content', field: 'text' },
      'a sender that is none': { answer: refusal(422, 1020, bad('from')), kind: 'content', field: 'sender' },
      'a picture that is none': { answer: refusal(422, 1150, bad('image.url')), kind: 'content', field: 'imageUrl' },
      // Titles and numbers of the API's version 1.4.
      'a number that is none, by its title': {
        answer: refusal(422, 110, { title: 'Invalid recipient' }),
        kind: 'recipient',
        code: '110',
      },
      'a sender that is none, by its title': {
        answer: refusal(422, 1120, { title: 'Invalid sender' }),
        kind: 'configuration',
        code: '1120',
      },
      'a channel that is none, by its title': {
        answer: refusal(422, 1100, { title: 'Unsupported channel' }),
        kind: 'configuration',
      },
      'an error inside': { answer: refusal(500, 1000, { title: 'Internal error' }), kind: 'transient' },
      'a key that is none': { answer: refusal(401, 'unauthorized'), kind: 'configuration', code: 'unauthorized' },
      'no balance': { answer: refusal(402, 'low-balance'), kind: 'configuration', code: 'low-balance' },
      'too many': { answer: refusal(429, 1020), kind: 'transient' },
      'a success without an id': { answer: () => HttpResponse.json({}, { status: 202 }), kind: 'unknown' },
    },
    secrets: [account.apiSecret, '447700900000', btoa('abcd1234:api-s3cret')],
  }),
)

const signatureSecret = 'signature-s3cret'
const at = Date.UTC(2026, 10, 25, 12)
const status = (word: string, more: object = {}) =>
  JSON.stringify({
    message_uuid: messageId,
    to: '447700900000',
    from: 'Shop',
    timestamp: '2026-11-25T12:00:00.000Z',
    status: word,
    client_ref: 'n1.0.0',
    channel: 'sms',
    ...more,
  })
const failure = (code: number, detail: string) => ({
  error: { type: `https://developer.vonage.com/api-errors/messages#${code}`, title: code, detail, instance: 'x' },
})
const receipt = (word: 'sent' | 'delivered' | 'read' | 'failed' | 'expired', raw: string, more: object = {}) => ({
  provider: 'vonage',
  keys: [messageId, 'n1.0.0'],
  status: word,
  at,
  raw,
  ...more,
})
const suppression = (channel: Channel, reason: 'bounced' | 'opted-out', raw: string) => ({
  state: 'suppressed' as const,
  provider: 'vonage',
  channel,
  address: to,
  reason,
  at,
  raw,
})
const inbound = (channel: string, text = 'Hello') =>
  JSON.stringify({
    message_uuid: messageId,
    to: '447700900001',
    from: '447700900000',
    timestamp: '2026-11-25T12:00:00Z',
    channel,
    message_type: 'text',
    text,
  })

cases(
  'vonageWebhook, as every source',
  webhookContract({
    create: () => vonageWebhook({ signatureSecret: ['old', signatureSecret] }),
    samples: {
      'a message that was passed on': { body: status('submitted'), receipts: [receipt('sent', 'submitted')] },
      'a delivery': {
        body: status('delivered', { usage: { currency: 'EUR', price: '0.0333' } }),
        receipts: [receipt('delivered', 'delivered', { cost: { amount: '0.0333', currency: 'EUR' } })],
      },
      'a reading': { body: status('read', { channel: 'whatsapp' }), receipts: [receipt('read', 'read')] },
      'a message of another': {
        body: status('delivered', { client_ref: undefined }),
        receipts: [receipt('delivered', 'delivered', { keys: [messageId] })],
      },
      'a number that is no more': {
        body: status('undeliverable', failure(1190, 'Absent')),
        receipts: [receipt('failed', 'undeliverable', { reason: '1190 Absent' })],
        suppressions: [suppression('sms', 'bounced', '1190')],
      },
      'one who has sent STOP': {
        body: status('rejected', { channel: 'viber_service', error: { code: 1240, reason: 'Illegal Number' } }),
        receipts: [receipt('failed', 'rejected', { reason: '1240 Illegal Number' })],
        suppressions: [suppression('viber', 'opted-out', '1240')],
      },
      'one who is not on WhatsApp': {
        body: status('rejected', { channel: 'whatsapp', error: failure(1300, 'Not part of the network') }),
        receipts: [receipt('failed', 'rejected', { reason: '1300 Not part of the network' })],
        suppressions: [suppression('whatsapp', 'bounced', '1300')],
      },
      'a network that is none': {
        body: status('rejected', failure(1300, 'Not part of the network')),
        receipts: [receipt('failed', 'rejected', { reason: '1300 Not part of the network' })],
      },
      'STOP by SMS': { body: inbound('sms', ' Stop '), receipts: [], suppressions: [suppression('sms', 'opted-out', 'Stop')] },
      'START by SMS': {
        body: inbound('sms', 'START'),
        receipts: [],
        suppressions: [{ ...suppression('sms', 'opted-out', 'START'), state: 'restored' }],
      },
      'a word that is no keyword': { body: inbound('sms', 'Stop by at five'), receipts: [] },
      'STOP on WhatsApp, where it is a word like others': { body: inbound('whatsapp', 'STOP'), receipts: [] },
      'a phone that is off': {
        body: status('rejected', failure(1180, 'Absent for now')),
        receipts: [receipt('failed', 'rejected', { reason: '1180 Absent for now' })],
      },
      'a time to live that is over': {
        body: status('rejected', failure(1360, 'TTL')),
        receipts: [receipt('expired', 'rejected', { reason: '1360 TTL' })],
      },
      'a status that is new': { body: status('pondered'), receipts: [] },
      'an inbound message': { body: inbound('whatsapp'), receipts: [] },
      'a channel that is not sent on here': { body: inbound('messenger'), receipts: [] },
    },
    sign: ({ body, at }) => signVonageWebhook({ signatureSecret, body, at }),
    forge: ({ body, at }) => signVonageWebhook({ signatureSecret: 'other', body, at }),
    holdsFor: 300_000,
    secrets: [signatureSecret],
  }),
)

describe('vonage', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async <C extends Channel>(request: SendRequest<C>, more: object = {}) => {
    let seen: { readonly authorization: string; readonly body: unknown } | undefined
    server.use(
      http.post('https://api.nexmo.com/v1/messages', async ({ request }) => {
        seen = { authorization: request.headers.get('authorization') ?? '', body: await request.json() }
        return taken()
      }),
    )
    await vonage({ auth: account, senders, ...more }).send(request as never, context)
    return seen!
  }

  test('sends SMS, with the status address, for as long as the step waits', async () => {
    const callbackUrl = 'https://app.example.org/hooks/vonage'
    const { authorization, body } = await posted(requestFor('sms', { text: 'Hi', sender: '+447700900009' }, { within: 1 }), {
      callbackUrl,
    })
    expect(authorization).toBe(`Basic ${btoa('abcd1234:api-s3cret')}`)
    expect(body).toEqual({
      channel: 'sms',
      message_type: 'text',
      from: '447700900009',
      to: '447700900000',
      text: 'Hi',
      ttl: 20,
      client_ref: 'n1.0.0',
      webhook_url: callbackUrl,
      webhook_version: 'v1',
    })
  })

  test('signs a new token for each call of an application', async () => {
    const now = Date.UTC(2026, 10, 25)
    const auth = { applicationId, privateKey }
    const provider = vonage({ auth, senders, clock: virtualClock(now) })
    const tokens: string[] = []
    server.use(
      http.post('https://api.nexmo.com/v1/messages', ({ request }) => {
        tokens.push(request.headers.get('authorization')!.replace('Bearer ', ''))
        return taken()
      }),
    )
    for (const text of ['1', '2']) await provider.send(requestFor('sms', { text }), context)
    const claims = tokens.map((token) => {
      const [header, payload, signature] = token.split('.')
      expect(verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature!, 'base64url'))).toBe(true)
      expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toEqual({ alg: 'RS256', typ: 'JWT' })
      return JSON.parse(Buffer.from(payload!, 'base64url').toString())
    })
    expect(claims[0]).toEqual({
      application_id: applicationId,
      iat: now / 1000,
      exp: now / 1000 + 900,
      jti: expect.any(String),
    })
    expect(claims[0].jti).not.toBe(claims[1].jti)
  })

  test('says that a key cannot be read, and does not repeat it', async () => {
    const broken = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----'
    const send = vonage({ auth: { applicationId, privateKey: broken }, senders }).send(requestFor('sms', { text: 'x' }), context)
    await expect(send).rejects.toMatchObject({ kind: 'configuration', message: expect.not.stringContaining('c2VjcmV0') })
  })

  test('sends Viber messages with a picture and a button; further buttons become lines', async () => {
    const buttons = [
      { text: 'Open', url: 'https://shop.example/1' },
      { text: 'Help', url: 'https://shop.example/2' },
    ]
    const { body } = await posted(requestFor('viber', { text: 'Hi', imageUrl: 'https://shop.example/i.png', buttons }))
    expect(body).toEqual({
      channel: 'viber_service',
      message_type: 'image',
      from: '16273',
      to: '447700900000',
      image: { url: 'https://shop.example/i.png', caption: 'Hi\nHelp: https://shop.example/2' },
      viber_service: { ttl: 60, action: { text: 'Open', url: 'https://shop.example/1' } },
      client_ref: 'n1.0.0',
    })
    const vendor = { vonage: { viber_service: { category: 'promotion', ttl: 1 } } }
    expect((await posted(requestFor('viber', { text: 'Hi', vendor }))).body).toMatchObject({
      message_type: 'text',
      text: 'Hi',
      viber_service: { category: 'promotion', ttl: 60 },
    })
  })

  test('sends free text on WhatsApp while the window is open, else the approved template', async () => {
    const approved = { name: 'order', namespace: 'ns1', language: 'en_US', parameters: { 2: '17', 1: 'Ann' } }
    const window = { isOpen: async () => true, wrote: async () => {} }
    const common = { channel: 'whatsapp', from: '447700900001', to: '447700900000', client_ref: 'n1.0.0' }
    expect((await posted(requestFor('whatsapp', { text: 'Hi', approved }), { window })).body).toEqual({
      ...common,
      message_type: 'text',
      text: 'Hi',
    })
    const picture = { imageUrl: 'https://shop.example/i.png' }
    expect((await posted(requestFor('whatsapp', picture), { window })).body).toEqual({
      ...common,
      message_type: 'image',
      image: { url: picture.imageUrl },
    })
    expect((await posted(requestFor('whatsapp', { text: 'Hi', approved }))).body).toEqual({
      ...common,
      message_type: 'template',
      whatsapp: { policy: 'deterministic', locale: 'en_US' },
      template: { name: 'ns1:order', parameters: ['Ann', '17'] },
    })
  })

  test('leaves out a key that is too long for a reference, and is not found by it', async () => {
    const request = requestFor('sms', { text: 'Hi' }, { idempotencyKey: `${'x'.repeat(100)}.0.0` })
    expect((await posted(request)).body).not.toHaveProperty('client_ref')
    expect(vonage({ auth: account, senders }).keys?.(request)).toEqual([])
  })

  test.each([
    ['sms', { text: '' }, 'content'],
    ['sms', { text: 'x'.repeat(1001) }, 'content'],
    ['viber', { text: 'x'.repeat(1001) }, 'content'],
    ['whatsapp', { text: 'x'.repeat(4097) }, 'content'],
    ['whatsapp', { text: 'x'.repeat(3001), imageUrl: 'https://shop.example/i.png' }, 'content'],
    ['whatsapp', { approved: { name: 'a', language: 'en', parameters: { name: 'Ann' } } }, 'content'],
  ] as const)('refuses what cannot go before it calls (%#, %s)', async (channel, content, kind) => {
    const send = vonage({ auth: account, senders }).send(requestFor(channel, content as never) as never, context)
    await expect(send).rejects.toMatchObject({ kind })
  })

  test.each([
    {},
    { auth: account, senders: {} },
    { auth: account, senders: { email: 'x' } },
    { auth: { apiKey: 'a' }, senders },
    { auth: { ...account, applicationId, privateKey }, senders },
    { auth: { applicationId, privateKey: 'private-s3cret' }, senders },
    { auth: account, senders, callbackUrl: 'x' },
    { auth: account, senders, window: {} },
    { auth: account, senders, from: 'x' },
  ])('refuses the options %j', (options) => {
    const { message } = thrownBy(() => vonage(options as never))
    expect(message).toMatch(/^vonage: /)
    expect(message).not.toMatch(/s3cret/)
  })
})

describe('vonageWebhook', () => {
  const request = (body: string, headers: Readonly<Record<string, string>> = {}) => ({
    method: 'POST',
    url: new URL('https://app.example.org/hooks/vonage'),
    headers: new Map(Object.entries(headers)),
    body: new TextEncoder().encode(body),
  })
  const source = vonageWebhook({ signatureSecret })

  test("takes the signature of Vonage's own token, and refuses that it covers no body", async () => {
    // vonage-java-sdk, MessagesClientTest.
    const token =
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJTaW5hIiwibmFtZSI6IkphdmFfU0RLIiwiaWF0IjoxNjk4NjgwMzkyfQ.4qJpi46NSYURiLI1xoLIfGRygA8IUI2QSG9P2Kus1Oo'
    const secret = 'XsA09z2MhUxYcdbXaUX3aTT7TzGmnCLfkdILf0NIyC9hN9criTEUdlI3OZ5hRjR'
    const { verify } = vonageWebhook({ signatureSecret: secret })
    const signed = request('{}', { authorization: `Bearer ${token}` })
    await expect(verify!(signed, 1_698_680_392_000)).rejects.toThrow('another body')
    await expect(verify!(signed, 1_698_680_999_000)).rejects.toThrow('stale')
    await expect(source.verify!(signed, 1_698_680_392_000)).rejects.toThrow('is wrong')
  })

  test('refuses a token for another body, and one of another scheme', async () => {
    const { headers } = await signVonageWebhook({ signatureSecret, body: 'a', at })
    await expect(source.verify!(request('b', headers), at)).rejects.toThrow('another body')
    const basic = { authorization: headers!.authorization!.replace('Bearer', 'Basic') }
    await expect(source.verify!(request('a', basic), at)).rejects.toThrow('is wrong')
  })

  test('has what comes unsigned sent again, and what is signed wrongly not', async () => {
    const handle = fetchWebhook(createNotifier({ providers: [vonage({ auth: account, senders })] }), source, {
      onError: () => {},
    })
    const answered = async (headers: Readonly<Record<string, string>>) =>
      (
        await handle(
          new Request('https://app.example.org/hooks/vonage', {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: status('delivered'),
          }),
        )
      ).status
    expect(await answered({})).toBe(500)
    expect(await answered({ authorization: 'Bearer x.y.z' })).toBe(401)
  })

  test('tells the window who wrote on WhatsApp, and on nothing else', async () => {
    const wrote: unknown[] = []
    const window = { isOpen: async () => false, wrote: async (...call: unknown[]) => void wrote.push(call) }
    const watched = vonageWebhook({ signatureSecret, window })
    for (const channel of ['sms', 'whatsapp']) await watched.remember!((await watched.parse(request(inbound(channel)))).events)
    expect(wrote).toEqual([[to, at]])
  })

  test.each(['[]', '{"status":"read"}', '{"status":"read","message_uuid":"x","timestamp":"soon"}'])(
    'says where %s is no webhook',
    (body) => {
      expect(() => source.parse(request(body))).toThrow(expect.objectContaining({ name: 'WebhookParseError' }))
    },
  )

  test.each([{}, { signatureSecret: [] }, { signatureSecret, tolerance: 'x' }, { signatureSecret, apiKey: 'x' }])(
    'refuses the options %j',
    (options) => {
      expect(thrownBy(() => vonageWebhook(options as never)).message).toMatch(/^vonageWebhook: /)
    },
  )
})
