import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto'
import { apns } from 'omnicascade/providers/apns'
import { expo } from 'omnicascade/providers/expo'
import { fcm } from 'omnicascade/providers/fcm'
import { webPush } from 'omnicascade/providers/web-push'
import webpush from 'web-push'
import { carried, json, requestFor, type Subject } from './subject.ts'

const pem = { format: 'pem', type: 'pkcs8' } as const
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString()
const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString()
const vapid = { ...webpush.generateVAPIDKeys(), subject: 'mailto:push@example.org' }
const browser = createECDH('prime256v1')
browser.generateKeys()

const content = { title: 'Hi', text: 'Hello', imageUrl: carried.imageUrl, url: carried.link, data: { order: '17' } }
/** The longest line of a PEM is enough to know the key by. */
const lineOf = (key: string) => key.split('\n')[2]!
const at = (baseUrl: string | undefined) => (baseUrl === undefined ? {} : { baseUrl })

/** A browser's subscription, at an endpoint. */
export const subscriptionAt = (endpoint: string) => ({
  endpoint,
  keys: { p256dh: browser.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') },
})
export { vapid }

/** Push services. */
export const pushSubjects: readonly Subject[] = [
  {
    name: 'fcm',
    secrets: [lineOf(rsaKey), 'fcm-acc3ss-t0ken'],
    create: (baseUrl) =>
      fcm({
        serviceAccount: {
          project_id: 'shop',
          client_email: 'push@shop.iam.gserviceaccount.com',
          private_key: rsaKey,
          ...(baseUrl !== undefined && { token_uri: `${baseUrl}/token` }),
        },
        ...at(baseUrl),
      }),
    requests: [requestFor('push', 'fcm-d3vice-t0ken:APA91b', content)],
    hosts: ['fcm.googleapis.com', 'oauth2.googleapis.com'],
    logIn: (url) =>
      url.pathname.endsWith('/token') ? json({ access_token: 'fcm-acc3ss-t0ken', expires_in: 3600 }, 200) : undefined,
    refusal: (words) =>
      json(
        { error: { code: 401, status: 'UNAUTHENTICATED', message: words, details: [{ errorCode: words, '@type': words }] } },
        401,
      ),
  },
  {
    name: 'apns',
    over: 'http2',
    secrets: [lineOf(ecKey)],
    create: (baseUrl) =>
      apns({ key: ecKey, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', topic: 'org.example.shop', ...at(baseUrl) }),
    requests: [requestFor('push', 'ab'.repeat(32), content)],
    hosts: ['api.push.apple.com'],
    refusal: (words) => json({ reason: words }, 403),
  },
  {
    name: 'webPush',
    secrets: [vapid.privateKey],
    create: (baseUrl) => webPush({ vapid, ...at(baseUrl) }),
    requests: [requestFor('push', subscriptionAt('https://fcm.googleapis.com/fcm/send/c4p4bility'), content)],
    hosts: ['fcm.googleapis.com'],
    refusal: (words) => new Response(words, { status: 401 }),
  },
  {
    name: 'expo',
    secrets: ['exp0-access-t0ken'],
    create: (baseUrl) => expo({ accessToken: 'exp0-access-t0ken', ...at(baseUrl) }),
    requests: [requestFor('push', 'ExponentPushToken[d3vice0123456789]', content)],
    hosts: ['exp.host'],
    refusal: (words) => json({ errors: [{ code: 'UNAUTHORIZED', message: words, details: { error: words } }] }, 401),
  },
]
