import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createNotifier } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { telegramGateway, telegramGatewayWebhook } from 'omnicascade/providers/telegram-gateway'
import { type Answer, providerContract, signTelegramGatewayWebhook, virtualClock, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TelegramContent } from '../../src/contract/content.ts'
import type { FailureKind } from '../../src/contract/failure.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

// As in Telegram's tutorial.
const accessToken = 'AAEFAAAAQKI_mDsJppSEQRr3kLOz9SatBxq48BgQLSHLRv'
const to = '+391234567890'
const requestFor = (content: TelegramContent, more: Partial<SendRequest<'telegram'>> = {}): SendRequest<'telegram'> => ({
  channel: 'telegram',
  to,
  content,
  recipient: { phone: to },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
  ...more,
})
const statusOf = (delivery?: string, more = {}) => ({
  request_id: '72590341',
  phone_number: to,
  request_cost: 0.01,
  remaining_balance: 9.5,
  payload: 'n1.0.0',
  ...(delivery && { delivery_status: { status: delivery, updated_at: 1740578400 } }),
  ...more,
})
const taken = { ok: true, result: statusOf('sent') }
const refusal =
  (error: string, status = 200): Answer =>
  () =>
    HttpResponse.json({ ok: false, error }, { status })
const codes: Partial<Record<FailureKind, readonly string[]>> = {
  configuration: [
    'ACCESS_TOKEN_INVALID',
    'ACCESS_TOKEN_REQUIRED',
    'BALANCE_NOT_ENOUGH',
    'CALLBACK_URL_INVALID',
    'SENDER_NOT_OWNED',
    'SENDER_NOT_VERIFIED',
    'SENDER_USERNAME_INVALID',
    'UNKNOWN_METHOD',
  ],
  recipient: ['PHONE_NUMBER_INVALID', 'PHONE_NUMBER_NOT_AVAILABLE', 'PHONE_NUMBER_NOT_FOUND'],
  content: [
    'CODE_INVALID',
    'CODE_LENGTH_INVALID',
    'CODE_LENGTH_REQUIRED',
    'MESSAGE_ALREADY_SENT',
    'PAYLOAD_INVALID',
    'PHONE_NUMBER_MISMATCH',
    'REQUEST_ID_INVALID',
    'TTL_INVALID',
  ],
  transient: ['FLOOD_WAIT'],
}

cases(
  'telegramGateway, as every provider',
  providerContract({
    create: (wire) => telegramGateway({ accessToken, ...wire }),
    request: requestFor({ text: '0527' }),
    success: { answer: () => HttpResponse.json(taken), result: { messageId: '72590341', keys: ['n1.0.0'] } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map((code) => [code, { answer: refusal(code), kind: kind as FailureKind, code }]),
        ),
      ),
      'a wait that is told': {
        answer: refusal('FLOOD_WAIT_30', 420),
        kind: 'transient',
        code: 'FLOOD_WAIT_30',
        retryAfter: 30_000,
      },
      'a code that is not known': { answer: refusal('NEW_CODE'), kind: 'content', code: 'NEW_CODE' },
      'a code that is not known, with 403': { answer: refusal('NEW_CODE', 403), kind: 'configuration', code: 'NEW_CODE' },
      'a token that is not known, with 401': { answer: refusal('ACCESS_TOKEN_INVALID', 401), kind: 'configuration' },
      'a success without an id': { answer: () => HttpResponse.json({ ok: true, result: {} }), kind: 'unknown' },
    },
    secrets: [accessToken, '391234567890'],
  }),
)

const receipt = (raw: string, status: 'sent' | 'delivered' | 'read' | 'expired' | 'failed', more = {}) => ({
  provider: 'telegram-gateway',
  keys: ['72590341', 'n1.0.0'],
  messageId: '72590341',
  status,
  at: 1_740_578_400_000,
  raw,
  ...more,
})
const report = (delivery?: string, more = {}) => JSON.stringify(statusOf(delivery, more))

cases(
  'telegramGatewayWebhook, as every source',
  webhookContract({
    create: () => telegramGatewayWebhook({ accessToken: ['old', accessToken] }),
    samples: {
      'a message that was sent': { body: report('sent'), receipts: [receipt('sent', 'sent')] },
      'a delivery': { body: report('delivered'), receipts: [receipt('delivered', 'delivered')] },
      'a message that was read': {
        body: report('read', { verification_status: { status: 'code_valid', updated_at: 1740578401 } }),
        receipts: [receipt('read', 'read')],
      },
      'a message that expired': { body: report('expired', { is_refunded: true }), receipts: [receipt('expired', 'expired')] },
      'a message that was called back': {
        body: report('revoked'),
        receipts: [receipt('revoked', 'failed', { reason: 'revoked' })],
      },
      'a report without a payload': {
        body: report('delivered', { payload: undefined }),
        receipts: [{ ...receipt('delivered', 'delivered'), keys: ['72590341'] }],
      },
      'another status': { body: report('pondered'), receipts: [] },
      'a report about the code alone': { body: report(), receipts: [] },
      'an object of no kind': { body: '{"x":1}', receipts: [] },
    },
    sign: ({ body, at }) => signTelegramGatewayWebhook({ accessToken, body, at }),
    forge: ({ body, at }) => signTelegramGatewayWebhook({ accessToken: 'other', body, at }),
    holdsFor: 5 * 60_000,
    secrets: [accessToken],
  }),
)

describe('telegramGateway', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }
  const base = 'https://gatewayapi.telegram.org'

  const posted = async (content: TelegramContent, options = {}, more = {}): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post(`${base}/sendVerificationMessage`, async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Bearer ${accessToken}`)
        seen = await request.json()
        return HttpResponse.json(taken)
      }),
    )
    await telegramGateway({ accessToken, ...options }).send(requestFor(content, more), context)
    return seen
  }
  const common = { phone_number: to, ttl: 60, payload: 'n1.0.0' }
  const vendorOf = (fields: object) => ({ 'telegram-gateway': fields }) as TelegramContent['vendor'] & object

  test('sends the code that the text is', async () => {
    expect(await posted({ text: ' 0527\n' })).toEqual({ ...common, code: '0527' })
    const options = { callbackUrl: 'https://app.example.org/hooks/gateway', senderUsername: '@my_shop' }
    expect(await posted({ text: '12345678' }, options)).toEqual({
      ...common,
      code: '12345678',
      callback_url: 'https://app.example.org/hooks/gateway',
      sender_username: 'my_shop',
    })
  })

  test('sends the code that the vendor fields name, whatever the text says to others, and keeps its own fields', async () => {
    const text = 'Your code is 0527'
    expect(await posted({ text, vendor: vendorOf({ code: '0527' }) })).toEqual({ ...common, code: '0527' })
    expect(await posted({ text, vendor: vendorOf({ code_length: 6 }) })).toEqual({ ...common, code_length: 6 })
    const vendor = vendorOf({ request_id: '17', phone_number: '+1', ttl: 1, payload: 'x' })
    expect(await posted({ text: '0527', vendor })).toEqual({ ...common, code: '0527', request_id: '17' })
  })

  test.each([
    [1000, 30],
    [90_999, 90],
    [86_400_000, 3600],
  ])('a step of %i ms gives the message %i s', async (within, ttl) => {
    expect(await posted({ text: '0527' }, {}, { within })).toMatchObject({ ttl })
  })

  test('leaves out a key that is too long for a payload', async () => {
    expect(await posted({ text: '0527' }, {}, { idempotencyKey: 'x'.repeat(128) })).toHaveProperty('payload')
    expect(await posted({ text: '0527' }, {}, { idempotencyKey: 'x'.repeat(129) })).not.toHaveProperty('payload')
  })

  test('takes a request that is spent for sent', async () => {
    server.use(
      http.post(`${base}/sendVerificationMessage`, () => HttpResponse.json({ ok: false, error: 'MESSAGE_ALREADY_SENT' })),
    )
    const content = { text: '0527', vendor: vendorOf({ request_id: '17' }) }
    expect(await telegramGateway({ accessToken }).send(requestFor(content), context)).toEqual({
      messageId: '17',
      keys: ['n1.0.0'],
    })
  })

  test('shows no code that Telegram echoes', async () => {
    server.use(http.post(`${base}/sendVerificationMessage`, () => HttpResponse.json({ ok: false, error: 'bad code 052734' })))
    const error = await failureOf(telegramGateway({ accessToken }).send(requestFor({ text: '052734' }), context))
    expect(error).toMatchObject({ kind: 'content', message: 'bad code [redacted]', vendorCode: '200' })
  })

  test.each<[string, TelegramContent, string]>([
    ['nothing', { text: '' }, 'text'],
    ['words', { text: 'Your code is 0527' }, 'text'],
    ['3 digits', { text: '052' }, 'text'],
    ['9 digits', { text: '052705270' }, 'text'],
    ['a code that is a number', { text: '', vendor: vendorOf({ code: 5270 }) }, 'vendor.telegram-gateway.code'],
    ['a code of 9', { text: '', vendor: vendorOf({ code_length: 9 }) }, 'vendor.telegram-gateway.code_length'],
    ['a code of 4.5', { text: '', vendor: vendorOf({ code_length: 4.5 }) }, 'vendor.telegram-gateway.code_length'],
    ['a picture', { text: '0527', imageUrl: 'https://example.org/a.png' }, 'imageUrl'],
    ['buttons', { text: '0527', buttons: [{ text: 'x', url: 'https://example.org' }] }, 'buttons'],
    ['silence', { text: '0527', silent: true }, 'silent'],
  ])('refuses %s before it calls', async (_, content, field) => {
    const sending = telegramGateway({ accessToken }).send(requestFor(content), context)
    await expect(sending).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each(['@ann', 42, undefined])('refuses %j as an address', async (address) => {
    const sending = telegramGateway({ accessToken }).send({ ...requestFor({ text: '0527' }), to: address }, context)
    await expect(sending).rejects.toMatchObject({ kind: 'recipient' })
  })

  const asked = (answers: Readonly<Record<string, object>>) => {
    const ids: unknown[] = []
    server.use(
      http.post(`${base}/checkVerificationStatus`, async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Bearer ${accessToken}`)
        const body = (await request.json()) as { request_id: string }
        ids.push(body)
        return HttpResponse.json(answers[body.request_id] ?? { ok: false, error: 'REQUEST_ID_INVALID' })
      }),
    )
    return ids
  }
  const message = (messageId: string | undefined) => ({ channel: 'telegram' as const, messageId, keys: [], startedAt: 0 })
  const pollOf = (...ids: (string | undefined)[]) => telegramGateway({ accessToken }).poll!(ids.map(message), context)

  test('asks about each message, and is not stopped by one that is not known', async () => {
    const ids = asked({ 72590341: { ok: true, result: statusOf('delivered') }, 2: { ok: true, result: { request_id: '2' } } })
    expect(await pollOf('1', undefined, '72590341', '2')).toEqual([receipt('delivered', 'delivered')])
    expect(ids).toEqual([{ request_id: '1' }, { request_id: '72590341' }, { request_id: '2' }])
  })

  test('stops asking once it is told to wait, and keeps what it has heard', async () => {
    const flood = { ok: false, error: 'FLOOD_WAIT_5' }
    const ids = asked({ 72590341: { ok: true, result: statusOf('read') }, 2: flood, 3: flood })
    expect(await pollOf('72590341', '2', '3')).toEqual([receipt('read', 'read')])
    expect(ids).toHaveLength(2)
    await expect(pollOf('2', '72590341')).rejects.toMatchObject({ kind: 'transient', retryAfter: 5000 })
  })

  test('asks only where no webhook tells', () => {
    expect(telegramGateway({ accessToken, callbackUrl: 'https://app.example.org/hooks' }).poll).toBeUndefined()
  })

  test('sends to the phone, and settles once Telegram says that the message is there', async () => {
    const ids = asked({ 72590341: { ok: true, result: statusOf('delivered') } })
    server.use(http.post(`${base}/sendVerificationMessage`, () => HttpResponse.json(taken)))
    const clock = virtualClock(1_740_578_390_000)
    const notifier = createNotifier({ providers: [telegramGateway({ accessToken })], clock, scheduler: 'manual' })
    const content = { telegram: { text: '0527' } }
    const { id } = await notifier.send({ to: { phone: to, telegram: 42 }, cascade: ['telegram'], content })
    await notifier.idle()
    await clock.advance('15s')
    await notifier.idle()
    expect((await notifier.get(id))?.outcome).toMatchObject({ status: 'delivered', by: 'telegram' })
    expect(ids).toEqual([{ request_id: '72590341' }])
    await notifier.close()
  })

  test.each([
    {},
    { accessToken: 'a b' },
    { accessToken, callbackUrl: 'http://app.example.org/hooks' },
    { accessToken, callbackUrl: `https://app.example.org/${'x'.repeat(240)}` },
    { accessToken, senderUsername: 'my shop' },
    { accessToken, token: 'x' },
  ])('refuses the options %j', (options) => {
    const { message } = thrownBy(() => telegramGateway(options as never))
    expect(message).toMatch(/^telegramGateway: /)
    expect(message).not.toContain(accessToken)
  })
})

describe('telegramGatewayWebhook', () => {
  const source = telegramGatewayWebhook({ accessToken })
  const url = new URL('https://app.example.org/hooks/gateway')
  const requestOf = (body: string) => ({ method: 'POST', url, headers: new Map(), body: new TextEncoder().encode(body) })

  // By Python's hmac and hashlib, as Telegram describes it: there is no vector of Telegram's own.
  test('takes a signature that was made elsewhere', async () => {
    const body =
      '{"request_id":"1700000000","phone_number":"+391234567890","request_cost":0.01,"delivery_status":{"status":"read","updated_at":1740578400}}'
    const signature = '0dcfade68de3e8d4ade57055fb9f67a12d3f1b68859cec1832bdb24820185efa'
    const headers = { 'content-type': 'application/json', 'x-request-timestamp': '1740578401', 'x-request-signature': signature }
    const notifier = createNotifier({ providers: [telegramGateway({ accessToken })], scheduler: 'manual' })
    const handle = fetchWebhook(notifier, source, { clock: virtualClock(1_740_578_410_000), onError: () => {} })
    expect((await handle(new Request(url, { method: 'POST', body, headers }))).status).toBe(200)
    const late = fetchWebhook(notifier, source, { clock: virtualClock(1_740_579_000_000), onError: () => {} })
    expect((await late(new Request(url, { method: 'POST', body, headers }))).status).toBe(401)
  })

  test('tells what became of the code, and keeps what is new', () => {
    const checked = { verification_status: { status: 'code_valid', updated_at: 1740578401, code_entered: '0527' } }
    expect(source.parse(requestOf(report('read', { ...checked, is_refunded: false }))).events).toMatchObject([
      {
        event: 'status',
        messageId: '72590341',
        status: 'read',
        phone: to,
        payload: 'n1.0.0',
        verification: 'code_valid',
        isRefunded: false,
        raw: checked,
      },
    ])
    expect(source.parse(requestOf('{"x":1}')).events).toEqual([{ event: 'unknown', raw: { x: 1 } }])
    expect(() => source.parse(requestOf('[]'))).toThrow('must be an object')
  })

  test.each([{}, { accessToken: [] }, { accessToken, tolerance: 'soon' }, { accessToken, secret: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => telegramGatewayWebhook(bad as never)).message).toMatch(/^telegramGatewayWebhook: /)
    },
  )
})
