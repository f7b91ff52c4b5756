import type { Address } from '../contract/channel.ts'
import type { PushContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { isPrivateKey } from '../wire/jwt.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, clockRule, isHttpUrl, isText } from '../wire/options.ts'
import { checkPush, dataOf, isApnsToken, isExpoToken, ttlOf } from '../wire/push.ts'
import { noReason, vendorWords } from '../wire/redact.ts'
import { createAccessTokens } from './fcm/token.ts'

/** What is used of a service account's JSON file. */
export interface FcmServiceAccount {
  readonly project_id: string
  readonly client_email: string
  readonly private_key: string
  readonly token_uri?: string
}

/** Options of `fcm`. */
export interface FcmOptions extends HttpOptions {
  /** The JSON file of a service account, parsed. */
  readonly serviceAccount: FcmServiceAccount
  readonly name?: string
  readonly limits?: ProviderLimits
  /** By default the machine's. */
  readonly clock?: Clock
}

const longestTtl = 2_419_200
const longest = 4096
// In milliseconds; firebase.google.com, Best practices when sending FCM messages at scale.
const waitAfter429 = 60_000
const shortestWait = 10_000

/**
 * Sends to devices and browsers through Firebase Cloud Messaging (HTTP v1). FCM reports no deliveries. `url` goes to browsers as the link, and to apps as the
 * datum `url`. Fields of `content.vendor.fcm` join the message (`android`, `apns`, `webpush`). Source: firebase.google.com, FCM HTTP v1 API.
 */
export function fcm(options: FcmOptions): ChannelProvider<'push'> {
  checkNames('fcm', options, ['serviceAccount', 'name', 'limits', 'clock', 'baseUrl', 'fetch'])
  const { serviceAccount, clock = systemClock, baseUrl = 'https://fcm.googleapis.com', fetch } = options
  const {
    project_id: project,
    client_email: email,
    private_key: key,
    token_uri: tokenUrl = 'https://oauth2.googleapis.com/token',
  } = serviceAccount ?? {}
  checkOptions('fcm', [
    [
      'serviceAccount.project_id',
      project,
      isText(project, /^[\w:.-]+$/),
      'be the id of the project, as in the JSON file of a service account',
    ],
    ['serviceAccount.client_email', email, isText(email, /^[^@\s]+@[^@\s]+$/), 'be the address of the service account'],
    [
      'serviceAccount.private_key',
      key,
      isPrivateKey(key),
      'be a private key in PEM, its line breaks as they are in the JSON file',
    ],
    ['serviceAccount.token_uri', tokenUrl, isHttpUrl(tokenUrl), 'be an absolute URL'],
    clockRule(clock),
  ])
  const { name = 'fcm', limits } = options
  const http = createHttp('FCM', { baseUrl, fetch })
  const tokens = createAccessTokens(
    createHttp('Google', { baseUrl: tokenUrl, fetch }, 'serviceAccount.token_uri'),
    tokenUrl,
    email,
    key,
    clock,
  )
  return {
    name,
    channels: ['push'],
    receipts: 'none',
    ...(limits && { limits }),
    accepts: isFcmToken,
    async send({ to, content, within }, { signal }) {
      const device = deviceOf(to)
      const message = mergeFields(content.vendor?.fcm ?? {}, messageOf(content, ttlOf(within, longestTtl), clock.now()))
      checkPush(content, { ...message, android: undefined, apns: undefined, webpush: undefined }, 'FCM', longest)
      const call = async (token: string) =>
        http(`v1/projects/${project}/messages:send`, {
          headers: { authorization: `Bearer ${token}` },
          json: { message: { ...message, token: device } },
          signal,
        })
      let token = await tokens.token(signal)
      let answer = await call(token)
      if (answer.status === 401) {
        // It may have been revoked: once more with a new one.
        tokens.forget(token)
        token = await tokens.token(signal)
        answer = await call(token)
      }
      return resultOf(answer, [token, device])
    },
  }
}

function isFcmToken(address: Address | undefined): address is string {
  return typeof address === 'string' && !isExpoToken(address) && !isApnsToken(address)
}

function deviceOf(to: SendRequest['to']): string {
  if (isFcmToken(to) && /^\S{10,4096}$/.test(to)) return to
  throw new SendError('recipient', 'FCM takes a registration token, and this is none')
}

function messageOf(content: PushContent, ttl: number, now: number): JsonObject {
  const { title, text, imageUrl, url } = content
  const data = dataOf(content)
  return {
    notification: { ...(title !== undefined && { title }), body: text, ...(imageUrl !== undefined && { image: imageUrl }) },
    ...(Object.keys(data).length > 0 && { data }),
    android: { ttl: `${ttl}s`, priority: 'HIGH' },
    apns: { headers: { 'apns-expiration': String(Math.floor(now / 1000) + ttl) } },
    webpush: { headers: { TTL: String(ttl) }, ...(url?.startsWith('https:') && { fcm_options: { link: url } }) },
  }
}

const kinds: Readonly<Record<string, FailureKind>> = {
  INTERNAL: 'transient',
  NOT_FOUND: 'recipient',
  PERMISSION_DENIED: 'configuration',
  QUOTA_EXCEEDED: 'transient',
  RESOURCE_EXHAUSTED: 'transient',
  // A device of another project, or the wrong service account: neither is a reason to give up a person, or everybody else.
  SENDER_ID_MISMATCH: 'content',
  THIRD_PARTY_AUTH_ERROR: 'configuration',
  UNAUTHENTICATED: 'configuration',
  UNAVAILABLE: 'transient',
  UNREGISTERED: 'recipient',
}

/** Google's errors have a status, and FCM's own code among the details. */
function resultOf(answer: HttpAnswer, secrets: readonly string[]): SendResult {
  const { name, error } = fieldsOf(answer.json)
  if (answer.ok && isText(name, /^projects\/\S+\/messages\/\S+$/)) return { messageId: name }
  const { status, message, details } = fieldsOf(error)
  const all = Array.isArray(details) ? details.map((detail: JsonValue) => fieldsOf(detail)) : []
  const code = all.map(({ errorCode }) => errorCode).find((one) => isText(one, /^[A-Z_]{2,60}$/)) ?? status
  if (answer.ok || !isText(code, /^[A-Z_]{2,60}$/) || answer.status === 504) throw unexpectedAnswer('FCM', answer)
  const words = isText(message) ? message : ''
  const isToken = code === 'INVALID_ARGUMENT' && (/registration token/i.test(words) || all.some(blamesToken))
  const kind = isToken ? 'recipient' : (kinds[code] ?? kindOfStatus(answer.status))
  const wait = kind !== 'transient' ? undefined : answer.status === 429 ? waitAfter429 : shortestWait
  throw new SendError(kind, vendorWords(words, secrets) || noReason, { code, retryAfter: answer.retryAfter ?? wait })
}

function blamesToken({ fieldViolations }: JsonObject): boolean {
  return Array.isArray(fieldViolations) && fieldViolations.some((one) => fieldsOf(one).field === 'message.token')
}
