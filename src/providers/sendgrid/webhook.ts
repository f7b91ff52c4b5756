import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { Duration } from '../../contract/time.ts'
import type { ParsedWebhook, WebhookSource } from '../../contract/webhook.ts'
import { parseJson, textOf } from '../../webhooks/json.ts'
import { verifyEcdsa } from '../../wire/ecdsa.ts'
import { fieldsOf, lookUp } from '../../wire/json.ts'
import { momentOfSeconds } from '../../wire/moment.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { checkFresh, toleranceRule } from '../../wire/replay.ts'

/** One event. `type` is SendGrid's own word: `processed`, `delivered`, `bounce`, … */
export interface SendGridEvent {
  readonly event: 'mail' | 'unknown'
  readonly type: string
  readonly email: string
  /** Unix milliseconds. */
  readonly at: number
  /** What `X-Message-Id` was, without the suffix of events. */
  readonly messageId?: string
  /** The attempt's key, as the provider sent it. */
  readonly key?: string
  readonly reason?: string
  readonly url?: string
  readonly raw: JsonObject
}

/** Options of `sendgridWebhook`. */
export interface SendGridWebhookOptions {
  /** The verification key of the signed event webhook, base64; several while one is changed. */
  readonly publicKey: string | readonly string[]
  /** How old a signature may be. Default 5 minutes. */
  readonly tolerance?: Duration
  /** Name of the provider. */
  readonly name?: string
}

/**
 * SendGrid's signed event webhook: deliveries, bounces, openings, clicks, complaints and unsubscriptions, several in one. The signature covers bytes and time
 * (ECDSA P-256). Source: docs.sendgrid.com, Event Webhook.
 */
export function sendgridWebhook(options: SendGridWebhookOptions): WebhookSource<SendGridEvent> {
  checkNames('sendgridWebhook', options, ['publicKey', 'tolerance', 'name'])
  const { tolerance, name: provider = 'sendgrid' } = options
  const keys = [options?.publicKey ?? []].flat()
  const areKeys = keys.length > 0 && keys.every((key) => isText(key, /^[A-Za-z\d+/=]{80,}$/))
  checkOptions('sendgridWebhook', [
    ['publicKey', options?.publicKey, areKeys, 'be the verification key that SendGrid shows, or a list of them'],
    toleranceRule(tolerance),
  ])
  return {
    provider,
    signature: 'X-Twilio-Email-Event-Webhook-Signature (ECDSA P-256)',
    async verify({ headers, body }, now) {
      const timestamp = headers.get('x-twilio-email-event-webhook-timestamp')
      checkFresh('X-Twilio-Email-Event-Webhook-Timestamp', timestamp, now, tolerance)
      const signature = headers.get('x-twilio-email-event-webhook-signature') ?? ''
      for (const key of keys) if (await verifyEcdsa(key, signature, timestamp ?? '', body)) return
      throw new WebhookVerificationError(
        'X-Twilio-Email-Event-Webhook-Signature is missing or wrong: give the verification key of this webhook, and the body as it came',
      )
    },
    parse: ({ body }) => parse(parseJson('sendgrid', textOf('sendgrid', body)) as JsonValue),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  processed: 'sent',
  deferred: 'sent',
  delivered: 'delivered',
  open: 'read',
  click: 'clicked',
  bounce: 'failed',
  dropped: 'failed',
}
const optOuts: Readonly<Record<string, SuppressionReason>> = {
  spamreport: 'complained',
  unsubscribe: 'opted-out',
}

function parse(payload: JsonValue): ParsedWebhook<SendGridEvent> {
  if (!Array.isArray(payload)) throw new WebhookParseError('sendgrid', 'must be a list of events')
  const events: SendGridEvent[] = []
  const errors: WebhookParseError[] = []
  for (const [index, one] of payload.entries()) {
    const event = eventOf(fieldsOf(one))
    if (event !== undefined) events.push(event)
    else errors.push(new WebhookParseError('sendgrid', 'lacks event, email or timestamp', { path: `[${index}]` }))
  }
  return { events, errors }
}

function eventOf(raw: JsonObject): SendGridEvent | undefined {
  const { event: type, email, timestamp, sg_message_id: id, omnicascade: key, reason, url } = raw
  const at = momentOfSeconds(timestamp)
  if (typeof type !== 'string' || !isText(email) || at === undefined) return undefined
  const isKnown = Object.hasOwn(statuses, type) || Object.hasOwn(optOuts, type) || /^group_(un|re)subscribe$/.test(type)
  return {
    event: isKnown ? 'mail' : 'unknown',
    type,
    email,
    at,
    ...(isText(id) && { messageId: id.split('.')[0]! }),
    ...(isText(key) && { key }),
    ...(isText(reason) && { reason }),
    ...(isText(url) && { url }),
    raw,
  }
}

function receiptOf(provider: string, { type, at, messageId, key, reason, url }: SendGridEvent): Receipt | undefined {
  const status = lookUp(statuses, type)
  const keys = [messageId, key].filter((one) => one !== undefined)
  if (status === undefined || keys.length === 0) return undefined
  return {
    provider,
    keys,
    status,
    at,
    raw: type,
    ...(status === 'failed' && reason !== undefined && { reason }),
    ...(status === 'clicked' && url !== undefined && { link: url }),
  }
}

/** Leaving a group is about its mail alone. A bounce of type `blocked` is the receiving server's mood of the day; what was dropped had bounced or complained before. */
function suppressionOf(provider: string, { type, email: address, at, reason = '', raw }: SendGridEvent): Suppression | undefined {
  const isHard = type === 'bounce' && raw.type !== 'blocked'
  const own = lookUp(optOuts, type) ?? (isHard ? 'bounced' : type === 'dropped' ? droppedFor(reason) : undefined)
  if (own === undefined) return undefined
  return { state: 'suppressed', provider, channel: 'email', address, reason: own, at, raw: type }
}

function droppedFor(reason: string): SuppressionReason | undefined {
  if (/^bounced address/i.test(reason) || /^invalid$/i.test(reason)) return 'bounced'
  if (/^spam reporting address/i.test(reason)) return 'complained'
  return /^unsubscribed address/i.test(reason) ? 'opted-out' : undefined
}
