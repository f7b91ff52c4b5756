import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseJson, textOf } from '../../webhooks/json.ts'
import { basicOf } from '../../wire/basic.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { fieldsOf, lookUp, wordOf } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'

/** One event. `type` is Postmark's `RecordType`: `Delivery`, `Bounce`, `Open`, … */
export interface PostmarkEvent {
  readonly event: 'mail' | 'unknown'
  readonly type: string
  readonly messageId?: string
  /** The attempt's key, as the provider sent it. */
  readonly key?: string
  readonly email?: string
  /** Unix milliseconds. */
  readonly at: number
  readonly raw: JsonObject
}

/** User and password in the URL of the webhook. */
export interface PostmarkCredentials {
  readonly username: string
  readonly password: string
}

/** Options of `postmarkWebhook`. */
export interface PostmarkWebhookOptions {
  /** As the webhook's settings have them; several while they are changed. */
  readonly credentials: PostmarkCredentials | readonly PostmarkCredentials[]
  /** Name of the provider. */
  readonly name?: string
}

/**
 * Postmark's webhooks: deliveries, bounces, openings, clicks, complaints and changes of subscription. Postmark signs nothing, but sends the user and password
 * that its settings hold (HTTP Basic). Source: postmarkapp.com/developer/webhooks.
 */
export function postmarkWebhook(options: PostmarkWebhookOptions): WebhookSource<PostmarkEvent> {
  checkNames('postmarkWebhook', options, ['credentials', 'name'])
  const { name: provider = 'postmark' } = options
  const credentials = [options?.credentials ?? []].flat()
  const areCredentials =
    credentials.length > 0 && credentials.every((one) => isText(one?.username, /^[^:]+$/) && isText(one.password))
  checkOptions('postmarkWebhook', [
    ['credentials', options?.credentials, areCredentials, 'be a username, without a colon, and a password'],
  ])
  const accepted = credentials.map(({ username, password }) => basicOf(username, password))
  return {
    provider,
    signature: 'HTTP Basic (shared secret)',
    async verify({ headers }) {
      if (!matchesSecret(headers.get('authorization'), accepted))
        throw new WebhookVerificationError('Authorization is missing or wrong: give the webhook the same username and password')
    },
    parse: ({ body }) => ({ events: [eventOf(parseJson('postmark', textOf('postmark', body)) as JsonValue)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

const times: Readonly<Record<string, string>> = {
  Delivery: 'DeliveredAt',
  Bounce: 'BouncedAt',
  Open: 'ReceivedAt',
  Click: 'ReceivedAt',
  SpamComplaint: 'BouncedAt',
  SubscriptionChange: 'ChangedAt',
}
const statuses: Readonly<Record<string, ReceiptStatus>> = {
  Delivery: 'delivered',
  Bounce: 'failed',
  Open: 'read',
  Click: 'clicked',
}

function eventOf(payload: JsonValue): PostmarkEvent {
  const raw = fieldsOf(payload)
  const { RecordType: type, MessageID: messageId, Metadata: metadata, Recipient: recipient, Email: email = recipient } = raw
  if (typeof type !== 'string') throw new WebhookParseError('postmark', 'must be a text', { path: 'RecordType' })
  const time = lookUp(times, type)
  const at = Date.parse(time === undefined ? '' : wordOf(raw[time]))
  const { omnicascade: key } = fieldsOf(metadata)
  if (time !== undefined && Number.isNaN(at)) throw new WebhookParseError('postmark', 'is no time', { path: time })
  return {
    event: time === undefined ? 'unknown' : 'mail',
    type,
    ...(isText(messageId) && { messageId }),
    ...(isText(key) && { key }),
    ...(isText(email) && { email }),
    at: time === undefined ? 0 : at,
    raw,
  }
}

// TypeCode of a bounce: what is an answer rather than a failure, what Postmark goes on trying, and what says something of the mailbox.
const answers = [16, 32, 64, 128]
const delayed = 2
const reasons: Readonly<Record<number, SuppressionReason>> = {
  1: 'bounced',
  16: 'opted-out',
  100000: 'bounced',
  100001: 'complained',
}

function receiptOf(provider: string, { type, messageId, key, at, raw }: PostmarkEvent): Receipt | undefined {
  const keys = [messageId, key].filter((one) => one !== undefined)
  const status = lookUp(statuses, type)
  if (status === undefined || keys.length === 0) return undefined
  const { TypeCode: code, Type: word, Description: reason, OriginalLink: link } = raw
  if (type === 'Bounce' && typeof code === 'number' && answers.includes(code)) return undefined
  return {
    provider,
    keys,
    status: type === 'Bounce' && code === delayed ? 'sent' : status,
    at,
    raw: type === 'Bounce' ? wordOf(word) : type,
    ...(type === 'Bounce' && isText(reason) && { reason }),
    ...(type === 'Click' && isText(link) && { link }),
  }
}

function suppressionOf(provider: string, { type, email: address, at, raw }: PostmarkEvent): Suppression | undefined {
  if (address === undefined) return undefined
  const shared = { provider, channel: 'email', address, at, raw: type === 'Bounce' ? wordOf(raw.Type) : type } as const
  if (type === 'SpamComplaint') return { ...shared, state: 'suppressed', reason: 'complained' }
  if (type === 'SubscriptionChange') {
    const { SuppressSending: off, SuppressionReason: word } = raw
    if (typeof off !== 'boolean') return undefined
    const reason = word === 'HardBounce' ? 'bounced' : word === 'SpamComplaint' ? 'complained' : 'opted-out'
    return { ...shared, state: off ? 'suppressed' : 'restored', reason }
  }
  const { TypeCode: code } = raw
  const reason = type === 'Bounce' && typeof code === 'number' ? reasons[code] : undefined
  return reason && { ...shared, state: 'suppressed', reason }
}
