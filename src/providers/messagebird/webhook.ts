import { millisecondsOf } from '../../contract/duration.ts'
import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { Duration } from '../../contract/time.ts'
import type { WebhookRequest, WebhookSource } from '../../contract/webhook.ts'
import { textOf } from '../../webhooks/json.ts'
import { constantTimeEqual } from '../../wire/constant-time.ts'
import { sha256Hex } from '../../wire/digest.ts'
import { verifiedClaims } from '../../wire/jwt.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { e164Of } from '../../wire/phone.ts'
import { toleranceRule } from '../../wire/replay.ts'

/** One status report. */
export interface MessageBirdEvent {
  readonly event: 'report'
  readonly messageId: string
  /** The attempt's key, as the provider sent it. */
  readonly reference?: string
  /** Digits alone. */
  readonly recipient: string
  /** `scheduled`, `buffered`, `sent`, `delivered`, `delivery_failed`, `expired`; others as MessageBird names them. */
  readonly status: string
  /** Unix milliseconds. */
  readonly at: number
  readonly reason?: string
  readonly errorCode?: string
  readonly raw: Readonly<Record<string, string>>
}

/** Options of `messagebirdWebhook`. */
export interface MessageBirdWebhookOptions {
  /** The signing key of the developer settings; several while it is changed. */
  readonly signingKey: string | readonly string[]
  /** How far the clocks may differ. Default 5 seconds; a token lasts for a minute. */
  readonly tolerance?: Duration
  /** Name of the provider. */
  readonly name?: string
}

/**
 * MessageBird's status reports, which come with GET. Signed with a JSON Web Token that covers the URL, the body and the time
 * (`MessageBird-Signature-JWT`). Behind a proxy give the handler `publicUrl`. Source: messagebird-nodejs, webhook-signature-jwt.
 */
export function messagebirdWebhook(options: MessageBirdWebhookOptions): WebhookSource<MessageBirdEvent> {
  checkNames('messagebirdWebhook', options, ['signingKey', 'tolerance', 'name'])
  const { tolerance = '5s', name: provider = 'messagebird' } = options
  const keys = [options?.signingKey ?? []].flat()
  checkOptions('messagebirdWebhook', [
    [
      'signingKey',
      options?.signingKey,
      keys.length > 0 && keys.every((key) => isText(key)),
      'be the signing key, or a list of them',
    ],
    toleranceRule(tolerance),
  ])
  return {
    provider,
    methods: ['GET', 'POST'],
    contentTypes: ['application/x-www-form-urlencoded'],
    signature: 'MessageBird-Signature-JWT (HMAC of URL, body and time)',
    async verify(request, now) {
      const claims = await verifiedClaims(request.headers.get('messagebird-signature-jwt') ?? '', keys)
      if (claims === undefined || claims.iss !== 'MessageBird')
        throw new WebhookVerificationError(
          'MessageBird-Signature-JWT is missing or wrong: give the signing key, not the access key',
        )
      const { nbf, exp, url_hash: url, payload_hash: payload } = claims
      const slack = millisecondsOf(tolerance)!
      if (typeof exp !== 'number' || now > exp * 1000 + slack || (typeof nbf === 'number' && now < nbf * 1000 - slack))
        throw new WebhookVerificationError(
          'MessageBird-Signature-JWT is stale or from the future: look at the clock of this machine',
        )
      if (!(await isHashOf(url, request.url.href)))
        throw new WebhookVerificationError(
          'MessageBird-Signature-JWT is for another URL: give as publicUrl the one that MessageBird calls',
        )
      if (!(await coversBody(payload, request)))
        throw new WebhookVerificationError('MessageBird-Signature-JWT is for another body: pass the body as it came')
    },
    parse: ({ method, url, body }) => {
      const fields = method === 'GET' ? url.searchParams : new URLSearchParams(textOf('messagebird', body))
      return { events: [eventOf(Object.fromEntries(fields))], errors: [] }
    },
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

/** There must be a hash where there is a body, and none where there is none. */
async function coversBody(claim: unknown, { body }: WebhookRequest): Promise<boolean> {
  return body.length === 0 ? claim === undefined : isHashOf(claim, body)
}

async function isHashOf(claim: unknown, data: string | Uint8Array): Promise<boolean> {
  return isText(claim) && constantTimeEqual(claim, await sha256Hex(data))
}

function eventOf(raw: Readonly<Record<string, string>>): MessageBirdEvent {
  const { id, reference, recipient = '', status, statusDatetime, statusReason: reason, statusErrorCode: errorCode } = raw
  if (!isText(id)) throw new WebhookParseError('messagebird', 'is missing', { path: 'id' })
  if (!isText(status)) throw new WebhookParseError('messagebird', 'is missing', { path: 'status' })
  // A `+` of the zone that was not escaped is a space by now.
  const at = Date.parse((statusDatetime ?? '').replace(' ', '+'))
  if (Number.isNaN(at)) throw new WebhookParseError('messagebird', 'is no time', { path: 'statusDatetime' })
  return {
    event: 'report',
    messageId: id,
    ...(isText(reference) && { reference }),
    recipient,
    status,
    at,
    ...(isText(reason) && { reason }),
    ...(isText(errorCode) && errorCode !== '0' && { errorCode }),
    raw,
  }
}

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  buffered: 'sent',
  sent: 'sent',
  delivered: 'delivered',
  delivery_failed: 'failed',
  expired: 'expired',
}

function receiptOf(
  provider: string,
  { messageId, reference, status: raw, at, reason, errorCode }: MessageBirdEvent,
): Receipt | undefined {
  if (!Object.hasOwn(statuses, raw)) return undefined
  const status = statuses[raw]!
  const words = [reason, errorCode].filter((part) => part !== undefined).join(' ')
  const isFailure = status === 'failed' || status === 'expired'
  return {
    provider,
    keys: reference === undefined ? [messageId] : [messageId, reference],
    status,
    at,
    raw,
    ...(isFailure && words !== '' && { reason: words }),
  }
}

/** GSM 03.40: 1 is an unknown subscriber, 9 an illegal one. */
function suppressionOf(provider: string, { status, errorCode, recipient, at }: MessageBirdEvent): Suppression | undefined {
  if (recipient === '' || status !== 'delivery_failed' || (errorCode !== '1' && errorCode !== '9')) return undefined
  return { state: 'suppressed', provider, channel: 'sms', address: e164Of(recipient), reason: 'bounced', at, raw: errorCode }
}
