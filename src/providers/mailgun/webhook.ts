import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { Duration } from '../../contract/time.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { lenientJson, parseJson, textOf } from '../../webhooks/json.ts'
import { hexOf } from '../../wire/bytes.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { hmac } from '../../wire/hmac.ts'
import { fieldsOf, lookUp } from '../../wire/json.ts'
import { momentOfSeconds } from '../../wire/moment.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { checkFresh, toleranceRule } from '../../wire/replay.ts'

/** One event. `type` is Mailgun's own word: `delivered`, `failed`, `opened`, … */
export interface MailgunEvent {
  readonly event: 'mail' | 'unknown'
  readonly type: string
  readonly messageId?: string
  /** The attempt's key, as the provider sent it. */
  readonly key?: string
  readonly recipient?: string
  /** Unix milliseconds. */
  readonly at: number
  readonly severity?: string
  readonly reason?: string
  readonly url?: string
  readonly raw: JsonObject
}

/** Options of `mailgunWebhook`. */
export interface MailgunWebhookOptions {
  /** The HTTP webhook signing key, which is no API key; several while it is changed. */
  readonly signingKey: string | readonly string[]
  /** How old a signature may be. Default 12 hours: Mailgun repeats a webhook for some eight. */
  readonly tolerance?: Duration
  /** Name of the provider. */
  readonly name?: string
}

const toleranceByDefault = '12h'

/**
 * Mailgun's webhooks: deliveries, failures, openings, clicks, complaints and unsubscriptions. The signature, in the body, covers a time and a token, and not
 * the event: whoever has seen a webhook could change it. Source: documentation.mailgun.com, Securing Webhooks.
 */
export function mailgunWebhook(options: MailgunWebhookOptions): WebhookSource<MailgunEvent> {
  checkNames('mailgunWebhook', options, ['signingKey', 'tolerance', 'name'])
  const { tolerance = toleranceByDefault, name: provider = 'mailgun' } = options
  const keys = [options?.signingKey ?? []].flat()
  checkOptions('mailgunWebhook', [
    [
      'signingKey',
      options?.signingKey,
      keys.length > 0 && keys.every((key) => isText(key)),
      'be the HTTP webhook signing key, or a list of them',
    ],
    toleranceRule(tolerance),
  ])
  return {
    provider,
    signature: 'signature.signature in the body (HMAC-SHA256 of time and token)',
    async verify({ body }, now) {
      const { timestamp, token, signature } = fieldsOf(fieldsOf(lenientJson(body)).signature)
      const time = typeof timestamp === 'string' || typeof timestamp === 'number' ? String(timestamp) : ''
      checkFresh('signature.timestamp', time, now, tolerance)
      const message = `${time}${isText(token) ? token : ''}`
      const expected = await Promise.all(keys.map(async (key) => hexOf(await hmac('SHA-256', key, message))))
      if (!isText(token) || !matchesSecret(isText(signature) ? signature : '', expected))
        throw new WebhookVerificationError(
          'signature.signature is missing or wrong: give the HTTP webhook signing key, not the API key',
        )
    },
    parse: ({ body }) => ({ events: [eventOf(parseJson('mailgun', textOf('mailgun', body)) as JsonValue)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  accepted: 'sent',
  delivered: 'delivered',
  opened: 'read',
  clicked: 'clicked',
  failed: 'failed',
  rejected: 'failed',
}
const optOuts: Readonly<Record<string, SuppressionReason>> = { complained: 'complained', unsubscribed: 'opted-out' }

function eventOf(payload: JsonValue): MailgunEvent {
  const raw = fieldsOf(fieldsOf(payload)['event-data'])
  const { event: type, timestamp, recipient, severity, reason, url, message, 'user-variables': variables } = raw
  if (typeof type !== 'string') throw new WebhookParseError('mailgun', 'must be a text', { path: 'event-data.event' })
  const at = momentOfSeconds(timestamp)
  if (at === undefined) throw new WebhookParseError('mailgun', 'must be Unix seconds', { path: 'event-data.timestamp' })
  const { 'message-id': id } = fieldsOf(fieldsOf(message).headers)
  const { omnicascade: key } = fieldsOf(variables)
  const isKnown = Object.hasOwn(statuses, type) || Object.hasOwn(optOuts, type)
  return {
    event: isKnown ? 'mail' : 'unknown',
    type,
    ...(isText(id) && { messageId: id.replace(/^<|>$/g, '') }),
    ...(isText(key) && { key }),
    ...(isText(recipient) && { recipient }),
    at,
    ...(isText(severity) && { severity }),
    ...(isText(reason) && { reason }),
    ...(isText(url) && { url }),
    raw,
  }
}

function receiptOf(provider: string, { type, messageId, key, at, severity, reason, url }: MailgunEvent): Receipt | undefined {
  const keys = [messageId, key].filter((one) => one !== undefined)
  const known = lookUp(statuses, type)
  if (known === undefined || keys.length === 0) return undefined
  const isTemporary = type === 'failed' && severity === 'temporary'
  // Mailgun has tried for as long as it does.
  const status = isTemporary ? 'sent' : type === 'failed' && reason === 'old' ? 'expired' : known
  return {
    provider,
    keys,
    status,
    at,
    raw: type,
    ...((type === 'failed' || type === 'rejected') && reason !== undefined && { reason }),
    ...(type === 'clicked' && url !== undefined && { link: url }),
  }
}

const failures: Readonly<Record<string, SuppressionReason>> = {
  bounce: 'bounced',
  'suppress-bounce': 'bounced',
  'suppress-complaint': 'complained',
  'suppress-unsubscribe': 'opted-out',
}

function suppressionOf(
  provider: string,
  { type, recipient: address, at, severity, reason = '' }: MailgunEvent,
): Suppression | undefined {
  const isPermanent = type === 'failed' && severity === 'permanent'
  const own = (isPermanent ? lookUp(failures, reason) : undefined) ?? lookUp(optOuts, type)
  if (own === undefined || address === undefined) return undefined
  return { state: 'suppressed', provider, channel: 'email', address, reason: own, at, raw: type === 'failed' ? reason : type }
}
