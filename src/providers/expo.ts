import type { PushContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { ChannelProvider, PollRequest, ProviderLimits, SendResult } from '../contract/provider.ts'
import type { Receipt } from '../contract/receipt.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf, isObject } from '../wire/json.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import { checkPush, dataOf, isExpoToken, ttlOf } from '../wire/push.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

/** Options of `expo`. */
export interface ExpoOptions extends HttpOptions {
  /** Needed where the project has enhanced security switched on. */
  readonly accessToken?: string
  readonly name?: string
  /** Default 600 a second, which is what Expo allows a project. */
  readonly limits?: ProviderLimits
  /** How often receipts are asked for. Default 60 s. */
  readonly pollEvery?: Duration
  /** By default the machine's. */
  readonly clock?: Clock
}

const longest = 4096
const longestTtl = 2_419_200

/**
 * Sends to apps through Expo's push service. It reports failures alone: a receipt that is `ok` says that Apple or Google has taken the message, not that it
 * came. Receipts are polled; silence counts as delivered. Fields of `content.vendor.expo` join the message. Source: expo-server-sdk-node; docs.expo.dev.
 */
export function expo(options: ExpoOptions = {}): ChannelProvider<'push'> {
  checkNames('expo', options, ['accessToken', 'name', 'limits', 'pollEvery', 'clock', 'baseUrl', 'fetch'])
  const { accessToken, clock = systemClock, baseUrl = 'https://exp.host/--/api/v2/push', fetch } = options
  const { name = 'expo', limits = { rate: { count: 600, per: '1s' } }, pollEvery = '60s' } = options
  checkOptions('expo', [
    [
      'accessToken',
      accessToken,
      accessToken === undefined || isText(accessToken, /^[\x21-\x7e]+$/),
      'be an access token, and nothing else',
    ],
    clockRule(clock),
  ])
  const http = createHttp('Expo', { baseUrl, fetch })
  const headers = { accept: 'application/json', ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }) }
  return {
    name,
    channels: ['push'],
    receipts: 'failures',
    limits,
    pollEvery,
    accepts: isExpoToken,
    async send({ to, content, within }, { signal }) {
      if (!isExpoToken(to))
        throw new SendError('recipient', 'Expo takes tokens of its own, ExponentPushToken[…], and this is none')
      const message = mergeFields(content.vendor?.expo ?? {}, { ...messageOf(content), ttl: ttlOf(within, longestTtl) })
      checkPush(content, message, 'Expo', longest)
      return ticketOf(await http('send', { headers, json: [{ ...message, to }], signal }), [accessToken, to])
    },
    async poll(messages, { signal }) {
      const ids = messages.flatMap(({ messageId }: PollRequest) => messageId ?? [])
      const answer = await http('getReceipts', { headers, json: { ids }, signal })
      const { data: all } = fieldsOf(answer.json)
      if (!answer.ok || !isObject(all)) throw unexpectedAnswer('Expo', answer)
      const at = clock.now()
      return ids.flatMap((id) => receiptOf(name, id, fieldsOf(all[id]), at) ?? [])
    },
  }
}

function messageOf(content: PushContent): JsonObject {
  const { title, text, imageUrl } = content
  const data = dataOf(content)
  return {
    ...(title !== undefined && { title }),
    body: text,
    ...(Object.keys(data).length > 0 && { data }),
    ...(imageUrl !== undefined && { richContent: { image: imageUrl } }),
  }
}

const kinds: ReadonlyMap<string, FailureKind> = new Map([
  ['DeveloperError', 'configuration'],
  ['DeviceNotRegistered', 'recipient'],
  ['ExpoError', 'transient'],
  ['InvalidCredentials', 'configuration'],
  ['MessageRateExceeded', 'transient'],
  ['MessageTooBig', 'content'],
  ['MismatchSenderId', 'configuration'],
  ['ProviderError', 'transient'],
  ['TOO_MANY_REQUESTS', 'transient'],
  ['UNAUTHORIZED', 'configuration'],
])

/** Each message has a ticket of its own; a call that fails as a whole has none. */
function ticketOf(answer: HttpAnswer, secrets: readonly (string | undefined)[]): SendResult {
  const { data, errors } = fieldsOf(answer.json)
  const ticket = fieldsOf(Array.isArray(data) ? data[0] : undefined)
  if (answer.ok && ticket.status === 'ok' && isText(ticket.id)) return { messageId: ticket.id }
  const failure = answer.ok && ticket.status === 'error' ? ticket : fieldsOf(Array.isArray(errors) ? errors[0] : undefined)
  const code = codeOf(failure)
  if (code === undefined || answer.status >= 500) throw unexpectedAnswer('Expo', answer)
  const kind = kinds.get(code) ?? (answer.ok ? 'content' : kindOfStatus(answer.status))
  throw new SendError(kind, vendorWords(isText(failure.message) ? failure.message : '', secrets) || noReason, {
    code,
    retryAfter: answer.retryAfter,
    field: code === 'MessageTooBig' ? 'text' : undefined,
  })
}

function codeOf({ code, details }: JsonObject): string | undefined {
  const { error = code } = fieldsOf(details as JsonValue)
  return isText(error, /^\w{3,60}$/) ? error : undefined
}

/** Undefined while Expo has not heard from Apple or Google. */
function receiptOf(provider: string, id: string, receipt: JsonObject, at: number): Receipt | undefined {
  const { status } = receipt
  if (status === 'ok') return { provider, keys: [id], status: 'sent', at, raw: 'ok' }
  if (status !== 'error') return undefined
  const code = codeOf(receipt)
  return { provider, keys: [id], status: 'failed', at, raw: 'error', ...(code !== undefined && { reason: code }) }
}
