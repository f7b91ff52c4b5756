import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto'
import { createRequire } from 'node:module'
import { webPush } from 'omnicascade/providers/web-push'
import { type Answer, providerContract } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import webpush from 'web-push'
import type { PushContent } from '../../src/contract/content.ts'
import { startVendor } from '../../src/testing/http/vendor.ts'
import { cases } from '../support/cases.ts'
import { pushFor } from '../support/push.ts'
import { thrownBy } from './failures.ts'

// It has no types.
const ece = createRequire(import.meta.url)('http_ece') as { decrypt(body: Buffer, options: object): Buffer }

const vapid = { ...webpush.generateVAPIDKeys(), subject: 'mailto:push@example.org' }
const browser = createECDH('prime256v1')
browser.generateKeys()
const auth = randomBytes(16)
const endpoint = 'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABs3cret?x=1'
const subscription = { endpoint, keys: { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') } }
const message = 'https://updates.push.services.mozilla.com/m/1'
const taken: Answer = () => new Response(null, { status: 201, headers: { location: message } })
const says =
  (status: number, body = `no ${endpoint}`): Answer =>
  () =>
    new Response(body, { status })

cases(
  'webPush, as every provider',
  providerContract({
    create: (wire) => webPush({ vapid, ...wire }),
    request: pushFor({ title: 'Hi', text: 'Hello' }, subscription),
    success: { answer: taken, result: { messageId: message } },
    failures: {
      'a subscription that is over': { answer: says(410), kind: 'recipient', code: '410' },
      'a subscription that there is none of': { answer: says(404), kind: 'recipient', code: '404' },
      'headers that are wrong': { answer: says(400, 'UnauthorizedRegistration'), kind: 'content', code: '400' },
      'keys that are wrong': { answer: says(401), kind: 'content', code: '401' },
      'keys of another': { answer: says(403), kind: 'content', code: '403' },
      'a notification that is too large': { answer: says(413), kind: 'content', code: '413', field: 'text' },
    },
    secrets: [vapid.privateKey, 'gAAAAABs3cret'],
    bodyless: true,
  }),
)

describe('webPush', () => {
  const context = { signal: new AbortController().signal }

  /** What the browser's push service gets, and what the browser makes of it. */
  const pushed = async (content: PushContent, options = {}, within?: number) => {
    const calls: { request: Request; url: URL; body: Buffer }[] = []
    const vendor = await startVendor(async ({ request, url }) => {
      calls.push({ request, url, body: Buffer.from(await request.arrayBuffer()) })
      return new Response(null, { status: 201 })
    })
    try {
      const provider = webPush({ vapid, baseUrl: vendor.baseUrl, ...options })
      expect(await provider.send(pushFor(content, subscription, within), context)).toEqual({})
    } finally {
      await vendor.close()
    }
    const [{ request, url, body }] = calls as [(typeof calls)[0]]
    const plain = ece.decrypt(body, { version: 'aes128gcm', privateKey: browser, authSecret: auth.toString('base64url') })
    return { headers: request.headers, path: url.pathname + url.search, body, payload: JSON.parse(plain.toString()) as unknown }
  }

  test('the decryption that these tests use reads the message of RFC 8291, section 5', () => {
    const receiver = createECDH('prime256v1')
    receiver.setPrivateKey('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94', 'base64url')
    const body =
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN'
    const plain = ece.decrypt(Buffer.from(body, 'base64url'), {
      version: 'aes128gcm',
      privateKey: receiver,
      authSecret: 'BTBZMqHH6r4Tts7J_aSIgg',
    })
    expect(plain.toString()).toBe('When I grow up, I want to be a watermelon')
  })

  test('sends what the browser alone can read, for as long as the step waits', async () => {
    const content = {
      title: 'Hi',
      text: 'Žluť 🙂',
      imageUrl: 'https://example.org/a.png',
      url: 'https://example.org/1',
      data: { order: '17' },
    }
    const { headers, path, body, payload } = await pushed({ ...content, vendor: { 'web-push': { tag: 'order', body: 'x' } } })
    expect(payload).toEqual({
      title: 'Hi',
      body: 'Žluť 🙂',
      image: 'https://example.org/a.png',
      url: 'https://example.org/1',
      data: { order: '17' },
      tag: 'order',
    })
    expect(path).toBe('/wpush/v2/gAAAAABs3cret?x=1')
    expect(body.toString()).not.toContain('Žluť')
    expect(Object.fromEntries(headers)).toMatchObject({
      ttl: '60',
      urgency: 'normal',
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
    })
  })

  test('proves who sends: VAPID for the origin of the endpoint, signed with its key', async () => {
    const { headers } = await pushed({ text: 'Hi' }, { urgency: 'high' }, 60 * 86_400_000)
    expect([headers.get('urgency'), headers.get('ttl')]).toEqual(['high', '2419200'])
    const [, token = '', key = ''] = /^vapid t=(\S+), k=(\S+)$/.exec(headers.get('authorization') ?? '') ?? []
    expect(key).toBe(vapid.publicKey)
    const [header, claims, signature] = token.split('.') as [string, string, string]
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: 'https://updates.push.services.mozilla.com',
      sub: 'mailto:push@example.org',
    })
    const point = Buffer.from(vapid.publicKey, 'base64url')
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    }
    const publicKey = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  test.each([
    ['a token', 'token'],
    ['an endpoint inside', { ...subscription, endpoint: 'https://169.254.169.254/latest/meta-data' }],
    ['an endpoint in the clear', { ...subscription, endpoint: 'http://updates.push.services.mozilla.com/x' }],
    ['an endpoint with a fragment', { ...subscription, endpoint: `${endpoint}#x` }],
    ['an endpoint that is no URL', { ...subscription, endpoint: 'updates.push.services.mozilla.com' }],
    ['a name that leads inside', { ...subscription, endpoint: 'https://redis.internal/x' }],
    [
      'a key that is no point',
      { ...subscription, keys: { ...subscription.keys, p256dh: Buffer.alloc(65, 4).toString('base64url') } },
    ],
    ['a secret that is too short', { ...subscription, keys: { ...subscription.keys, auth: 'YQ' } }],
    ['no keys', { endpoint } as never],
  ])('refuses %s before it calls', async (_, to) => {
    let calls = 0
    const fetch = () => {
      calls++
      return Promise.reject(new Error('called'))
    }
    await expect(webPush({ vapid, fetch }).send(pushFor({ text: 'Hi' }, to), context)).rejects.toMatchObject({
      kind: 'recipient',
    })
    expect(calls).toBe(0)
  })

  test.each(['nonsense', 'ftp://push.example.org/x', 'http://push.example.org/#x'])(
    'calls no %s, whatever it was told to',
    async (to) => {
      const sending = webPush({ vapid, allowPrivate: true }).send(
        pushFor({ text: 'Hi' }, { ...subscription, endpoint: to }),
        context,
      )
      await expect(sending).rejects.toMatchObject({ kind: 'recipient', vendorCode: 'ENDPOINT' })
    },
  )

  test('calls what is inside where it was told to', async () => {
    const vendor = await startVendor(taken)
    try {
      const to = { ...subscription, endpoint: `${vendor.baseUrl}/x` }
      const provider = webPush({ vapid, hosts: ['127.0.0.1'], allowPrivate: true })
      await expect(provider.send(pushFor({ text: 'Hi' }, to), context)).resolves.toEqual({
        messageId: message,
      })
    } finally {
      await vendor.close()
    }
  })

  test.each([
    [{ text: '' }, 'text'],
    [{ text: 'x'.repeat(3990) }, 'text'],
  ])('refuses content before it calls (%#)', async (content, field) => {
    await expect(webPush({ vapid }).send(pushFor(content, subscription), context)).rejects.toMatchObject({
      kind: 'content',
      field,
    })
  })

  test('accepts subscriptions, and no tokens', () => {
    expect([subscription, 'token'].map((to) => webPush({ vapid }).accepts?.(to))).toEqual([true, false])
  })

  test.each([
    {},
    { vapid: { ...vapid, publicKey: 'x' } },
    { vapid: { ...vapid, privateKey: '' } },
    { vapid: { ...vapid, subject: 'push@example.org' } },
    { vapid, urgency: 'now' },
    { vapid, hosts: [] },
    { vapid, hosts: ['https://push.example.org'] },
    { vapid, ttl: 1 },
    { vapid, baseUrl: 'push.example.org' },
    undefined,
  ])('refuses options that cannot work (%#)', (options) => {
    const error = thrownBy(() => webPush(options as never))
    expect(error.message).toMatch(/^webPush: /)
    expect(error.message).not.toContain(vapid.privateKey)
  })
})
