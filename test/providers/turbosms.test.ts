import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { type Content, type Receipt, WebhookParseError, WebhookVerificationError } from 'omnicascade'
import { type TurboSmsChannel, turbosms, turbosmsWebhook } from 'omnicascade/providers/turbosms'
import { type Answer, providerContract, signTurboSmsWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { WebhookRequest } from '../../src/contract/webhook.ts'
import { sha1Hex } from '../../src/wire/digest.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const token = 'f9a4c2b17e3d5f6081a2b3c4d5e6f708192a3b4c'
const senders = { sms: 'Shop', viber: 'ShopViber' }
const id = '1cb60453-659a-0a5f-8de2-5a0a8b7a0a43'
const baseUrl = 'https://api.turbosms.ua'

const requestFor = <C extends TurboSmsChannel>(channel: C, content: Content[C], to: SendRequest['to'] = '+380671234567') =>
  ({
    channel,
    to,
    content,
    recipient: { phone: '+380671234567' },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 120_500,
  }) as unknown as SendRequest<C>

const row = (code: number, status: string, messageId: string | null = id) => ({
  phone: '380671234567',
  response_code: code,
  message_id: messageId,
  response_status: status,
})
const envelope = (code: number, status: string, result: unknown = null) => ({
  response_code: code,
  response_status: status,
  response_result: result,
})
const accepted = envelope(800, 'SUCCESS_MESSAGE_ACCEPTED', [row(0, 'OK')])
const whole =
  (code: number, status: string): Answer =>
  () =>
    HttpResponse.json(envelope(code, status))
const one =
  (code: number, status: string): Answer =>
  () =>
    HttpResponse.json(envelope(802, 'SUCCESS_MESSAGE_PARTIAL_ACCEPTED', [row(code, status, null)]))

cases(
  'turbosms, as every provider',
  providerContract({
    create: (wire) => turbosms({ token, senders, ...wire }),
    request: requestFor('sms', { text: 'Hi' }),
    success: { answer: () => HttpResponse.json(accepted), result: { messageId: id } },
    failures: {
      'no token': { answer: whole(103, 'REQUIRED_TOKEN'), kind: 'configuration', code: '103' },
      'a token that is refused': { answer: whole(105, 'REQUIRED_AUTH'), kind: 'configuration' },
      'a token that is not known': { answer: whole(106, 'REQUIRED_AUTH'), kind: 'configuration' },
      'no credit': { answer: whole(203, 'REQUIRED_BALANCE'), kind: 'configuration' },
      'a wrong token': { answer: whole(301, 'INVALID_TOKEN'), kind: 'configuration' },
      'a wrong sender': { answer: whole(302, 'INVALID_MESSAGE_SENDER'), kind: 'configuration' },
      'somebody else’s sender': { answer: whole(400, 'NOT_ALLOWED_MESSAGE_SENDER'), kind: 'configuration' },
      'a sender not active': { answer: whole(401, 'NOT_ALLOWED_MESSAGE_SENDER_NOT_ACTIVE'), kind: 'configuration' },
      'a shared sender': { answer: whole(415, 'NOT_ALLOWED_MESSAGE_TRANSACTION_SENDER'), kind: 'configuration' },
      'traffic the sender has not': { answer: whole(421, 'NOT_ALLOWED_MESSAGE_TRAFFIC_TYPE'), kind: 'configuration' },
      'a test sender': { answer: whole(425, 'NOT_ALLOWED_TEST_NUMBER'), kind: 'configuration' },
      'a test sender’s limit': { answer: whole(426, 'NOT_ALLOWED_TEST_MESSAGES_LIMIT'), kind: 'configuration' },
      'a number that is none': { answer: one(305, 'INVALID_PHONE'), kind: 'recipient', code: '305' },
      'a number on the stop list': { answer: one(404, 'NOT_ALLOWED_NUMBER_STOPLIST'), kind: 'recipient', code: '404' },
      'a country not sent to': { answer: one(406, 'NOT_ALLOWED_RECIPIENT_COUNTRY'), kind: 'content' },
      'no text': { answer: whole(201, 'REQUIRED_MESSAGE_TEXT'), kind: 'content', code: '201', field: 'text' },
      'a text that is none': { answer: whole(304, 'INVALID_MESSAGE_TEXT'), kind: 'content', field: 'text' },
      'forbidden words': { answer: whole(412, 'NOT_ALLOWED_MESSAGE_TEXT'), kind: 'content', field: 'text' },
      'a text too long': { answer: whole(413, 'NOT_ALLOWED_MESSAGE_TEXT_LENGTH'), kind: 'content', field: 'text' },
      'no such pattern': { answer: whole(416, 'NOT_ALLOWED_MESSAGE_TRANSACTION_PATTERN'), kind: 'content', field: 'text' },
      'no button’s words': { answer: whole(205, 'REQUIRED_MESSAGE_BUTTON_CAPTION'), kind: 'content', field: 'buttons' },
      'a button too long': { answer: whole(408, 'NOT_ALLOWED_MESSAGE_BUTTON_TEXT_LENGTH'), kind: 'content', field: 'buttons' },
      'a picture of another type': { answer: whole(402, 'NOT_ALLOWED_MESSAGE_IMAGE'), kind: 'content', field: 'imageUrl' },
      'a picture not saved': { answer: whole(505, 'FAILED_SAVE_IMAGE'), kind: 'content', field: 'imageUrl' },
      'a time to live out of bounds': { answer: whole(409, 'NOT_ALLOWED_MESSAGE_TTL'), kind: 'content' },
      'a body not understood': { answer: whole(502, 'FAILED_PARSE_BODY'), kind: 'content' },
      'a code of no known meaning': { answer: whole(499, 'SOMETHING_NEW'), kind: 'content', code: '499' },
      'the same text within 90 seconds': {
        answer: whole(427, 'NOT_ALLOWED_MESSAGE_DUPLICATE'),
        kind: 'transient',
        code: '427',
        retryAfter: 90_000,
      },
      'an SMS not sent': { answer: one(503, 'FAILED_SMS_SEND'), kind: 'transient', code: '503' },
      'a Viber message not sent': { answer: one(504, 'FAILED_VIBER_SEND'), kind: 'transient' },
      'a fatal error': { answer: whole(999, 'FATAL_ERROR'), kind: 'transient' },
      'a result without words': { answer: whole(500, 'FAILED_CONVERT_RESULT2JSON'), kind: 'unknown', code: '500' },
      'a result without XML': { answer: whole(501, 'FAILED_CONVERT_RESULT2XML'), kind: 'unknown' },
      'a success without results': { answer: whole(800, 'SUCCESS_MESSAGE_ACCEPTED'), kind: 'unknown' },
      'a success without an id': { answer: one(0, 'OK'), kind: 'unknown' },
      'a result without a code': {
        answer: () => HttpResponse.json(envelope(800, 'SUCCESS_MESSAGE_ACCEPTED', [{ message_id: id }])),
        kind: 'unknown',
      },
      'a success with the status of a failure': { answer: () => HttpResponse.json(accepted, { status: 502 }), kind: 'transient' },
      'words that quote the token and the number': { answer: one(411, `NO 380671234567 ${token}`), kind: 'content' },
    },
    secrets: [token, '380671234567'],
  }),
)

describe('turbosms', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }
  const provider = turbosms({ token, senders })

  const answering = (method: 'send' | 'status', answer: object) => {
    const bodies: unknown[] = []
    server.use(
      http.post(`${baseUrl}/message/${method}.json`, async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Bearer ${token}`)
        bodies.push(await request.json())
        return HttpResponse.json(answer)
      }),
    )
    return bodies
  }

  test('posts an SMS with the key of the attempt', async () => {
    const bodies = answering('send', accepted)
    expect(await provider.send(requestFor('sms', { text: 'Hi' }), context)).toEqual({ messageId: id })
    await provider.send(requestFor('sms', { text: 'Hi', sender: 'Alerts' }), context)
    const shared = { recipients: ['380671234567'], sequence_id: 'n1.0.0' }
    expect(bodies).toEqual([
      { ...shared, sms: { sender: 'Shop', text: 'Hi' } },
      { ...shared, sms: { sender: 'Alerts', text: 'Hi' } },
    ])
  })

  test('posts a Viber message with a picture and a button, other buttons as text, and what is TurboSMS’s own', async () => {
    const bodies = answering('send', accepted)
    const buttons = [
      { text: 'Track', url: 'https://example.org/1' },
      { text: 'Help', url: 'https://example.org/2' },
    ]
    const own = { recipients: ['1'], viber: { ttl: 1, is_transactional: 1 }, sms: { sender: 'Shop', text: 'Instead' } }
    const content = { text: 'Hi', imageUrl: 'https://example.org/a.png', buttons, vendor: { turbosms: own } }
    await provider.send(requestFor('viber', content), context)
    expect(bodies).toEqual([
      {
        recipients: ['380671234567'],
        sequence_id: 'n1.0.0',
        viber: {
          sender: 'ShopViber',
          text: 'Hi\nHelp: https://example.org/2',
          image_url: 'https://example.org/a.png',
          caption: 'Track',
          action: 'https://example.org/1',
          ttl: 120,
          is_transactional: 1,
        },
        sms: { sender: 'Shop', text: 'Instead' },
      },
    ])
  })

  test.each([
    [1000, 60],
    [90_999, 90],
    [7 * 86_400_000, 86_400],
  ])('lets a Viber message that is waited for %i ms live for %i s', async (within, ttl) => {
    const bodies = answering('send', accepted)
    await provider.send({ ...requestFor('viber', { text: '', imageUrl: 'https://example.org/a.png' }), within }, context)
    expect(bodies).toMatchObject([{ viber: { image_url: 'https://example.org/a.png', ttl } }])
  })

  test('takes the results of a request that was seen before for its own', async () => {
    answering('send', envelope(507, 'FAILED_DUPLICATE_REQUEST', [row(0, 'OK')]))
    expect(await provider.send(requestFor('sms', { text: 'Hi' }), context)).toEqual({ messageId: id })
    answering('send', envelope(507, 'FAILED_DUPLICATE_REQUEST', [row(404, 'NOT_ALLOWED_NUMBER_STOPLIST', null)]))
    expect(await failureOf(provider.send(requestFor('sms', { text: 'Hi' }), context))).toMatchObject({ kind: 'recipient' })
    expect(provider.idempotent).toBe(true)
  })

  const button = (text: string) => [{ text, url: 'https://example.org' }]
  test.each<[string, TurboSmsChannel, object, string]>([
    ['an empty SMS', 'sms', { text: '' }, 'text'],
    ['an empty Viber message', 'viber', { text: '' }, 'text'],
    ['a Viber message of 1001 characters', 'viber', { text: 'a'.repeat(1001) }, 'text'],
    ['a button of 31 characters', 'viber', { text: 'Hi', buttons: button('a'.repeat(31)) }, 'buttons'],
    ['a button without words', 'viber', { text: 'Hi', buttons: button('') }, 'buttons'],
  ])('refuses %s before it calls, naming the field', async (_, channel, content, field) => {
    const bodies = answering('send', accepted)
    await expect(provider.send(requestFor(channel, content as never), context)).rejects.toMatchObject({ kind: 'content', field })
    expect(bodies).toEqual([])
  })

  test('refuses what is no number, and shows TurboSMS’s words', async () => {
    const noNumber = provider.send(requestFor('sms', { text: 'Hi' }, 'someone'), context)
    expect(await failureOf(noNumber)).toMatchObject({ kind: 'recipient' })
    answering('send', envelope(404, 'NOT_ALLOWED_NUMBER_STOPLIST'))
    const { message } = await failureOf(provider.send(requestFor('sms', { text: 'Hi' }), context))
    expect(message).toBe('not allowed number stoplist')
  })

  // After the example of turbosms.ua/en/api.html.
  test('asks what became of messages', async () => {
    const rows = [
      { message_id: 'other', response_code: 414, response_status: 'NOT_ALLOWED_MESSAGE_ID' },
      {
        message_id: id,
        response_code: 0,
        recipient: '380671234567',
        sent: '2026-01-29 10:19:21',
        updated: '2026-01-29 10:21:32',
        status: 'Read',
        type: 'viber',
        rejected_status: '',
        click_time: '2026-01-29 10:22:54',
        response_status: 'OK',
      },
      { message_id: 'queued', response_code: 0, sent: null, updated: '2026-01-29 18:27:34', status: 'Queued', type: 'sms' },
      {
        message_id: 'failed',
        updated: '2026-07-29 18:27:34',
        status: 'Rejected',
        rejected_status: 'Stop list',
        click_time: null,
      },
      { message_id: 'new', updated: '2026-07-29 18:27:34', status: 'Anew' },
    ]
    const bodies = answering('status', envelope(0, 'OK', rows))
    const asked = [id, undefined, 'queued'].map((messageId) => ({ channel: 'viber' as const, messageId, keys: [], startedAt: 0 }))
    const shared = { provider: 'turbosms', keys: [id], raw: 'Read' }
    expect(await provider.poll?.(asked, context)).toEqual([
      { ...shared, status: 'read', at: Date.UTC(2026, 0, 29, 8, 21, 32) },
      { ...shared, status: 'clicked', at: Date.UTC(2026, 0, 29, 8, 22, 54) },
      {
        provider: 'turbosms',
        keys: ['failed'],
        status: 'failed',
        raw: 'Rejected',
        reason: 'Stop list',
        at: Date.UTC(2026, 6, 29, 15, 27, 34),
      },
    ])
    expect(bodies).toEqual([{ messages: [id, 'queued'] }])
  })

  test('asks nothing about messages without an id, and fails as a send does', async () => {
    const asked = (messageId?: string) => [{ channel: 'sms' as const, messageId, keys: [], startedAt: 0 }]
    expect(await provider.poll?.(asked(), context)).toEqual([])
    answering('status', envelope(301, 'INVALID_TOKEN'))
    expect(await failureOf(provider.poll!(asked(id), context))).toMatchObject({ kind: 'configuration' })
  })

  test('serves the channels that it has a sender for, and does not ask where it is told', () => {
    const only = turbosms({ token, senders: { viber: 'Shop' }, poll: false, name: 'turbosms-2', limits: { concurrency: 2 } })
    expect(only).toMatchObject({ name: 'turbosms-2', channels: ['viber'], limits: { concurrency: 2 }, receipts: 'full' })
    expect(only.poll).toBeUndefined()
    expectTypeOf(only.channels).toEqualTypeOf<readonly 'viber'[]>()
  })

  test.each([
    [undefined, ['senders', 'token']],
    [{ token: 'a b', senders }, ['token']],
    [{ token, senders: { email: 'x' } }, ['senders']],
    [{ token, senders, poll: 'yes' }, ['poll']],
    [{ token, senders, sender: 'x' }, ['sender']],
  ])('refuses the options %j, repeating no token', (options, paths) => {
    const error = thrownBy(() => turbosms(options as never))
    expect(error.issues.map(({ path }) => path).sort()).toEqual(paths)
    expect(error.message).not.toContain(token)
  })
})

const at = Date.UTC(2026, 7, 5, 9, 30)
const callback = (status: string, more: object = {}) =>
  JSON.stringify({
    id: 'evt-1',
    type: 'dlr',
    date: '2026-08-05 12:30:05',
    try: 1,
    data: { message_id: id, status, dlr_date: '2026-08-05 12:30:00' },
    ...more,
  })
const receipt = (status: Receipt['status'], raw: string): Receipt => ({ provider: 'turbosms', keys: [id], status, raw, at })

cases(
  'turbosmsWebhook, as every source',
  webhookContract({
    create: () => turbosmsWebhook({ secret: ['new secret', 'old secret'] }),
    samples: {
      'a delivery': { body: callback('DELIVRD'), receipts: [receipt('delivered', 'DELIVRD')] },
      'a message that was read': { body: callback('READ'), receipts: [receipt('read', 'READ')] },
      'a failure': { body: callback('UNDELIV'), receipts: [receipt('failed', 'UNDELIV')] },
      'a message of no id': { body: callback('DELIVRD', { data: { message_id: '', status: 'DELIVRD' } }), receipts: [] },
      'another event': { body: callback('DELIVRD', { data: {} }), receipts: [] },
    },
    sign: ({ body }) => signTurboSmsWebhook({ secret: 'old secret', body }),
    forge: ({ body }) => signTurboSmsWebhook({ secret: 'odd secret', body }),
    coversBody: false,
    secrets: ['new secret', 'old secret'],
  }),
)

describe('turbosmsWebhook', () => {
  const source = turbosmsWebhook({ secret: 's3cret' })
  const request = (body: string): WebhookRequest => ({
    method: 'POST',
    url: new URL('https://app.example/hooks/turbosms'),
    headers: new Map(),
    body: new TextEncoder().encode(body),
  })
  const verified = async (event: object) => source.verify?.(request(JSON.stringify(event)), 0)

  test('takes the secret before the id or after it, in upper case too', async () => {
    await expect(verified({ id: 'evt-1', signature: await sha1Hex('s3cretevt-1') })).resolves.toBeUndefined()
    await expect(verified({ id: 'evt-1', signature: await sha1Hex('evt-1s3cret') })).resolves.toBeUndefined()
    await expect(verified({ id: 7, signature: (await sha1Hex('s3cret7')).toUpperCase() })).resolves.toBeUndefined()
  })

  test('refuses another event’s signature, a part of one, and the secret’s alone', async () => {
    const signature = await sha1Hex('s3cretevt-1')
    for (const event of [
      { id: 'evt-2', signature },
      { id: 'evt-1', signature: signature.slice(1) },
      { id: 'evt-1', signature: [signature] },
      { id: '', signature: await sha1Hex('s3cret') },
      { signature: await sha1Hex('s3cret') },
      { id: 'evt-1' },
    ])
      await expect(verified(event)).rejects.toThrow(WebhookVerificationError)
    await expect(source.verify?.(request('{'), 0)).rejects.toThrow(WebhookVerificationError)
  })

  test('signs with the digits of an id that no number can hold', async () => {
    const body = `{"id":9007199254740993,"signature":"${await sha1Hex('s3cret9007199254740993')}"}`
    await expect(source.verify?.(request(body), 0)).resolves.toBeUndefined()
  })

  test.each([
    ['ACCEPTD', []],
    ['ENROUTE', ['sent']],
    ['Sent', ['sent']],
    ['In Queue', []],
    ['In Process', []],
    ['Delivered', ['delivered']],
    ['Read', ['read']],
    ['EXPIRED', ['expired']],
    ['REJECTD', ['failed']],
    ['Undelivered', ['failed']],
    ['Rejected', ['failed']],
    ['Failed', ['failed']],
    ['Cancelled', ['failed']],
  ])('reads %s as %j', (status, expected) => {
    const { events } = source.parse(request(callback(status)))
    expect(events).toMatchObject([{ event: 'status', id: 'evt-1', messageId: id, raw: status, at }])
    expect(source.receipts(events).map((one) => one.status)).toEqual(expected)
  })

  test('takes the event’s own time where the report has none', () => {
    const { events } = source.parse(request(callback('DELIVRD', { data: { message_id: id, status: 'DELIVRD' } })))
    expect(events).toMatchObject([{ at: at + 5000 }])
  })

  test('keeps a status that it does not know', () => {
    const body = callback('Anew')
    expect(source.parse(request(body)).events).toEqual([{ event: 'unknown', raw: JSON.parse(body) }])
  })

  test.each(['', '{', 'null', '[]', '{}', '{"id":null}'])('refuses %s', (body) => {
    expect(() => source.parse(request(body))).toThrow(WebhookParseError)
  })

  test.each([undefined, {}, { secret: '' }, { secret: [] }, { secret: ['a', ''] }])('refuses the options %j', (options) => {
    expect(thrownBy(() => turbosmsWebhook(options as never)).issues).toMatchObject([{ path: 'secret' }])
  })
})
