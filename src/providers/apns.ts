import type { PushContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { fieldsOf } from '../wire/json.ts'
import { isPrivateKey, jwtSigner } from '../wire/jwt.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, clockRule, isHttpUrl, isText } from '../wire/options.ts'
import { checkPush, dataOf, isApnsToken, ttlOf } from '../wire/push.ts'
import { reasonIn, resultOf } from './apns/answer.ts'
import { createConnection } from './apns/connection.ts'

/** Options of `apns`. */
export interface ApnsOptions {
  /** The key of the developer account, `AuthKey_….p8`: PEM. */
  readonly key: string
  /** The key's id, 10 characters. */
  readonly keyId: string
  /** The team's id, 10 characters. */
  readonly teamId: string
  /** The app's bundle id: `apns-topic`. */
  readonly topic: string
  /** Default `https://api.push.apple.com`; `https://api.sandbox.push.apple.com` for apps under development. */
  readonly baseUrl?: string
  readonly name?: string
  readonly limits?: ProviderLimits
  /** By default the machine's. */
  readonly clock?: Clock
}

const longest = 4096
const longestTtl = 2_592_000
// Apple refuses tokens that are over an hour old, and those that are renewed more often than every 20 minutes.
const tokenLife = 50 * 60_000
const youngest = 20 * 60_000

/**
 * Sends to Apple's devices (APNs over HTTP/2, with a token of ES256). APNs reports no deliveries. `url` and `data` stand beside `aps`; fields of
 * `content.vendor.apns` join the payload, `headers` among them the request's (`apns-collapse-id`, `apns-push-type`).
 * Source: developer.apple.com, Sending notification requests to APNs.
 */
export function apns(options: ApnsOptions): ChannelProvider<'push'> {
  checkApnsOptions(options)
  const {
    key,
    keyId,
    teamId,
    topic,
    baseUrl = 'https://api.push.apple.com',
    name = 'apns',
    limits,
    clock = systemClock,
  } = options
  const connection = createConnection(baseUrl)
  let made: Made | undefined

  function current(): Made {
    const now = clock.now()
    if (made === undefined || now >= made.at + tokenLife || now < made.at)
      made = {
        token: jwtSigner('ES256', key).then((sign) => sign({ iss: teamId, iat: Math.floor(now / 1000) }, { kid: keyId })),
        at: now,
      }
    return made
  }

  return {
    name,
    channels: ['push'],
    receipts: 'none',
    ...(limits && { limits }),
    accepts: isApnsToken,
    async send({ to, content, within }, { signal }) {
      if (!isApnsToken(to)) throw new SendError('recipient', 'APNs takes device tokens, hexadecimal digits, and this is none')
      const { headers: own, ...vendor } = content.vendor?.apns ?? {}
      const payload = mergeFields(vendor, payloadOf(content))
      checkPush(content, payload, 'APNs', longest)
      const expiration = Math.floor(clock.now() / 1000) + ttlOf(within, longestTtl)
      const headers = {
        'apns-push-type': 'alert',
        'apns-priority': '10',
        ...textsOf(own),
        'apns-topic': topic,
        'apns-expiration': String(expiration),
        'content-type': 'application/json',
      }
      const call = async ({ token }: Made) => {
        const authorization = `bearer ${await token.catch(unreadable)}`
        return connection.call(`/3/device/${to}`, { ...headers, authorization }, JSON.stringify(payload), signal)
      }
      const first = current()
      const answer = await call(first)
      if (reasonIn(answer.body) !== 'ExpiredProviderToken') return resultOf(answer)
      // Where Apple's clock is ahead of this one: once more with a new token, if it is time for one.
      if (made === first && clock.now() >= first.at + youngest) made = undefined
      const next = current()
      return resultOf(next === first ? answer : await call(next))
    },
    close: connection.close,
  }
}

/** A token, and when it was made: Unix milliseconds. */
interface Made {
  readonly token: Promise<string>
  readonly at: number
}

function unreadable(): never {
  throw new SendError('configuration', 'the key of APNs cannot be read: it must be the .p8 file that Apple gave')
}

function checkApnsOptions(options: ApnsOptions): void {
  checkNames('apns', options, ['key', 'keyId', 'teamId', 'topic', 'baseUrl', 'name', 'limits', 'clock'])
  const { key, keyId, teamId, topic, baseUrl, clock = systemClock }: Partial<ApnsOptions> = options ?? {}
  checkOptions('apns', [
    ['key', key, isPrivateKey(key), 'be the content of the .p8 file, with its line breaks'],
    ['keyId', keyId, isText(keyId, /^[A-Z\d]{10}$/), 'be the 10 characters of the key'],
    ['teamId', teamId, isText(teamId, /^[A-Z\d]{10}$/), 'be the 10 characters of the team'],
    ['topic', topic, isText(topic, /^[\w.-]+$/), "be the app's bundle id"],
    ['baseUrl', baseUrl, baseUrl === undefined || isHttpUrl(baseUrl), 'be an absolute http or https URL'],
    clockRule(clock),
  ])
}

function payloadOf(content: PushContent): JsonObject {
  const { title, text, imageUrl, data } = content
  if (data !== undefined && Object.hasOwn(data, 'aps'))
    throw new SendError('content', 'a datum cannot be named aps: that is where Apple looks', { field: 'data.aps' })
  return {
    ...dataOf(content),
    // The app's notification service extension fetches it, if there is one.
    ...(imageUrl !== undefined && { imageUrl }),
    aps: {
      alert: { ...(title !== undefined && { title }), body: text },
      ...(imageUrl !== undefined && { 'mutable-content': 1 }),
    },
  }
}

/** The app's own fields of the request, `apns-…`. */
function textsOf(headers: unknown): Record<string, string> {
  const named = Object.entries(fieldsOf(headers)).filter(([field]) => /^apns-[a-z-]+$/.test(field))
  return Object.fromEntries(
    named.map(([field, value]) => {
      const text = typeof value === 'number' ? String(value) : value
      if (isText(text, /^[\x20-\x7e]{1,64}$/)) return [field, text]
      throw new SendError('content', `${field} must be 1 to 64 characters of ASCII`, { field: `vendor.apns.headers.${field}` })
    }),
  )
}
