import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { apns } from 'omnicascade/providers/apns'
import { type Answer, providerContract, virtualClock } from 'omnicascade/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startVendor } from '../../src/testing/http/vendor.ts'
import { cases } from '../support/cases.ts'
import { pushFor } from '../support/push.ts'
import { thrownBy } from './failures.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const options = { key, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', topic: 'org.example.shop' }
const device = '00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0'
const id = 'EC1BF194-B3B2-424A-89A9-5A918A6E6B5F'
const taken = () => new Response(null, { status: 200, headers: { 'apns-id': id } })
const refusal =
  (status: number, reason: string): Answer =>
  () =>
    Response.json({ reason, ...(status === 410 && { timestamp: 1_700_000_000_000 }) }, { status })
const reasons = {
  transient: [
    [429, 'TooManyRequests'],
    [429, 'TooManyProviderTokenUpdates'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
    [503, 'Shutdown'],
    [400, 'IdleTimeout'],
  ],
  recipient: [
    [400, 'BadDeviceToken'],
    [400, 'DeviceTokenNotForTopic'],
    [410, 'Unregistered'],
    [410, 'ExpiredToken'],
  ],
  content: [
    [400, 'BadCollapseId'],
    [400, 'InvalidPushType'],
    [400, 'SomethingNew'],
  ],
  configuration: [
    [400, 'BadTopic'],
    [400, 'TopicDisallowed'],
    [403, 'ExpiredProviderToken'],
    [403, 'InvalidProviderToken'],
    [403, 'Forbidden'],
    [404, 'BadPath'],
    [405, 'MethodNotAllowed'],
  ],
} as const

cases(
  'apns, as every provider',
  providerContract({
    create: ({ baseUrl }) => apns({ ...options, baseUrl }),
    request: pushFor({ title: 'Hi', text: 'Hello' }, device),
    success: { answer: taken, result: { messageId: id } },
    failures: {
      ...Object.fromEntries(
        Object.entries(reasons).flatMap(([kind, all]) =>
          all.map(([status, reason]) => [
            reason,
            { answer: refusal(status, reason), kind: kind as keyof typeof reasons, code: reason },
          ]),
        ),
      ),
      'a payload that is too large': {
        answer: refusal(413, 'PayloadTooLarge'),
        kind: 'content',
        code: 'PayloadTooLarge',
        field: 'text',
      },
    },
    secrets: [key, key.split('\n')[1]!],
    version: 2,
  }),
)

describe('apns', () => {
  const context = { signal: new AbortController().signal }

  async function vendor() {
    const calls: { path: string; headers: Record<string, string>; body: unknown }[] = []
    const own = await startVendor(async ({ request, url }) => {
      calls.push({ path: url.pathname, headers: Object.fromEntries(request.headers), body: await request.json() })
      return taken()
    }, 2)
    onTestFinished(() => own.close())
    return { calls, baseUrl: own.baseUrl }
  }

  test('sends an alert, for as long as the step waits', async () => {
    const { calls, baseUrl } = await vendor()
    const clock = virtualClock(1_700_000_000_000)
    const provider = apns({ ...options, baseUrl, clock })
    const content = {
      title: 'Hi',
      text: 'Hello',
      imageUrl: 'https://example.org/a.png',
      url: 'https://example.org/1',
      data: { order: '17' },
    }
    const own = {
      aps: { sound: 'default', alert: 'x' },
      headers: { 'apns-collapse-id': 'order', 'apns-topic': 'x', authorization: 'x' },
    }
    await provider.send(pushFor({ ...content, vendor: { apns: own } }, device), context)
    await provider.close?.()
    expect(calls).toMatchObject([
      {
        path: `/3/device/${device}`,
        headers: {
          'apns-topic': 'org.example.shop',
          'apns-push-type': 'alert',
          'apns-priority': '10',
          'apns-expiration': '1700000060',
          'apns-collapse-id': 'order',
        },
        body: {
          aps: { alert: { title: 'Hi', body: 'Hello' }, sound: 'default', 'mutable-content': 1 },
          url: 'https://example.org/1',
          imageUrl: 'https://example.org/a.png',
          order: '17',
        },
      },
    ])
  })

  test('signs a token with its key, and renews it before Apple would refuse it, no more often than Apple allows', async () => {
    const { calls, baseUrl } = await vendor()
    const clock = virtualClock(1_700_000_000_000)
    const provider = apns({ ...options, baseUrl, clock })
    for (const minutes of [0, 20, 29, 2, 49]) {
      await clock.advance(minutes * 60_000)
      await provider.send(pushFor({ text: 'Hi' }, device), context)
    }
    await provider.close?.()
    const tokens = calls.map(({ headers }) => headers.authorization!)
    expect(tokens.map((token) => tokens.indexOf(token))).toEqual([0, 0, 0, 3, 3])
    const [header, claims, signature] = tokens[0]!.replace('bearer ', '').split('.') as [string, string, string]
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'ABC123DEFG' })
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({ iss: 'DEF123GHIJ', iat: 1_700_000_000 })
    const publicKey = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' as const }
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  /** A server that does as it is told with each session and stream. */
  async function server(
    onSession: (session: ServerHttp2Session, count: number) => void,
    answers: (count: number) => boolean = () => true,
  ) {
    const own: Http2Server = createServer()
    let sessions = 0
    let streams = 0
    own.on('session', (session) => onSession(session, ++sessions))
    own.on('stream', (stream) => {
      stream.on('error', () => {})
      if (!answers(++streams)) return stream.session?.destroy()
      stream.respond({ ':status': 200, 'apns-id': id })
      stream.end()
    })
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => own.close(() => resolve())))
    return { baseUrl: `http://127.0.0.1:${(own.address() as AddressInfo).port}`, sessions: () => sessions }
  }

  test('keeps one connection for many calls, and makes a new one once it is told to go', async () => {
    const alive: ServerHttp2Session[] = []
    const { baseUrl, sessions } = await server((session) => alive.push(session))
    const provider = apns({ ...options, baseUrl })
    const send = () => provider.send(pushFor({ text: 'Hi' }, device), context)
    await Promise.all(Array.from({ length: 50 }, send))
    expect(sessions()).toBe(1)
    const gone = new Promise((resolve) => alive[0]!.once('close', resolve))
    alive[0]!.close()
    await gone
    await expect(send()).resolves.toEqual({ messageId: id })
    expect(sessions()).toBe(2)
    await provider.close?.()
  })

  test('a connection that breaks before the answer leaves the send unknown, and the next call makes a new one', async () => {
    const { baseUrl, sessions } = await server(
      () => {},
      (count) => count > 1,
    )
    const provider = apns({ ...options, baseUrl })
    await expect(provider.send(pushFor({ text: 'Hi' }, device), context)).rejects.toMatchObject({ kind: 'unknown' })
    await expect(provider.send(pushFor({ text: 'Hi' }, device), context)).resolves.toEqual({ messageId: id })
    expect(sessions()).toBe(2)
    await provider.close?.()
  })

  test('a server that speaks TLS where none is expected is named', async () => {
    const { baseUrl } = await vendor()
    await expect(
      apns({ ...options, baseUrl: baseUrl.replace('http:', 'https:') }).send(pushFor({ text: 'Hi' }, device), context),
    ).rejects.toMatchObject({ kind: expect.stringMatching(/configuration|transient/) })
  })

  test('accepts hexadecimal tokens alone', async () => {
    const { accepts } = apns(options)
    expect([device, device.toUpperCase(), 'ExponentPushToken[x]', 'fcm:token', 7].map((to) => accepts?.(to))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    await expect(apns(options).send(pushFor({ text: 'Hi' }, 'fcm:token'), context)).rejects.toMatchObject({ kind: 'recipient' })
  })

  test.each([
    [{ text: '' }, 'text'],
    [{ text: 'x'.repeat(4096) }, 'text'],
  ])('refuses content before it calls (%#)', async (content, field) => {
    await expect(apns(options).send(pushFor(content, device), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test('a key that cannot be read is told of without repeating it', async () => {
    const bad = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWtleQ==\n-----END PRIVATE KEY-----\n'
    await expect(apns({ ...options, key: bad }).send(pushFor({ text: 'Hi' }, device), context)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.not.stringContaining('c2Vjc'),
    })
  })

  test.each([
    {},
    { ...options, key: 'x' },
    { ...options, keyId: 'abc' },
    { ...options, topic: '' },
    { ...options, baseUrl: 'x' },
    { ...options, sandbox: true },
  ])('refuses options that cannot work (%#)', (bad) => {
    const error = thrownBy(() => apns(bad as never))
    expect(error.message).toMatch(/^apns: /)
    expect(error.message).not.toContain(key.split('\n')[1])
  })
})
