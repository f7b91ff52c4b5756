import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { messagebird, messagebirdWebhook } from 'omnicascade/providers/messagebird'
import { type Answer, providerContract, signMessageBirdWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SmsContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const accessKey = 'live_s3cretAccessKey'
const options = { accessKey, sender: 'Shop', reportUrl: 'https://app.example.org/hooks/messagebird' }
const to = '+31612345678'
const messageId = 'e8077d803532c0b5937c639b60216938'
const requestFor = (content: SmsContent, more: Partial<SendRequest<'sms'>> = {}): SendRequest<'sms'> => ({
  channel: 'sms',
  to,
  content,
  recipient: { phone: to },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
  ...more,
})
const taken = () =>
  HttpResponse.json(
    { id: messageId, direction: 'mt', type: 'sms', originator: 'Shop', recipients: { totalCount: 1 } },
    { status: 201 },
  )
const refusal =
  (status: number, code: number, parameter: string | null = null): Answer =>
  () =>
    HttpResponse.json({ errors: [{ code, description: `no ${to} for ${accessKey}`, parameter }] }, { status })

cases(
  'messagebird, as every provider',
  providerContract({
    create: (wire) => messagebird({ ...options, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: taken, result: { messageId, keys: ['n1.0.0'] } },
    failures: {
      'a recipient that is none': { answer: refusal(422, 10, 'recipients'), kind: 'recipient', code: '10' },
      'no recipient': { answer: refusal(422, 9, 'recipient'), kind: 'recipient', code: '9' },
      'a text that is none': { answer: refusal(422, 10, 'body'), kind: 'content', code: '10', field: 'text' },
      'a sender that is none': { answer: refusal(422, 10, 'originator'), kind: 'content', field: 'sender' },
      'a request that is none': { answer: refusal(422, 21), kind: 'content', code: '21' },
      'a key that is none': { answer: refusal(401, 2, 'access_key'), kind: 'configuration', code: '2' },
      'no balance': { answer: refusal(402, 25), kind: 'configuration', code: '25' },
      'an API that is none': { answer: refusal(404, 98), kind: 'configuration', code: '98' },
      'an error inside': { answer: refusal(400, 99), kind: 'transient', code: '99' },
      'too many': { answer: refusal(429, 101), kind: 'transient', code: '101' },
      'a success without an id': { answer: () => HttpResponse.json({}, { status: 201 }), kind: 'unknown' },
    },
    secrets: [accessKey, '31612345678'],
  }),
)

const at = Date.UTC(2026, 10, 25, 10)
const report = (status: string, more = {}) =>
  new URLSearchParams({
    id: messageId,
    reference: 'n1.0.0',
    recipient: '31612345678',
    status,
    statusDatetime: '2026-11-25T10:00:00+00:00',
    ...more,
  }).toString()
const receipt = (status: 'sent' | 'delivered' | 'failed' | 'expired', raw: string, more = {}) => ({
  provider: 'messagebird',
  keys: [messageId, 'n1.0.0'],
  status,
  at,
  raw,
  ...more,
})
const signingKey = 'signing-s3cret'
const get = (query: string, receipts: readonly ReturnType<typeof receipt>[], suppressions = {}) => ({
  method: 'GET',
  body: '',
  query,
  receipts,
  ...suppressions,
})

cases(
  'messagebirdWebhook, as every source',
  webhookContract({
    create: () => messagebirdWebhook({ signingKey: ['old', signingKey] }),
    samples: {
      'a message that waits': get(report('scheduled'), []),
      'a message on its way': get(report('buffered'), [receipt('sent', 'buffered')]),
      'a message that was sent': get(report('sent'), [receipt('sent', 'sent')]),
      'a delivery': get(report('delivered', { statusErrorCode: '0' }), [receipt('delivered', 'delivered')]),
      'a number that there is none of': get(
        report('delivery_failed', { statusReason: 'unknown subscriber', statusErrorCode: '1' }),
        [receipt('failed', 'delivery_failed', { reason: 'unknown subscriber 1' })],
        {
          suppressions: [
            { state: 'suppressed', provider: 'messagebird', channel: 'sms', address: to, reason: 'bounced', at, raw: '1' },
          ],
        },
      ),
      'a phone that is off': get(report('delivery_failed', { statusErrorCode: '27' }), [
        receipt('failed', 'delivery_failed', { reason: '27' }),
      ]),
      'a validity that was over': get(report('expired'), [receipt('expired', 'expired')]),
      'a report that is posted': { body: report('delivered'), receipts: [receipt('delivered', 'delivered')] },
    },
    sign: ({ url, body, at }) => signMessageBirdWebhook({ signingKey, url, body, at }),
    forge: ({ url, body, at }) => signMessageBirdWebhook({ signingKey: 'other', url, body, at }),
    holdsFor: 65_000,
    contentType: 'application/x-www-form-urlencoded',
    secrets: [signingKey],
  }),
)

describe('messagebird', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (request: SendRequest<'sms'>, more = {}): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post('https://rest.messagebird.com/messages', async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`AccessKey ${accessKey}`)
        seen = await request.json()
        return taken()
      }),
    )
    await messagebird({ ...options, ...more }).send(request, context)
    return seen
  }
  const common = {
    originator: 'Shop',
    recipients: ['31612345678'],
    body: 'Hi',
    datacoding: 'auto',
    validity: 60,
    reference: 'n1.0.0',
  }

  test('sends a text for as long as the step waits, with the key of the attempt', async () => {
    expect(await posted(requestFor({ text: 'Hi' }))).toEqual({ ...common, reportUrl: options.reportUrl })
    expect(await posted(requestFor({ text: 'Hi', sender: 'Sale' }, { within: 1 }), { reportUrl: undefined })).toEqual({
      ...common,
      originator: 'Sale',
      validity: 1,
    })
  })

  test('leaves out a key that is too long for a reference, and is not found by it', async () => {
    const idempotencyKey = `${'x'.repeat(60)}.0.0`
    const request = requestFor({ text: 'Hi' }, { idempotencyKey })
    expect(await posted(request)).not.toHaveProperty('reference')
    expect(messagebird(options).keys?.(request)).toEqual([])
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const vendor = { messagebird: { gateway: 10, recipients: ['1'], datacoding: 'plain' } }
    expect(await posted(requestFor({ text: 'Hi', vendor }))).toMatchObject({ ...common, gateway: 10 })
  })

  test.each(['', 'x'.repeat(1378)])('refuses a text before it calls (%#)', async (text) => {
    await expect(messagebird(options).send(requestFor({ text }), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'text',
    })
  })

  test.each([
    {},
    { ...options, accessKey: 'a b' },
    { ...options, sender: 'A name too long' },
    { ...options, reportUrl: 'x' },
    { ...options, from: 'x' },
  ])('refuses the options %j', (bad) => {
    expect(thrownBy(() => messagebird(bad as never)).message).toMatch(/^messagebird: /)
  })
})

describe('messagebirdWebhook', () => {
  // The values of messagebird-nodejs, lib/testdata/webhook-signature-jwt-reference.json.
  const secret = '36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb'
  const now = Date.parse('2021-07-05T12:00:00+02:00')
  const head = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ'
  const plain = `${head}3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI1OWEyNDRkYy1lOWFkLTRlMjMtOTc3OC0zNzFmYWEyMzhmNzIiLCJ1cmxfaGFzaCI6IjBmMTE1ZGIwNjJiN2MwZGQwMzBiMTY4NzhjOTlkZWE1YzM1NGI0OWRjMzdiMzhlYjg4NDYxNzljNzc4M2U5ZDcifQ.6Fp0rVOsRr1fj9S2GidXAfkmPVofKr8_RTffC6G6r2E`
  const withPayload = `${head}3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI5M2U1NTAwNi1hMGU4LTQ1MjYtYTE5MC1mYTVmZjAwZWExMTYiLCJ1cmxfaGFzaCI6IjQxZjA1ZjBkZGQwYTIyYWIyMDlhYzQ2ZjQ3YzQ1NzJkOWNlZmEyNTdlZDc0YjI0MDA0YmFlNzUzZWNlNmMyNjAiLCJwYXlsb2FkX2hhc2giOiJkZmZkNjAyMWJiMmJkNWIwYWY2NzYyOTA4MDllYzNhNTMxOTFkZDgxYzdmNzBhNGIyODY4OGEzNjIxODI5ODZmIn0._H--TOuYFLpeEH39-rg5E3IHVkjHozBcaKVWPRC5m9I`
  const early = `${head}4MjgwMCwiZXhwIjoxNjI1NDgyODYwLCJqdGkiOiJmOWY4YzM4Mi0yNDQ5LTQzMTEtYjcyYi0xZGY3MTY4NzkzMWUiLCJ1cmxfaGFzaCI6IjBmMTE1ZGIwNjJiN2MwZGQwMzBiMTY4NzhjOTlkZWE1YzM1NGI0OWRjMzdiMzhlYjg4NDYxNzljNzc4M2U5ZDcifQ.ZELgDFNGhjZH9CffQKcq3sytBe2I0KciLxpBhcfstHQ`
  const late = `${head}3NTYwMCwiZXhwIjoxNjI1NDc1NjYwLCJqdGkiOiI1ZjAyZjUyMi02MDMwLTQ2YzgtYjVhMy0wMTI0NjQ3OGQ4YmMiLCJ1cmxfaGFzaCI6IjBmMTE1ZGIwNjJiN2MwZGQwMzBiMTY4NzhjOTlkZWE1YzM1NGI0OWRjMzdiMzhlYjg4NDYxNzljNzc4M2U5ZDcifQ.45MSST3B_2PsjNUeiuW54_vUQgVw4rBXrdWrOUEz3lM`
  const verify = (token: string, url: string, body = '') =>
    messagebirdWebhook({ signingKey: secret }).verify!(
      {
        method: 'POST',
        url: new URL(url),
        headers: new Map([['messagebird-signature-jwt', token]]),
        body: new TextEncoder().encode(body),
      },
      now,
    )
  const path = 'https://example.com/path?bar=1&foo=2'

  test.each([
    ['https://example.com/', plain, ''],
    [path, withPayload, 'Hello, World!'],
  ])("takes MessageBird's own vector for %s", async (url, token, body) => {
    await expect(verify(token, url, body)).resolves.toBeUndefined()
  })

  test.each([
    ['a token from the future', early, 'https://example.com/', '', /stale or from the future/],
    ['a token that is over', late, 'https://example.com/', '', /stale or from the future/],
    ['another URL', plain, 'https://example.com/path', '', /for another URL/],
    ['the parameters in another order', withPayload, 'https://example.com/path?foo=2&bar=1', 'Hello, World!', /for another URL/],
    ['another body', withPayload, path, 'Hello, World', /for another body/],
    ['a body that is missing', withPayload, path, '', /for another body/],
    ['a body that is not covered', plain, 'https://example.com/', 'x', /for another body/],
  ])('refuses %s', async (_, token, url, body, words) => {
    await expect(verify(token, url, body)).rejects.toThrow(words)
  })

  test.each([{}, { signingKey: [] }, { signingKey, tolerance: 'x' }, { signingKey, accessKey: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => messagebirdWebhook(bad as never)).message).toMatch(/^messagebirdWebhook: /)
    },
  )
})
