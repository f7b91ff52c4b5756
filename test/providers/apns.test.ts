import { spawn } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
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
    [400, 'BadExpirationDate'],
    [400, 'BadMessageId'],
    [400, 'BadPriority'],
    [400, 'DuplicateHeaders'],
    [400, 'InvalidPushType'],
    [400, 'SomethingNew'],
  ],
  configuration: [
    [400, 'BadTopic'],
    [400, 'MissingDeviceToken'],
    [400, 'MissingTopic'],
    [400, 'TopicDisallowed'],
    [403, 'BadCertificate'],
    [403, 'BadCertificateEnvironment'],
    [403, 'BadEnvironmentKeyIdInToken'],
    // Seen on the wire in place of the documented one.
    [403, 'BadEnvironmentKeyInToken'],
    [403, 'ExpiredProviderToken'],
    [403, 'Forbidden'],
    [403, 'InvalidProviderToken'],
    [403, 'MissingProviderToken'],
    [403, 'UnrelatedKeyIdInToken'],
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
      'no payload': { answer: refusal(400, 'PayloadEmpty'), kind: 'content', code: 'PayloadEmpty', field: 'text' },
      'a 410 without a reason': { answer: () => new Response(null, { status: 410 }), kind: 'recipient', code: '410' },
      'a success without an id': { answer: () => new Response(null, { status: 200 }), kind: 'unknown', code: '200' },
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
      data: { order: '17', url: 'x' },
    }
    const own = {
      aps: { sound: 'default', alert: 'x' },
      headers: { 'apns-collapse-id': 'order', 'apns-priority': 5, 'apns-topic': 'x', authorization: 'x' },
    }
    await provider.send(pushFor({ ...content, vendor: { apns: own } }, device), context)
    await provider.close?.()
    expect(calls).toMatchObject([
      {
        path: `/3/device/${device}`,
        headers: {
          'apns-topic': 'org.example.shop',
          'apns-push-type': 'alert',
          'apns-priority': '5',
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

  test('makes a new token for one that has expired by Apple’s clock, once, and none that is too young for Apple', async () => {
    const tokens: string[] = []
    const own = await startVendor(({ request }) => {
      tokens.push(request.headers.get('authorization')!)
      return new Set(tokens).size < 2 ? refusal(403, 'ExpiredProviderToken')({ request, url: new URL(request.url) }) : taken()
    }, 2)
    onTestFinished(() => own.close())
    const clock = virtualClock(1_700_000_000_000)
    const provider = apns({ ...options, baseUrl: own.baseUrl, clock })
    onTestFinished(() => provider.close?.())
    const send = () => provider.send(pushFor({ text: 'Hi' }, device), context)
    await expect(send()).rejects.toMatchObject({ kind: 'configuration', vendorCode: 'ExpiredProviderToken' })
    await clock.advance('19m')
    await expect(send()).rejects.toMatchObject({ kind: 'configuration' })
    expect(tokens).toHaveLength(2)
    await clock.advance('1m')
    expect(await Promise.all([send(), send()])).toEqual([{ messageId: id }, { messageId: id }])
    expect(new Set(tokens).size).toBe(2)
  })

  /** A server that does as it is told with each stream, and counts its sessions. */
  async function server(onStream: (stream: ServerHttp2Stream, count: number, session: ServerHttp2Session) => void) {
    const own: Http2Server = createServer()
    const sessions: ServerHttp2Session[] = []
    let streams = 0
    own.on('session', (session) => {
      session.on('error', () => {})
      sessions.push(session)
    })
    own.on('stream', (stream) => {
      stream.on('error', () => {})
      onStream(stream, ++streams, stream.session as ServerHttp2Session)
    })
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      for (const session of sessions) session.destroy()
      return new Promise<void>((resolve) => own.close(() => resolve()))
    })
    return { baseUrl: `http://127.0.0.1:${(own.address() as AddressInfo).port}`, sessions }
  }
  const answer = (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, 'apns-id': id })
    stream.end()
  }
  const sender = (baseUrl: string) => {
    const provider = apns({ ...options, baseUrl })
    onTestFinished(() => provider.close?.())
    return (signal = new AbortController().signal) => provider.send(pushFor({ text: 'Hi' }, device), { signal })
  }

  test('keeps one connection for many calls, and makes a new one once it is told to go', async () => {
    const { baseUrl, sessions } = await server(answer)
    const send = sender(baseUrl)
    await Promise.all(Array.from({ length: 50 }, () => send()))
    expect(sessions).toHaveLength(1)
    const gone = once(sessions[0]!, 'close')
    sessions[0]!.close()
    await gone
    await expect(send()).resolves.toEqual({ messageId: id })
    expect(sessions).toHaveLength(2)
  })

  test.each([1, 2])(
    'a connection that breaks before call %i is answered leaves it unknown, and the next makes a new one',
    async (broken) => {
      const { baseUrl, sessions } = await server((stream, count, session) => {
        if (count === broken) session.destroy()
        else answer(stream)
      })
      const send = sender(baseUrl)
      for (let count = 1; count < broken; count++) await send()
      await expect(send()).rejects.toMatchObject({ kind: 'unknown' })
      await expect(send()).resolves.toEqual({ messageId: id })
      expect(sessions).toHaveLength(2)
    },
  )

  test('a call that is cut on a connection that stood is unknown, and what may be dead is not used again', async () => {
    const own = new AbortController()
    const held: ServerHttp2Stream[] = []
    const { baseUrl, sessions } = await server((stream, count) => {
      if (count === 1 || count > 3) return answer(stream)
      held.push(stream)
      if (count === 3) own.abort()
    })
    const send = sender(baseUrl)
    await send()
    const [other, cut] = [send(), send(own.signal)]
    await expect(cut).rejects.toMatchObject({ kind: 'unknown' })
    await expect(send()).resolves.toEqual({ messageId: id })
    expect(sessions).toHaveLength(2)
    const gone = once(sessions[0]!, 'close')
    answer(held[0]!)
    await expect(other).resolves.toEqual({ messageId: id })
    await gone
  })

  test('what Apple says that it has not looked at was not sent', async () => {
    const { baseUrl } = await server((stream, count, session) => {
      if (count === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM)
      else if (count === 3) session.goaway(constants.NGHTTP2_NO_ERROR, 3)
      else answer(stream)
    })
    const send = sender(baseUrl)
    await expect(send()).rejects.toMatchObject({ kind: 'transient' })
    await expect(send()).resolves.toEqual({ messageId: id })
    await expect(send()).rejects.toMatchObject({ kind: 'transient' })
  })

  test('a call under way keeps the process alive, also when another connection has ended', async () => {
    const streams: ServerHttp2Stream[] = []
    const { baseUrl } = await server((stream, count, session) => {
      streams.push(stream)
      if (count === 2) {
        session.goaway(constants.NGHTTP2_NO_ERROR, stream.id)
        answer(stream)
      } else if (count === 3) {
        streams[0]!.session!.once('close', () => setTimeout(() => stream.destroyed || answer(stream), 100))
        answer(streams[0]!)
      }
    })
    const script = fileURLToPath(new URL('./apns/three-calls.ts', import.meta.url))
    const child = spawn(process.execPath, ['--conditions=@omnicascade/source', script, baseUrl, key])
    expect([await once(child, 'exit'), streams.length]).toEqual([[0, null], 3])
  })

  test('a server that speaks no TLS where it is expected is named', async () => {
    const { baseUrl } = await vendor()
    await expect(sender(baseUrl.replace('http:', 'https:'))()).rejects.toMatchObject({
      kind: 'configuration',
      vendorCode: 'ERR_SSL_WRONG_VERSION_NUMBER',
    })
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
    [{ text: 'Hi', data: { aps: 'x' } }, 'data.aps'],
    [
      { text: 'Hi', vendor: { apns: { headers: { 'apns-collapse-id': 'x'.repeat(65) } } } },
      'vendor.apns.headers.apns-collapse-id',
    ],
    [{ text: 'Hi', vendor: { apns: { headers: { 'apns-priority': true } } } }, 'vendor.apns.headers.apns-priority'],
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
