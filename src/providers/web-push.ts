import webpush, { type RequestDetails, type Urgency } from 'web-push'
import type { WebPushSubscription } from '../contract/channel.ts'
import type { PushContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, urlForm } from '../wire/http.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { isAtHost, isPublicHttps } from '../wire/public-url.ts'
import { checkPush, ttlOf } from '../wire/push.ts'

/** Options of `webPush`. */
export interface WebPushOptions extends Pick<HttpOptions, 'fetch'> {
  /** The application server's keys (VAPID, RFC 8292), as `npx web-push generate-vapid-keys` makes them. */
  readonly vapid: {
    /** Base64url; the one that browsers subscribe with. */
    readonly publicKey: string
    readonly privateKey: string
    /** Whom a push service may write to: `mailto:` or an https URL. */
    readonly subject: string
  }
  /** Default `normal`. */
  readonly urgency?: Urgency
  /** Calls push services here instead of at their own addresses: for a proxy or a test. */
  readonly baseUrl?: string
  /**
   * The push services that may be called, by host; `*.example.org` is every host below it. Subscriptions come from browsers, and so from anyone, who could have the app
   * call what is its neighbour. Default `pushServices`, those of the browsers; `['*']` is any.
   */
  readonly hosts?: readonly string[]
  /** Of those hosts, calls also what is no public https URL. Default false. */
  readonly allowPrivate?: boolean
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * The push services of the browsers: Google's (Chrome, Edge on Android, Opera, Samsung Internet; `jmt17` for builds of Chromium), Mozilla's, Microsoft's and Apple's. Source: the browsers' own code
 * and documentation.
 */
export const pushServices: readonly string[] = [
  'fcm.googleapis.com',
  'android.googleapis.com',
  'jmt17.google.com',
  '*.push.services.mozilla.com',
  '*.notify.windows.com',
  '*.push.apple.com',
]

// 4096 bytes, less the header of RFC 8188 and the tag.
const longest = 3993
const longestTtl = 2_419_200
const urgencies = ['very-low', 'low', 'normal', 'high']

/**
 * Sends to browsers by Web Push (RFC 8030, encrypted by RFC 8291), with the package `web-push` (3.6 or later, a peer dependency). The page's service worker
 * gets JSON: `{ title, body, image, url, data }`, joined with `content.vendor['web-push']`. A push service reports nothing later.
 */
export function webPush(options: WebPushOptions): ChannelProvider<'push'> {
  checkWebPushOptions(options)
  const { vapid, urgency = 'normal', baseUrl, hosts = pushServices, allowPrivate = false, limits, fetch } = options
  const { name = 'web-push' } = options
  return {
    name,
    channels: ['push'],
    receipts: 'none',
    ...(limits && { limits }),
    accepts: (address) => typeof address === 'object' && address !== null,
    async send({ to, content, within }, { signal }) {
      const subscription = subscriptionOf(to, hosts, allowPrivate)
      const { endpoint, headers, body } = encrypted(subscription, payloadOf(content), {
        vapidDetails: vapid,
        TTL: ttlOf(within, longestTtl),
        urgency,
        contentEncoding: 'aes128gcm',
      })
      const { pathname, search } = new URL(endpoint)
      const url = baseUrl === undefined ? endpoint : `${baseUrl.replace(/\/+$/, '')}${pathname}${search}`
      const http = createHttp('the push service', { baseUrl: url, fetch }, 'the endpoint')
      // The length is fetch's own to count.
      const { 'Content-Length': _, ...fields } = headers
      return resultOf(await http('', { headers: fields, body: new Uint8Array(body), signal }))
    },
  }
}

function checkWebPushOptions(options: WebPushOptions): void {
  checkNames('webPush', options, ['vapid', 'urgency', 'baseUrl', 'hosts', 'allowPrivate', 'name', 'limits', 'fetch'])
  const {
    vapid,
    urgency = 'normal',
    baseUrl,
    hosts = pushServices,
    allowPrivate = false,
  }: Partial<WebPushOptions> = options ?? {}
  const areHosts = Array.isArray(hosts) && hosts.length > 0 && hosts.every((host) => isText(host, /^(\*|(\*\.)?[a-z\d.-]+)$/))
  checkOptions('webPush', [
    ['vapid.publicKey', vapid?.publicKey, isText(vapid?.publicKey, /^[\w-]{87}$/), 'be 65 bytes in base64url, without padding'],
    [
      'vapid.privateKey',
      vapid?.privateKey,
      isText(vapid?.privateKey, /^[\w-]{43}$/),
      'be 32 bytes in base64url, without padding',
    ],
    ['vapid.subject', vapid?.subject, isText(vapid?.subject, /^(mailto:\S+@\S+|https:\/\/\S+)$/), 'be mailto:… or an https URL'],
    ['urgency', urgency, urgencies.includes(urgency), `be one of ${urgencies.join(', ')}`],
    ['baseUrl', baseUrl, baseUrl === undefined || isHttpUrl(baseUrl), urlForm],
    ['hosts', hosts, areHosts, "be names of hosts in small letters, '*.' before those that stand for all below"],
    ['allowPrivate', allowPrivate, typeof allowPrivate === 'boolean', 'be true or false'],
  ])
}

function subscriptionOf(to: SendRequest['to'], hosts: readonly string[], allowPrivate: boolean): WebPushSubscription {
  const { endpoint, keys } = typeof to === 'object' ? to : ({} as Partial<WebPushSubscription>)
  if (!isText(endpoint) || !isText(keys?.p256dh) || !isText(keys?.auth))
    throw new SendError('recipient', "Web Push takes a browser's subscription, and this is none")
  if (!isHttpUrl(endpoint) || !(allowPrivate || isPublicHttps(endpoint)))
    throw new SendError('recipient', "the subscription's endpoint is no public https URL: it is not called", { code: 'ENDPOINT' })
  // Neither a reason to give up the person, nor to stop what goes to others: the app may yet name the host.
  if (!isAtHost(hosts, endpoint))
    throw new SendError('content', "the subscription's push service is none of `hosts`: it is not called", { code: 'HOST' })
  return { endpoint, keys }
}

function payloadOf(content: PushContent): string {
  const { title, text, imageUrl, url, data, vendor } = content
  const payload = {
    ...vendor?.['web-push'],
    ...(title !== undefined && { title }),
    body: text,
    ...(imageUrl !== undefined && { image: imageUrl }),
    ...(url !== undefined && { url }),
    ...(data !== undefined && { data }),
  }
  checkPush(content, payload, 'Web Push', longest)
  return JSON.stringify(payload)
}

/** Keys that are none are found out here: what the library says of them would repeat them. */
function encrypted(
  subscription: WebPushSubscription,
  payload: string,
  options: Parameters<typeof webpush.generateRequestDetails>[2],
): RequestDetails & { body: Buffer } {
  try {
    const details = webpush.generateRequestDetails(subscription, payload, options)
    return { ...details, body: details.body ?? Buffer.alloc(0) }
  } catch {
    throw new SendError(
      'recipient',
      "the subscription's keys cannot be used: p256dh must be a point of P-256, auth 16 bytes or more",
    )
  }
}

/** RFC 8030, 5: 201, with the message's own URL. */
function resultOf({ status, ok, headers, retryAfter }: HttpAnswer): SendResult {
  const location = headers.get('location')
  if (ok) return location === null ? {} : { messageId: location }
  // A subscription that is over is answered 410, and by some services 404; whoever is not let in has the wrong keys,
  // which is about this subscription alone: the browser may have subscribed with older ones, and the endpoint may be anybody's.
  const kind = status === 404 || status === 410 ? 'recipient' : kindOfStatus(status)
  throw new SendError(kind === 'configuration' ? 'content' : kind, words[status] ?? 'the push service refused the message', {
    code: status,
    retryAfter,
    field: status === 413 ? 'text' : undefined,
  })
}

const words: Readonly<Record<number, string>> = {
  400: 'the push service refused the request: look at the VAPID keys and their subject',
  401: 'the push service refused the VAPID keys',
  403: 'the push service refused the VAPID keys: the browser subscribed with others',
  404: 'there is no such subscription, or no longer',
  410: 'the subscription is over',
  413: 'the notification is too large',
  429: 'too many requests',
}
