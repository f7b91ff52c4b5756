import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { type Content, type Receipt, type Suppression, WebhookParseError, WebhookVerificationError } from 'omnicascade'
import { type SmscChannel, smsc, smscWebhook } from 'omnicascade/providers/smsc'
import { type Answer, providerContract, signSmscWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { WebhookRequest } from '../../src/contract/webhook.ts'
import { sha1Hex } from '../../src/wire/digest.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const auth = { login: 'shop-login', password: 'correct horse' }
const senders = { sms: 'Shop', viber: 'ShopViber' }

const requestFor = <C extends SmscChannel>(channel: C, content: Content[C], to: SendRequest['to'] = '+79991234567') =>
  ({
    channel,
    to,
    content,
    recipient: { phone: '+79991234567' },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 150_000,
  }) as unknown as SendRequest<C>

/** The answer of SMSC, which gives the id back that it was given. */
const sent: Answer = async ({ request }) => {
  const { id } = (await request.json()) as { id: number }
  return HttpResponse.json({ id, cnt: 1 })
}
const refused =
  (code: number | string, error: string): Answer =>
  () =>
    HttpResponse.json({ error, error_code: code })
const [messageId = ''] = smsc({ auth, senders }).keys?.(requestFor('sms', { text: 'Hi' })) ?? []

cases(
  'smsc, as every provider',
  providerContract({
    create: (wire) => smsc({ auth, senders, ...wire }),
    request: requestFor('sms', { text: 'Hi' }),
    success: { answer: sent, result: { messageId } },
    failures: {
      'wrong parameters': { answer: refused(1, 'parameters error'), kind: 'content', code: '1' },
      'a wrong login': { answer: refused(2, 'authorise error'), kind: 'configuration', code: '2' },
      'no money': { answer: refused(3, 'no money'), kind: 'configuration' },
      'an address that is blocked': { answer: refused(4, 'ip blocked'), kind: 'configuration' },
      'a wrong date': { answer: refused(5, 'date error'), kind: 'content' },
      'a message that is forbidden': { answer: refused(6, 'message is denied'), kind: 'content' },
      'a wrong number': { answer: refused(7, 'invalid number'), kind: 'recipient', code: '7' },
      'a number not reached': { answer: refused('8', "message can't be delivered"), kind: 'recipient', code: '8' },
      'the same again within a minute': { answer: refused(9, 'duplicate request'), kind: 'transient', retryAfter: 60_000 },
      'a code of no known meaning': { answer: refused(99, 'new'), kind: 'content', code: '99' },
      'words that quote the login and the number': {
        answer: refused(1, `no correct horse, shop-login or 79991234567`),
        kind: 'content',
      },
      'a success without an id': { answer: () => HttpResponse.json({ cnt: 1 }), kind: 'unknown' },
      'a success with the status of a failure': {
        answer: () => HttpResponse.json({ id: 1, cnt: 1 }, { status: 502 }),
        kind: 'transient',
      },
    },
    secrets: ['shop-login', 'correct horse', '79991234567'],
  }),
)

describe('smsc', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }
  const provider = smsc({ auth, senders })

  const sending = () => {
    const bodies: { id: number }[] = []
    server.use(
      http.post('https://smsc.ru/rest/send/', async ({ request }) => {
        const body = (await request.json()) as { id: number }
        bodies.push(body)
        return HttpResponse.json({ id: body.id, cnt: 1 })
      }),
    )
    return bodies
  }

  test('posts an SMS under an id of its own, which is known before', async () => {
    const bodies = sending()
    expect(await provider.send(requestFor('sms', { text: 'Hi' }), context)).toEqual({ messageId })
    const id = Number(messageId.split(':')[0])
    const message = { phones: '+79991234567', mes: 'Hi', sender: 'Shop', id, valid: '00:02', charset: 'utf-8', fmt: 3 }
    expect(bodies).toEqual([{ login: 'shop-login', psw: 'correct horse', ...message }])
    expect(messageId).toMatch(/^[1-9]\d{0,9}:79991234567$/)
    expect(id).toBeLessThanOrEqual(2_147_483_647)
  })

  test('logs in with a key, lets an SMS choose its sender, and joins what is SMSC’s own', async () => {
    const bodies = sending()
    const content = { text: 'Hi', sender: 'Alerts', vendor: { smsc: { tinyurl: 1, phones: '+1', apikey: 'other' } } }
    await smsc({ auth: { apiKey: 'secret-key' }, senders }).send(requestFor('sms', content), context)
    expect(bodies).toMatchObject([{ apikey: 'secret-key', sender: 'Alerts', tinyurl: 1, phones: '+79991234567' }])
    expect(bodies[0]).not.toHaveProperty('login')
  })

  test('posts a Viber text with its buttons as lines', async () => {
    const bodies = sending()
    const buttons = [{ text: 'Track', url: 'https://example.org/1' }]
    await provider.send(requestFor('viber', { text: 'Hi', buttons }), context)
    expect(bodies).toMatchObject([{ viber: 1, sender: 'ShopViber', mes: 'Hi\nTrack: https://example.org/1' }])
  })

  test.each([
    [1000, '00:01'],
    [3_599_999, '00:59'],
    [5_400_000, '01:30'],
    [7 * 86_400_000, '24:00'],
  ])('lets a message that is waited for %i ms live for %s', async (within, valid) => {
    const bodies = sending()
    await provider.send({ ...requestFor('sms', { text: 'Hi' }), within }, context)
    expect(bodies).toMatchObject([{ valid }])
  })

  test.each<[string, SmscChannel, object, string]>([
    ['an empty SMS', 'sms', { text: '' }, 'text'],
    ['an SMS of 1001 characters', 'sms', { text: 'a'.repeat(1001) }, 'text'],
    [
      'a Viber message that its buttons make too long',
      'viber',
      { text: 'a'.repeat(999), buttons: [{ text: 'b', url: 'c' }] },
      'text',
    ],
    ['a Viber picture', 'viber', { text: 'Hi', imageUrl: 'https://example.org/a.png' }, 'imageUrl'],
  ])('refuses %s before it calls, naming the field', async (_, channel, content, field) => {
    const bodies = sending()
    await expect(provider.send(requestFor(channel, content as never), context)).rejects.toMatchObject({ kind: 'content', field })
    expect(bodies).toEqual([])
  })

  test('refuses what is no number', async () => {
    const noNumber = provider.send(requestFor('sms', { text: 'Hi' }, 'someone'), context)
    expect(await failureOf(noNumber)).toMatchObject({ kind: 'recipient' })
    expect(provider.keys?.({ ...requestFor('sms', { text: 'Hi' }), to: 7 })).toEqual([])
  })

  const asking = (answer: unknown) => {
    const bodies: object[] = []
    server.use(
      http.post('https://smsc.ru/sys/status.php', async ({ request }) => {
        bodies.push(Object.fromEntries(new URLSearchParams(await request.text())))
        return HttpResponse.json(answer as object)
      }),
    )
    return bodies
  }
  const about = (...ids: (string | undefined)[]) =>
    ids.map((messageId) => ({ channel: 'sms' as const, messageId, keys: [], startedAt: 0 }))
  const row = (status: number, more: object = {}) => ({
    status,
    last_date: '17.03.2023 16:47:56',
    last_timestamp: 1_679_060_876,
    err: 0,
    ...more,
  })
  const shared = { provider: 'smsc', at: 1_679_060_876_000 }

  test('asks what became of messages, one after another in one call', async () => {
    const rows = [row(1), row(20, { err: 6 }), row(-1), row(2, { id: 9, phone: '79990000009' }), row(0), row(77), row(4)]
    const bodies = asking(rows)
    const asked = about('1:79990000001', '2:79990000002', undefined, '3:3', '4:4', '5:5', '6:6', '7:7', 'x')
    expect(await provider.poll?.(asked, context)).toEqual([
      { ...shared, keys: ['1:79990000001'], status: 'delivered', raw: '1' },
      { ...shared, keys: ['2:79990000002'], status: 'failed', raw: '20', reason: 'err 6' },
      { ...shared, keys: ['5:5'], status: 'sent', raw: '0' },
      { ...shared, keys: ['7:7'], status: 'clicked', raw: '4' },
    ])
    const lists = { id: '1,2,3,4,5,6,7', phone: '79990000001,79990000002,3,4,5,6,7' }
    expect(bodies).toEqual([{ login: 'shop-login', psw: 'correct horse', ...lists, fmt: '3', charset: 'utf-8' }])
  })

  test('asks for a list about one message too', async () => {
    const bodies = asking([row(3, { err: '0' })])
    expect(await provider.poll?.(about('1:79990000001'), context)).toEqual([
      { ...shared, keys: ['1:79990000001'], status: 'expired', raw: '3' },
    ])
    expect(bodies).toMatchObject([{ id: '1,', phone: '79990000001,' }])
  })

  test.each([{ status: { valueOf: 1 } }, { id: { toString: 1 } }, { last_timestamp: 1e300 }, { err: { valueOf: 1 } }])(
    'makes nothing, or no more than it says, of a row with %j',
    async (odd) => {
      asking([row(20, odd)])
      const receipts = await provider.poll?.(about('1:79990000001'), context)
      expect(receipts).toEqual('err' in odd ? [{ ...shared, keys: ['1:79990000001'], status: 'failed', raw: '20' }] : [])
    },
  )

  test('gives nobody the status of another message', async () => {
    asking([row(1)])
    expect(await failureOf(provider.poll!(about('1:1', '2:2'), context))).toMatchObject({ kind: 'unknown' })
    asking({ error: 'authorise error', error_code: 2 })
    expect(await failureOf(provider.poll!(about('1:1'), context))).toMatchObject({ kind: 'configuration' })
    expect(await provider.poll?.(about(undefined), context)).toEqual([])
  })

  test('serves the channels that it has a sender for, 15 calls at a time', () => {
    const only = smsc({ auth, senders: { sms: 'Shop' }, poll: false, name: 'smsc-2' })
    expect(only).toMatchObject({ name: 'smsc-2', channels: ['sms'], limits: { concurrency: 15 }, receipts: 'full' })
    expect(only.poll).toBeUndefined()
    expect(only.idempotent).toBeUndefined()
    expectTypeOf(only.channels).toEqualTypeOf<readonly 'sms'[]>()
  })

  test.each([
    [undefined, ['auth', 'senders']],
    [{ auth: { login: 'shop-login' }, senders }, ['auth']],
    [{ auth: { apiKey: '' }, senders }, ['auth']],
    [{ auth, senders: { email: 'x' } }, ['senders']],
    [{ auth, senders, poll: 1 }, ['poll']],
    [{ auth, senders, login: 'x' }, ['login']],
  ])('refuses the options %j, repeating no password', (options, paths) => {
    const error = thrownBy(() => smsc(options as never))
    expect(error.issues.map(({ path }) => path).sort()).toEqual(paths)
    expect(error.message).not.toContain('correct horse')
  })
})

const at = 1_679_060_876_000
const callback = (fields: Record<string, string>) =>
  new URLSearchParams({
    id: '14',
    phone: '79991234567',
    time: '17.03.2023 16:47:56',
    ts: '1679060876',
    err: '0',
    ...fields,
  }).toString()
const receipt = (status: Receipt['status'], raw: string, more: Partial<Receipt> = {}): Receipt => ({
  provider: 'smsc',
  keys: ['14:79991234567'],
  status,
  raw,
  at,
  ...more,
})
const bounced = (raw: string): Suppression => ({
  state: 'suppressed',
  provider: 'smsc',
  channel: 'sms',
  address: '+79991234567',
  reason: 'bounced',
  at,
  raw,
})

cases(
  'smscWebhook, as every source',
  webhookContract({
    create: () => smscWebhook({ secret: ['new secret', 'old secret'] }),
    samples: {
      'a delivery': { body: callback({ status: '1' }), receipts: [receipt('delivered', '1')] },
      'a message on its way': { body: callback({ status: '0' }), receipts: [receipt('sent', '0')] },
      'a number that there is not': {
        body: callback({ status: '20', err: '1' }),
        receipts: [receipt('failed', '20', { reason: 'err 1' })],
      },
      'a message that waits': { body: callback({ status: '-1' }), receipts: [] },
    },
    sign: ({ body }) => signSmscWebhook({ secret: 'old secret', body }),
    forge: ({ body }) => signSmscWebhook({ secret: 'odd secret', body }),
    coversBody: false,
    contentType: 'application/x-www-form-urlencoded',
    secrets: ['new secret', 'old secret'],
  }),
)

describe('smscWebhook', () => {
  const source = smscWebhook({ secret: 's3cret' })
  const request = (body: string): WebhookRequest => ({
    method: 'POST',
    url: new URL('https://app.example/hooks/smsc?sha1=1&charset=utf-8'),
    headers: new Map(),
    body: new TextEncoder().encode(body),
  })
  const read = (fields: Record<string, string>) => source.parse(request(callback(fields))).events

  test('takes the digest of id, phone, status and secret, in upper case too, and as JSON', async () => {
    const sha1 = await sha1Hex('14:79991234567:1:s3cret')
    for (const body of [
      callback({ status: '1', sha1 }),
      callback({ status: '1', sha1: sha1.toUpperCase() }),
      JSON.stringify({ id: 14, phone: '79991234567', status: 1, sha1 }),
    ])
      await expect(source.verify?.(request(body), 0)).resolves.toBeUndefined()
  })

  test('refuses another message’s digest, a cut one, and messages without a status', async () => {
    const sha1 = await sha1Hex('14:79991234567:1:s3cret')
    for (const body of [
      callback({ status: '20', sha1 }),
      callback({ status: '1', id: '15', sha1 }),
      callback({ status: '1', phone: '79991234568', sha1 }),
      callback({ status: '1', sha1: sha1.slice(0, 39) }),
      callback({ mes: 'STOP', sha1: await sha1Hex('14:79991234567::s3cret') }),
      callback({ status: '1' }),
      '{',
    ])
      await expect(source.verify?.(request(body), 0)).rejects.toThrow(WebhookVerificationError)
  })

  test.each([
    ['-3', []],
    ['-2', []],
    ['-1', []],
    ['0', ['sent']],
    ['1', ['delivered']],
    ['2', ['read']],
    ['3', ['expired']],
    ['4', ['clicked']],
    ['20', ['failed']],
    ['22', ['failed']],
    ['23', ['failed']],
    ['24', ['failed']],
    ['25', ['failed']],
  ])('reads status %s as %j', (status, expected) => {
    const events = read({ status })
    expect(events).toMatchObject([{ event: 'status', id: '14', phone: '+79991234567', raw: status, at }])
    expect(source.receipts(events).map((one) => one.status)).toEqual(expected)
  })

  test.each([
    [{ status: '20', err: '249' }, []],
    [{ status: '22' }, [bounced('22')]],
    [{ status: '22', type: '0' }, [bounced('22')]],
    [{ status: '22', type: '10' }, []],
    [{ status: '20', err: '6' }, []],
    [{ status: '1', err: '1' }, []],
  ])('takes %j for %j', (fields, expected) => {
    expect(source.suppressions?.(read(fields as Record<string, string>))).toEqual(expected)
  })

  test('takes Moscow’s time where there is no other', () => {
    expect(read({ status: '1', ts: '' })).toMatchObject([{ at }])
    expect(() => read({ status: '1', ts: '', time: 'soon' })).toThrow(/ts: must be a time/)
  })

  test('keeps what it does not know', () => {
    expect(read({ mes: 'Hello', to: '79990000000' })).toMatchObject([{ event: 'unknown', raw: { mes: 'Hello' } }])
    expect(read({ status: '77' })).toMatchObject([{ event: 'unknown', raw: { status: '77' } }])
  })

  test.each(['', '{', '[]', '{}', 'a=b', '%'])('refuses %s', (body) => {
    expect(() => source.parse(request(body))).toThrow(WebhookParseError)
  })

  test.each([undefined, {}, { secret: '' }, { secret: [] }])('refuses the options %j', (options) => {
    expect(thrownBy(() => smscWebhook(options as never)).issues).toMatchObject([{ path: 'secret' }])
  })
})
