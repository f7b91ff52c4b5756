import { generateKeyPairSync, verify } from 'node:crypto'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { fcm } from 'omnicascade/providers/fcm'
import { type Answer, providerContract, virtualClock } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cases } from '../support/cases.ts'
import { pushFor } from '../support/push.ts'
import { thrownBy } from './failures.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const serviceAccount = { project_id: 'shop-1', client_email: 'push@shop-1.iam.gserviceaccount.com', private_key: pem }
const device = 'bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1'
const name = 'projects/shop-1/messages/0:1500415314455276%31bd1c9631bd1c96'
const accessToken = 'ya29.access-s3cret'
const refusal =
  (code: number, status: string, errorCode?: string, more: object = {}): Answer =>
  () =>
    HttpResponse.json(
      {
        error: {
          code,
          message: `no ${device} for ${accessToken}`,
          status,
          details: errorCode === undefined ? [] : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }],
          ...more,
        },
      },
      { status: code },
    )
const violation = {
  details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'message.token' }] }],
}

cases(
  'fcm, as every provider',
  providerContract({
    create: ({ baseUrl, fetch }) => fcm({ serviceAccount: { ...serviceAccount, token_uri: `${baseUrl}/token` }, baseUrl, fetch }),
    request: pushFor({ title: 'Hi', text: 'Hello' }, device),
    success: { answer: () => HttpResponse.json({ name }), result: { messageId: name } },
    failures: {
      'a token that is over': { answer: refusal(404, 'NOT_FOUND', 'UNREGISTERED'), kind: 'recipient', code: 'UNREGISTERED' },
      'a token of another project': { answer: refusal(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), kind: 'content' },
      'a token that is none': { answer: refusal(400, 'INVALID_ARGUMENT', undefined, violation), kind: 'recipient' },
      'a message that is none': {
        answer: refusal(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'),
        kind: 'content',
        code: 'INVALID_ARGUMENT',
      },
      'a quota that is used up': {
        answer: refusal(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'),
        kind: 'transient',
        code: 'QUOTA_EXCEEDED',
        retryAfter: 60_000,
      },
      'a service that is down': { answer: refusal(503, 'UNAVAILABLE', 'UNAVAILABLE'), kind: 'transient', retryAfter: 10_000 },
      'an error inside': { answer: refusal(500, 'INTERNAL', 'INTERNAL'), kind: 'transient' },
      'a key of APNs that is none': { answer: refusal(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'), kind: 'configuration' },
      'an access token that stays refused': {
        answer: refusal(401, 'UNAUTHENTICATED'),
        kind: 'configuration',
        code: 'UNAUTHENTICATED',
      },
      'no right to send': { answer: refusal(403, 'PERMISSION_DENIED'), kind: 'configuration', code: 'PERMISSION_DENIED' },
    },
    secrets: [accessToken, pem, pem.split('\n')[1]!],
    before: ({ url }) =>
      url.pathname === '/token' ? HttpResponse.json({ access_token: accessToken, expires_in: 3600 }) : undefined,
  }),
)

describe('fcm', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  function vendor() {
    const seen = { logins: [] as URLSearchParams[], bodies: [] as unknown[], tokens: [] as (string | null)[] }
    let refused = ''
    server.use(
      http.post('https://oauth2.googleapis.com/token', async ({ request }) => {
        seen.logins.push(new URLSearchParams(await request.text()))
        return HttpResponse.json({ access_token: `ya29.${seen.logins.length}`, expires_in: 3600, token_type: 'Bearer' })
      }),
      http.post('https://fcm.googleapis.com/v1/projects/shop-1/messages:send', async ({ request }) => {
        const token = request.headers.get('authorization')
        seen.tokens.push(token)
        if (token === refused) return HttpResponse.json({ error: { status: 'UNAUTHENTICATED' } }, { status: 401 })
        seen.bodies.push(await request.json())
        return HttpResponse.json({ name })
      }),
    )
    return { ...seen, refuse: (token: string) => (refused = token) }
  }

  test.each([{ valueOf: 1 }, 'soon', null])('keeps a token that lasts for %j as long as it asked for', async (expires_in) => {
    const { logins } = vendor()
    server.use(
      http.post('https://oauth2.googleapis.com/token', async ({ request }) => {
        logins.push(new URLSearchParams(await request.text()))
        return HttpResponse.json({ access_token: 'ya29.x', expires_in })
      }),
    )
    const provider = fcm({ serviceAccount })
    for (let time = 0; time < 2; time++) await provider.send(pushFor({ text: 'Hi' }, device), context)
    expect(logins).toHaveLength(1)
  })

  test('sends a notification for apps and browsers, for as long as the step waits', async () => {
    const { bodies } = vendor()
    const content = {
      title: 'Hi',
      text: 'Hello',
      imageUrl: 'https://example.org/a.png',
      url: 'https://example.org/1',
      data: { order: '17', url: 'x' },
    }
    const clock = virtualClock(1_700_000_000_000)
    await fcm({ serviceAccount, clock }).send(pushFor(content, device), context)
    expect(bodies).toEqual([
      {
        message: {
          token: device,
          notification: { title: 'Hi', body: 'Hello', image: 'https://example.org/a.png' },
          data: { url: 'https://example.org/1', order: '17' },
          android: { ttl: '60s', priority: 'HIGH' },
          apns: { headers: { 'apns-expiration': '1700000060' } },
          webpush: { headers: { TTL: '60' }, fcm_options: { link: 'https://example.org/1' } },
        },
      },
    ])
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const { bodies } = vendor()
    const own = { android: { collapse_key: 'order', ttl: '9s' }, token: 'x', apns: { payload: { aps: { sound: 'default' } } } }
    await fcm({ serviceAccount }).send(pushFor({ text: 'Hi', vendor: { fcm: own } }, device, 30 * 86_400_000 * 2), context)
    expect(bodies).toMatchObject([
      {
        message: {
          token: device,
          android: { collapse_key: 'order', ttl: '2419200s' },
          apns: { payload: { aps: { sound: 'default' } } },
        },
      },
    ])
  })

  test('logs in once for all, with a token that the account has signed, and again when it is nearly over', async () => {
    const { logins, tokens } = vendor()
    const clock = virtualClock(1_700_000_000_000)
    const provider = fcm({ serviceAccount, clock })
    await Promise.all(Array.from({ length: 10 }, () => provider.send(pushFor({ text: 'Hi' }, device), context)))
    expect([logins.length, new Set(tokens)]).toEqual([1, new Set(['Bearer ya29.1'])])
    const [header, claims, signature] = logins[0]!.get('assertion')!.split('.') as [string, string, string]
    expect(logins[0]!.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
      iss: serviceAccount.client_email,
      scope: 'https://www.googleapis.com/auth/firebase.messaging',
      aud: 'https://oauth2.googleapis.com/token',
      iat: 1_700_000_000,
      exp: 1_700_003_600,
    })
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
    await clock.advance('58m')
    await provider.send(pushFor({ text: 'Hi' }, device), context)
    expect(logins).toHaveLength(1)
    await clock.advance('2m')
    await provider.send(pushFor({ text: 'Hi' }, device), context)
    expect(logins).toHaveLength(2)
  })

  test('tries a token that was revoked once more, with a new one', async () => {
    const { refuse, tokens } = vendor()
    const provider = fcm({ serviceAccount })
    await provider.send(pushFor({ text: 'Hi' }, device), context)
    refuse('Bearer ya29.1')
    await provider.send(pushFor({ text: 'Hi' }, device), context)
    expect(tokens).toEqual(['Bearer ya29.1', 'Bearer ya29.1', 'Bearer ya29.2'])
  })

  test.each([
    [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }, 'configuration', 'invalid_grant'],
    [503, {}, 'transient', '503'],
    [504, {}, 'transient', '504'],
  ])('a log-in that is answered %i sends nothing', async (status, body, kind, code) => {
    server.use(http.post('https://oauth2.googleapis.com/token', () => HttpResponse.json(body, { status })))
    await expect(fcm({ serviceAccount }).send(pushFor({ text: 'Hi' }, device), context)).rejects.toMatchObject({
      kind,
      vendorCode: code,
    })
  })

  test('accepts what may be its own, and neither Expo’s tokens, nor Apple’s, nor browsers’ subscriptions', async () => {
    const { accepts, send } = fcm({ serviceAccount })
    const subscription = { endpoint: 'https://x', keys: { p256dh: 'x', auth: 'x' } }
    expect(accepts?.(device)).toBe(true)
    for (const to of ['ExponentPushToken[x]', 'a'.repeat(64), subscription]) {
      expect(accepts?.(to)).toBe(false)
      await expect(send(pushFor({ text: 'Hi' }, to), context)).rejects.toMatchObject({ kind: 'recipient' })
    }
  })

  test.each([
    [{ text: '' }, 'text'],
    [{ text: 'x'.repeat(4100) }, 'text'],
  ])('refuses content before it calls (%#)', async (content, field) => {
    await expect(fcm({ serviceAccount }).send(pushFor(content, device), context)).rejects.toMatchObject({
      kind: 'content',
      field,
    })
  })

  test.each([
    {},
    { serviceAccount: { ...serviceAccount, private_key: pem.replaceAll('\n', '\\n') } },
    { serviceAccount: { ...serviceAccount, project_id: '' } },
    { serviceAccount, key: 'x' },
  ])('refuses options that cannot work (%#)', (options) => {
    const error = thrownBy(() => fcm(options as never))
    expect(error.message).toMatch(/^fcm: /)
    expect(error.message).not.toContain(pem.split('\n')[1])
  })
})
