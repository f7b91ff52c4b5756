import { HttpResponse, http } from 'msw'
import { sesWebhook } from 'omnicascade/providers/ses'
import { pushServices, webPush } from 'omnicascade/providers/web-push'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'
import { signSesWebhook, snsKeys } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { subjects } from './subjects/all.ts'
import { subscriptionAt, vapid } from './subjects/push.ts'
import { noon } from './subjects/sources.ts'
import { requestFor } from './subjects/subject.ts'
import { nothing, sendAt, theWorld } from './support.ts'

const overHttp = subjects.filter(({ over = 'http' }) => over === 'http')

/** Ways to write an address that is nobody's business, and names that are known to lead to one. */
const inside = [
  ...[
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.1',
    '①②⑦.0.0.1',
    '127。0。0。1',
    '127.0.0.1.',
    '0',
    '0.0.0.0',
  ],
  ...[
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ],
  ...[
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
  ],
  ...[
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:7f00:1::]',
    '[::127.0.0.1]',
    '[fc00::1]',
    '[ff02::1]',
    '[2001:db8::1]',
    '[2001::1]',
  ],
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'app.localhost',
    'metadata',
    'metadata.google.internal',
    'db.internal.',
    'kubernetes.default.svc',
  ],
  ...['printer.local', 'nas.lan', 'router.home', 'router.home.arpa', 'intranet', 'wiki.corp', 'localhost.localdomain'],
]

describe('nobody is called but the vendor', () => {
  const world = theWorld()

  test.each(overHttp)('by $name, whatever links, pictures and addresses a message carries', async (subject) => {
    for (const request of subject.requests) {
      const { calls, logIns } = await sendAt(world, subject, request, nothing)
      expect(calls.length).toBeGreaterThan(0)
      for (const { url } of [...calls, ...logIns]) expect(subject.hosts).toContain(url.host)
    }
  })

  test.each(overHttp)('by $name, which follows no redirect', async (subject) => {
    for (const status of [301, 302, 303, 307, 308])
      for (const location of [
        'https://elsewhere.example/',
        `https://${subject.hosts[0]}/elsewhere`,
        'http://169.254.169.254/latest',
      ]) {
        const { calls, error } = await sendAt(world, subject, subject.requests[0]!, () =>
          HttpResponse.json({}, { status, headers: { location } }),
        )
        expect(calls.map(({ url }) => url.href)).toEqual([calls[0]!.url.href])
        expect(error).toMatchObject({ kind: 'configuration' })
      }
  })

  test.each(overHttp.filter(({ logIn }) => logIn))('by $name, whose log-in follows none either', async (subject) => {
    let calls = 0
    const redirected = {
      ...subject,
      logIn: () => {
        calls++
        return HttpResponse.redirect('https://elsewhere.example/', 307)
      },
    }
    const sent = await sendAt(world, redirected, subject.requests[0]!, nothing)
    expect([calls, sent.calls, sent.logIns.length]).toEqual([1, [], 1])
    expect(sent.error).toMatchObject({ kind: expect.stringMatching(/configuration|transient/) })
  })
})

describe('web push', () => {
  const context = { signal: new AbortController().signal }

  async function called(endpoint: string, options: object = {}): Promise<{ calls: string[]; error: unknown }> {
    const calls: string[] = []
    const fetch = async (request: Request | URL | string) => {
      calls.push(new Request(request).url)
      return new Response(null, { status: 201 })
    }
    const provider = webPush({ vapid, fetch, ...options })
    const error = await provider.send(requestFor('push', subscriptionAt(endpoint), { text: 'Hi' }) as never, context).then(
      () => undefined,
      (failure: unknown) => failure,
    )
    return { calls, error }
  }

  test.each([
    'https://fcm.googleapis.com/fcm/send/x',
    'https://fcm.googleapis.com/wp/x',
    'https://jmt17.google.com/fcm/send/x',
    'https://android.googleapis.com/gcm/send/x',
    'https://updates.push.services.mozilla.com/wpush/v2/x',
    'https://db5p.notify.windows.com/w/?token=x',
    'https://web.push.apple.com/x',
  ])('calls the browsers’ own services: %s', async (endpoint) => {
    expect(await called(endpoint)).toEqual({ calls: [endpoint], error: undefined })
  })

  test.each(inside)('calls no %s, not even where any host is allowed', async (host) => {
    for (const hosts of [pushServices, ['*']])
      expect(await called(`https://${host}/x`, { hosts })).toMatchObject({ calls: [], error: { vendorCode: 'ENDPOINT' } })
  })

  test.each([
    'https://push.example.org/x',
    'https://evil.example/fcm.googleapis.com',
    'https://fcm.googleapis.com.evil.example/x',
    'https://evilfcm.googleapis.com/x',
    'https://push.apple.com.evil.example/x',
    'https://evilpush.apple.com/x',
    'https://127.0.0.1.nip.io/x',
  ])('calls no %s, and gives up neither the person nor the provider for it', async (endpoint) => {
    expect(await called(endpoint)).toMatchObject({ calls: [], error: { kind: 'content', vendorCode: 'HOST' } })
  })

  test.each([
    'https://fcm.googleapis.com@evil.example/x',
    'https://evil.example\\@fcm.googleapis.com/x',
    'https://fcm.googleapis.com:8443/x',
    'http://fcm.googleapis.com/x',
    'https://fcm.googleapis.com/x#y',
    'file://fcm.googleapis.com/etc/passwd',
    'gopher://fcm.googleapis.com/x',
    '//fcm.googleapis.com/x',
  ])('calls nothing for %s', async (endpoint) => {
    expect((await called(endpoint)).calls).toEqual([])
  })

  test('calls what the app names, and what is below it where it says so', async () => {
    expect((await called('https://push.example.org/x', { hosts: ['push.example.org'] })).calls).toHaveLength(1)
    expect((await called('https://a.push.example.org/x', { hosts: ['*.push.example.org'] })).calls).toHaveLength(1)
    expect((await called('https://push.example.org/x', { hosts: ['*.push.example.org'] })).calls).toEqual([])
  })
})

describe('links on the app’s own domain', () => {
  const context = { channel: 'sms', notificationId: 'n1', dryRun: false, signal: new AbortController().signal } as const
  const baseUrl = 'https://go.example.org/'
  const bad = [
    ...inside.flatMap((host) => [`http://${host}/`, `https://${host}:8443/admin`]),
    ...[
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'java\nscript:alert(1)',
      ' https://example.org',
      'data:text/html,<script>1</script>',
    ],
    ...[
      'vbscript:x',
      'file:///etc/passwd',
      'ftp://example.org',
      'intent://x#Intent;end',
      '//evil.example',
      '/relative',
      '',
      'https:evil.example',
    ],
    ...[
      'https://bank.example@evil.example/',
      'https://bank.example:x@evil.example/',
      'https://example.org/\r\nSet-Cookie: a=b',
      'https://\u202eexample.org/ x',
    ],
  ]

  test.each(bad)('are never made of %j', async (url) => {
    const store = memoryLinkStore()
    await expect(storeShortener({ baseUrl, store })(url, context)).rejects.toMatchObject({ code: 'shorten' })
    await expect(storeShortener({ baseUrl, store })(url, { ...context, dryRun: true })).rejects.toMatchObject({ code: 'shorten' })
  })

  test.each(bad)('never lead to %j, whoever put it into the store', async (url) => {
    const store = memoryLinkStore()
    await store.put('abcd', { url, notificationId: 'n1', channel: 'sms', createdAt: 0 })
    const clicks: unknown[] = []
    const { resolve } = storeShortener({ baseUrl, store, onClick: (click) => void clicks.push(click) })
    expect([await resolve('abcd'), clicks]).toEqual([undefined, []])
  })

  test.each([
    'https://example.org/order/1?token=abc#top',
    'http://example.org:8080/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://[::ffff:8.8.8.8]/',
    'https://172.32.0.1/',
    'https://11.0.0.1/',
    'https://xn--bcher-kva.example/',
    'https://local.example.org/',
  ])('lead to %s', async (url) => {
    const shorten = storeShortener({ baseUrl, store: memoryLinkStore() })
    expect(await shorten.resolve((await shorten(url, context)).slice(baseUrl.length))).toBe(new URL(url).href)
  })

  test('lead inside where the app wants them to, and even then to no other scheme', async () => {
    const shorten = storeShortener({ baseUrl, store: memoryLinkStore(), allowPrivate: true })
    expect(await shorten.resolve((await shorten('http://wiki.corp/on-call', context)).slice(baseUrl.length))).toBe(
      'http://wiki.corp/on-call',
    )
    await expect(shorten('javascript:alert(1)', context)).rejects.toMatchObject({ code: 'shorten' })
    await expect(shorten('https://bank.example@evil.example/', context)).rejects.toMatchObject({ code: 'shorten' })
  })

  test('have codes that lead to no other key of the store', async () => {
    const asked: string[] = []
    const store = { put: () => true, get: (code: string) => void asked.push(code) }
    const { resolve } = storeShortener({ baseUrl, store: store as never })
    for (const code of ['../secrets', 'a/b', 'a%2Fb', "a' or 1=1", 'a\nb', '', '.', '__proto__.x'])
      expect(await resolve(code)).toBeUndefined()
    expect(asked).toEqual([])
  })
})

describe('what a message of Amazon SNS asks to be called', async () => {
  const topicArn = 'arn:aws:sns:eu-central-1:123456789012:mail'
  const { certificate, privateKey } = await snsKeys()
  const world = theWorld()

  async function deliver(message: object, signed: object = {}): Promise<string[]> {
    const calls: string[] = []
    world.use(
      http.all('*', ({ request }) => {
        calls.push(request.url)
        return new HttpResponse(certificate)
      }),
    )
    const { body = '' } = await signSesWebhook({
      privateKey,
      body: JSON.stringify({ TopicArn: topicArn, MessageId: 'm', ...message }),
      at: noon,
    })
    const request = {
      method: 'POST',
      url: new URL('https://app.example.org/hooks'),
      headers: new Map<string, string>(),
      body: new TextEncoder().encode(JSON.stringify({ ...(JSON.parse(body) as object), ...signed })),
    }
    const source = sesWebhook({ topicArn })
    await (async () => {
      await source.verify?.(request, noon)
      await source.remember?.(source.parse(request).events)
    })().catch(() => {})
    return calls
  }

  const own = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem'
  const subscribe = { Type: 'SubscriptionConfirmation', Token: 't', Message: 'x' }

  test.each([
    'https://evil.example/SimpleNotificationService-0.pem',
    'https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem',
    'https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0.pem',
    'https://sns.s3-eu-central-1.amazonaws.com/SimpleNotificationService-0.pem',
    'https://sns.s3-website-us-east-1.amazonaws.com/SimpleNotificationService-0.pem',
    'https://sns.execute-api.amazonaws.com/SimpleNotificationService-0.pem',
    'https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0.pem',
    'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem/../../?Action=x',
    'http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem',
    'http://169.254.169.254/latest',
  ])('is not called as a certificate: %s', async (url) => {
    expect(await deliver({ Type: 'Notification', Message: '{}' }, { SigningCertURL: url })).toEqual([])
  })

  test.each([
    'https://evil.example/',
    'http://169.254.169.254/',
    'https://sns.s3-us-west-2.amazonaws.com/?x',
    'https://sns.amazonaws.com.evil.example/',
  ])('is not called as a subscription, signed or not: %s', async (SubscribeURL) => {
    expect(await deliver({ ...subscribe, SubscribeURL })).toEqual([own])
  })

  test('is called where it is Amazon’s and signed, and only then', async () => {
    const SubscribeURL = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t'
    expect(await deliver({ ...subscribe, SubscribeURL })).toEqual([own, SubscribeURL])
    expect(await deliver(subscribe, { SubscribeURL })).toEqual([own])
    expect(await deliver({ ...subscribe, SubscribeURL, TopicArn: `${topicArn}-of-eve` })).toEqual([])
  })
})
