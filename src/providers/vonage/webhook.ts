import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import { type Price, priceFrom } from '../../contract/price.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { Duration } from '../../contract/time.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { parseJsonExactly, textOf } from '../../webhooks/json.ts'
import { constantTimeEqual } from '../../wire/constant-time.ts'
import { sha256Hex } from '../../wire/digest.ts'
import { fieldsOf, isObject } from '../../wire/json.ts'
import { verifiedClaims } from '../../wire/jwt.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { e164Of } from '../../wire/phone.ts'
import { checkFresh, toleranceRule } from '../../wire/replay.ts'
import { windowRule } from '../../wire/whatsapp.ts'
import { codeOf } from './answer.ts'
import type { VonageChannel } from './message.ts'

/** One webhook of Vonage. Times are Unix milliseconds, numbers of people E.164 with their `+`. */
export type VonageEvent =
  | {
      readonly event: 'status'
      readonly messageId: string
      /** The attempt's key, as the provider sent it. */
      readonly clientRef?: string
      /** Left out for channels that are not sent on here. */
      readonly channel?: VonageChannel
      readonly to?: string
      /** `submitted`, `delivered`, `read`, `rejected`, `undeliverable`; others as Vonage names them. */
      readonly status: string
      readonly at: number
      /** What Vonage charges for the message. */
      readonly cost?: Price
      readonly error?: { readonly code?: string; readonly detail?: string }
    }
  | {
      readonly event: 'inbound'
      readonly channel: VonageChannel
      readonly messageId: string
      readonly from: string
      readonly text?: string
      /** What an SMS wishes by its keyword. */
      readonly optOut?: 'stop' | 'start'
      readonly at: number
    }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** Options of `vonageWebhook`. */
export interface VonageWebhookOptions {
  /** The signature secret of the account's settings; several while it is changed. */
  readonly signatureSecret: string | readonly string[]
  /** How old a token may be. Default 5 minutes. */
  readonly tolerance?: Duration
  /** Is told who wrote when on WhatsApp. */
  readonly window?: WhatsAppWindow
  /** Name of the provider. */
  readonly name?: string
}

/**
 * Statuses and inbound messages of Vonage's Messages API v1, signed with a JSON Web Token that covers the body and the time (`Authorization`, HS256).
 * One that comes unsigned, as now and then happens, is answered with 500, so that it comes again. Source: developer.vonage.com, signed webhooks; vonage-node-sdk, jwt.
 */
export function vonageWebhook(options: VonageWebhookOptions): WebhookSource<VonageEvent> {
  checkNames('vonageWebhook', options, ['signatureSecret', 'tolerance', 'window', 'name'])
  const { signatureSecret, tolerance, window, name: provider = 'vonage' } = options ?? {}
  const secrets = [signatureSecret ?? []].flat()
  checkOptions('vonageWebhook', [
    [
      'signatureSecret',
      undefined,
      secrets.length > 0 && secrets.every((secret) => isText(secret)),
      'be the signature secret of the account, or a list of them',
    ],
    toleranceRule(tolerance),
    windowRule(window, 'wrote'),
  ])
  return {
    provider,
    signature: 'Authorization (JWT, HMAC of body and time)',
    async verify({ headers, body }, now) {
      if (!headers.has('authorization'))
        throw new WebhookVerificationError('Authorization is missing: Vonage signs what it sends again', { sendAgain: true })
      const token = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? ''
      const claims = await verifiedClaims(token, secrets)
      if (claims === undefined)
        throw new WebhookVerificationError('Authorization is wrong: give the signature secret of the account, not its API secret')
      const { iat, payload_hash: hash } = claims
      checkFresh('Authorization (iat)', typeof iat === 'number' ? String(iat) : undefined, now, tolerance)
      const own = await sha256Hex(body)
      if (!isText(hash) || !constantTimeEqual(hash, own))
        throw new WebhookVerificationError('Authorization is for another body: pass the body as it came')
    },
    parse: ({ body }) => ({ events: [eventOf(parseJsonExactly('vonage', textOf('vonage', body)))], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
    async remember(events) {
      for (const event of events)
        if (event.event === 'inbound' && event.channel === 'whatsapp') await window?.wrote(event.from, event.at)
    },
  }
}

const channelNames: ReadonlyMap<unknown, VonageChannel> = new Map([
  ['sms', 'sms'],
  ['whatsapp', 'whatsapp'],
  ['viber_service', 'viber'],
] as const)

function eventOf(raw: unknown): VonageEvent {
  if (!isObject(raw)) throw new WebhookParseError('vonage', 'must be an object')
  const { status, message_type: type, client_ref: ref, to, text, error } = raw
  const channel = channelNames.get(raw.channel)
  const { price: amount, currency } = fieldsOf(raw.usage)
  const cost = priceFrom({ amount, currency })
  if (typeof status === 'string')
    return {
      event: 'status',
      messageId: wordIn(raw, 'message_uuid'),
      ...(isText(ref) && { clientRef: ref }),
      ...(channel !== undefined && { channel }),
      ...(isText(to) && { to: e164Of(to) }),
      status,
      at: timeIn(raw),
      ...(cost !== undefined && { cost }),
      // Vonage's reference has one error inside another.
      ...(isObject(error) && { error: errorOf(isObject(error.error) ? error.error : error) }),
    }
  if (typeof type !== 'string' || channel === undefined) return { event: 'unknown', raw }
  const optOut = channel === 'sms' && isText(text) ? keywords.get(text.trim().toUpperCase()) : undefined
  return {
    event: 'inbound',
    channel,
    messageId: wordIn(raw, 'message_uuid'),
    from: e164Of(wordIn(raw, 'from')),
    ...(isText(text) && { text }),
    ...(optOut !== undefined && { optOut }),
    at: timeIn(raw),
  }
}

// Those of Vonage's Opt-Out Assist, which passes them on.
const keywords: ReadonlyMap<string, 'stop' | 'start'> = new Map([
  ['STOP', 'stop'],
  ['END', 'stop'],
  ['QUIT', 'stop'],
  ['CANCEL', 'stop'],
  ['UNSUBSCRIBE', 'stop'],
  ['START', 'start'],
] as const)

function errorOf(error: JsonObject): { readonly code?: string; readonly detail?: string } {
  const code = codeOf(error)
  const { detail, reason } = fieldsOf(error)
  const words = isText(detail) ? detail : reason
  return { ...(code !== undefined && { code }), ...(isText(words) && { detail: words }) }
}

const statuses: ReadonlyMap<string, ReceiptStatus> = new Map([
  ['submitted', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['rejected', 'failed'],
  ['undeliverable', 'failed'],
])
/** The message's `ttl` was over. */
const expired = '1360'

function receiptOf(provider: string, event: VonageEvent): Receipt | undefined {
  if (event.event !== 'status') return undefined
  const { messageId, clientRef, status: raw, at, cost, error: { code, detail } = {} } = event
  const status = statuses.get(raw)
  if (status === undefined) return undefined
  const reason = [code, detail].filter((part) => part !== undefined).join(' ')
  return {
    provider,
    keys: clientRef === undefined ? [messageId] : [messageId, clientRef],
    status: status === 'failed' && code === expired ? 'expired' : status,
    at,
    raw,
    ...(cost !== undefined && { cost }),
    ...(status === 'failed' && reason !== '' && { reason }),
  }
}

/** 1190: "no longer active"; 1240: has sent STOP; 1300: is not on WhatsApp or Viber. */
function suppressionOf(provider: string, event: VonageEvent): Suppression | undefined {
  if (event.event === 'inbound') {
    const { channel, from: address, optOut, text = '', at } = event
    const state = optOut === 'start' ? 'restored' : 'suppressed'
    return optOut && { state, provider, channel, address, reason: 'opted-out', at, raw: text.trim() }
  }
  if (event.event !== 'status' || statuses.get(event.status) !== 'failed') return undefined
  const { channel, to: address, at, error: { code: raw } = {} } = event
  const isGone = raw === '1190' || (raw === '1300' && channel !== 'sms')
  if (channel === undefined || address === undefined || (!isGone && raw !== '1240')) return undefined
  return { state: 'suppressed', provider, channel, address, reason: raw === '1240' ? 'opted-out' : 'bounced', at, raw }
}

function wordIn(fields: JsonObject, name: string): string {
  const value = fields[name]
  if (isText(value)) return value
  throw new WebhookParseError('vonage', 'must be a text', { path: name })
}

function timeIn(fields: JsonObject): number {
  const at = Date.parse(wordIn(fields, 'timestamp'))
  if (Number.isNaN(at)) throw new WebhookParseError('vonage', 'must be a date', { path: 'timestamp' })
  return at
}
