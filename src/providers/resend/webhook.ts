import { WebhookParseError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { Duration } from '../../contract/time.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseJson, textOf } from '../../webhooks/json.ts'
import { fromBase64 } from '../../wire/bytes.ts'
import { fieldsOf, lookUp, wordOf } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { toleranceRule } from '../../wire/replay.ts'
import { verifyStandardWebhook, webhookSecret } from '../../wire/standard-webhooks.ts'

/** One event. `type` is Resend's own word: `email.delivered`, `email.bounced`, … */
export interface ResendEvent {
  readonly event: 'mail' | 'unknown'
  readonly type: string
  readonly messageId?: string
  readonly to: readonly string[]
  /** Unix milliseconds. */
  readonly at: number
  readonly reason?: string
  readonly link?: string
  readonly raw: JsonObject
}

/** Options of `resendWebhook`. */
export interface ResendWebhookOptions {
  /** `whsec_…`; several while one is changed. */
  readonly signingSecret: string | readonly string[]
  /** How old a signature may be. Default 5 minutes. */
  readonly tolerance?: Duration
  /** Name of the provider. */
  readonly name?: string
}

/** Resend's webhooks, signed as Svix does (HMAC-SHA256 over id, time and bytes). Source: resend-openapi; svix-webhooks. */
export function resendWebhook(options: ResendWebhookOptions): WebhookSource<ResendEvent> {
  checkNames('resendWebhook', options, ['signingSecret', 'tolerance', 'name'])
  const { tolerance, name: provider = 'resend' } = options
  const secrets = [options?.signingSecret ?? []].flat()
  const isSecret = (secret: string) => isText(secret, webhookSecret) && fromBase64(secret.replace(/^whsec_/, '')) !== undefined
  checkOptions('resendWebhook', [
    [
      'signingSecret',
      options?.signingSecret,
      secrets.length > 0 && secrets.every(isSecret),
      'be the signing secret, whsec_…, or a list of them',
    ],
    toleranceRule(tolerance),
  ])
  return {
    provider,
    signature: 'svix-signature (HMAC-SHA256)',
    verify: (request, now) => verifyStandardWebhook(request, secrets, now, tolerance),
    parse: ({ body }) => ({ events: [eventOf(parseJson('resend', textOf('resend', body)) as JsonValue)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionsOf(provider, event)),
  }
}

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  'email.scheduled': 'sent',
  'email.sent': 'sent',
  'email.delivery_delayed': 'sent',
  'email.delivered': 'delivered',
  'email.opened': 'read',
  'email.clicked': 'clicked',
  'email.bounced': 'failed',
  'email.failed': 'failed',
  'email.suppressed': 'failed',
}

function eventOf(payload: JsonValue): ResendEvent {
  const raw = fieldsOf(payload)
  const { type, created_at: time, data } = raw
  if (typeof type !== 'string') throw new WebhookParseError('resend', 'must be a text', { path: 'type' })
  const at = Date.parse(isText(time) ? time : '')
  if (Number.isNaN(at)) throw new WebhookParseError('resend', 'is no time', { path: 'created_at' })
  const { email_id: messageId, to, bounce, failed, suppressed, click } = fieldsOf(data)
  const { message: words } = fieldsOf(bounce ?? suppressed)
  const { reason = words } = fieldsOf(failed)
  const { link } = fieldsOf(click)
  const isKnown = Object.hasOwn(statuses, type) || type === 'email.complained'
  return {
    event: isKnown ? 'mail' : 'unknown',
    type,
    ...(isText(messageId) && { messageId }),
    to: Array.isArray(to) ? to.filter((one) => isText(one)) : [],
    at,
    ...(isText(reason) && { reason }),
    ...(isText(link) && { link }),
    raw,
  }
}

function receiptOf(provider: string, { type, messageId, at, reason, link }: ResendEvent): Receipt | undefined {
  const status = lookUp(statuses, type)
  if (status === undefined || messageId === undefined) return undefined
  return {
    provider,
    keys: [messageId],
    status,
    at,
    raw: type,
    ...(status === 'failed' && reason !== undefined && { reason }),
    ...(status === 'clicked' && link !== undefined && { link }),
  }
}

function suppressionsOf(provider: string, event: ResendEvent): Suppression[] {
  const reason = reasonOf(event)
  if (reason === undefined) return []
  const { to, at, type: raw } = event
  return to.map((address) => ({ state: 'suppressed', provider, channel: 'email', address, reason, at, raw }))
}

function reasonOf({ type, raw }: ResendEvent): SuppressionReason | undefined {
  const { bounce, suppressed } = fieldsOf(raw.data)
  if (type === 'email.complained') return 'complained'
  if (type === 'email.bounced') return fieldsOf(bounce).type === 'Permanent' ? 'bounced' : undefined
  if (type !== 'email.suppressed') return undefined
  const { reason, type: word = reason } = fieldsOf(suppressed)
  return /complaint/i.test(wordOf(word)) || /complaint/i.test(wordOf(reason)) ? 'complained' : 'bounced'
}
