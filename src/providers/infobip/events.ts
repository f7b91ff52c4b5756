import { WebhookParseError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import { multiply, type Price, priceFrom } from '../../contract/price.ts'
import type { ReceiptStatus } from '../../contract/receipt.ts'
import type { ParsedWebhook } from '../../contract/webhook.ts'
import { parseJsonExactly, textOf } from '../../webhooks/json.ts'
import { fieldsOf, isObject, wordOf } from '../../wire/json.ts'
import { momentOf } from '../../wire/moment.ts'
import { isText } from '../../wire/options.ts'
import { e164Of } from '../../wire/phone.ts'
import type { InfobipChannel } from './message.ts'

/** One event of an Infobip webhook. Times are Unix milliseconds, numbers of people E.164 with their `+`; `raw` is Infobip's own word. */
export type InfobipEvent =
  | {
      /** How far a message has come. */
      readonly event: 'report'
      readonly messageId: string
      readonly status: 'pending' | ReceiptStatus
      readonly raw: string
      /** Why it failed: the name of Infobip's error, such as `EC_ABSENT_SUBSCRIBER`. */
      readonly error?: string
      readonly to?: string
      /** What the message took along, if `infobip` has sent it. */
      readonly channel?: InfobipChannel
      /** Of all the messages that were charged for it. */
      readonly cost?: Price
      readonly at: number
    }
  | { readonly event: 'seen'; readonly messageId: string; readonly at: number }
  | { readonly event: 'clicked'; readonly messageId: string; readonly url: string; readonly at: number }
  | {
      readonly event: 'inbound'
      readonly channel: InfobipChannel
      readonly messageId: string
      readonly from: string
      readonly text?: string
      readonly at: number
    }
  | {
      /** Put on the account's blocklist, or taken off it. Where Infobip names no channel the address is a number of SMS. */
      readonly event: 'blocked' | 'unblocked'
      readonly address: string
      /** Left out for channels that are not sent on here. */
      readonly channel?: InfobipChannel | 'email'
      readonly raw: string
      readonly at: number
    }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** Reads a body: `results` with reports, messages and changes of the blocklist, or one click. Throws `WebhookParseError`. */
export function parseInfobip(body: Uint8Array): ParsedWebhook<InfobipEvent> {
  const raw = parseJsonExactly('infobip', textOf('infobip', body))
  if (!isObject(raw)) throw new WebhookParseError('infobip', 'must be an object')
  if (raw.notificationType !== undefined) return { events: [clickOf(raw)], errors: [] }
  if (!Array.isArray(raw.results)) throw new WebhookParseError('infobip', 'must be a list', { path: 'results' })
  const events: InfobipEvent[] = []
  const errors: WebhookParseError[] = []
  for (const [index, result] of (raw.results as readonly JsonValue[]).entries()) {
    try {
      events.push(eventOf(result, `results[${index}].`))
    } catch (error) {
      if (!(error instanceof WebhookParseError)) throw error
      errors.push(error)
    }
  }
  return { events, errors }
}

function eventOf(raw: JsonValue, path: string): InfobipEvent {
  const { status, seenAt, event, message, text, integrationType } = fieldsOf(raw)
  const fields = fieldsOf(raw)
  if (isObject(status)) return reportOf(fields, status, path)
  if (seenAt !== undefined) return { event: 'seen', messageId: idIn(fields, path), at: timeIn(fields, path, 'seenAt') }
  if (event === 'BLOCK' || event === 'UNBLOCK') return blocklistOf(fields, event, path)
  if (isObject(message) && typeof integrationType === 'string') return inboundOf(fields, integrationType, message.text, path)
  return typeof text === 'string' ? inboundOf(fields, 'SMS', text, path) : { event: 'unknown', raw }
}

function reportOf(fields: JsonObject, { groupName, name }: JsonObject, path: string): InfobipEvent {
  const { name: error } = fieldsOf(fields.error)
  const { to, callbackData } = fields
  const channel = channelOf(callbackData)
  const cost = costOf(fields)
  const raw = wordIn({ name: name ?? null }, `${path}status.`, 'name')
  return {
    event: 'report',
    messageId: idIn(fields, path),
    status: statusOf(groupName, raw),
    raw,
    ...(typeof error === 'string' && error !== 'NO_ERROR' && { error }),
    ...(isText(to) && { to: e164Of(to) }),
    ...(channel !== undefined && { channel }),
    ...(cost !== undefined && { cost }),
    at: timeIn(fields, path, fields.doneAt === undefined || fields.doneAt === null ? 'sentAt' : 'doneAt'),
  }
}

/** An SMS is charged for by its parts. */
function costOf({ price: given, messageCount: count = 1 }: JsonObject): Price | undefined {
  const { pricePerMessage, currency } = fieldsOf(given)
  const price = priceFrom({ amount: pricePerMessage, currency })
  if (price === undefined || typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return undefined
  return { ...price, amount: multiply(price.amount, count) }
}

/** By group, save for the names that say more. `DELIVERED_TO_OPERATOR` has not reached the handset. */
function statusOf(groupName: unknown, name: string): 'pending' | ReceiptStatus {
  if (name === 'DELIVERED_TO_OPERATOR' || name === 'PENDING_ENROUTE' || name === 'PENDING_WAITING_DELIVERY') return 'sent'
  if (name === 'SIGNALS_BLOCKED') return 'failed'
  switch (groupName) {
    case 'UNDELIVERABLE':
    case 'REJECTED':
      return 'failed'
    case 'EXPIRED':
      return 'expired'
    case 'DELIVERED':
      return 'delivered'
    default:
      return 'pending'
  }
}

function clickOf(fields: JsonObject): InfobipEvent {
  const { notificationType, url, sendDateTime } = fields
  const at = momentOf(sendDateTime)
  if (notificationType !== 'CLICKED' || typeof url !== 'string' || at === undefined) return { event: 'unknown', raw: fields }
  return { event: 'clicked', messageId: idIn(fields, ''), url, at }
}

function blocklistOf(fields: JsonObject, event: 'BLOCK' | 'UNBLOCK', path: string): InfobipEvent {
  const content = fieldsOf(fields.content)
  const channel = content.channel === undefined ? 'sms' : channelOf(wordOf(content.channel).toLowerCase(), 'email')
  return {
    event: event === 'BLOCK' ? 'blocked' : 'unblocked',
    address: e164Of(wordIn(content, `${path}content.`, 'destination')),
    ...(channel !== undefined && { channel }),
    raw: wordIn(content, `${path}content.`, 'sourceType'),
    at: timeIn(fields, path, 'receivedAt'),
  }
}

function inboundOf(fields: JsonObject, type: string, text: unknown, path: string): InfobipEvent {
  const channel = channelOf(type.toLowerCase())
  if (channel === undefined) return { event: 'unknown', raw: fields }
  return {
    event: 'inbound',
    channel,
    messageId: idIn(fields, path),
    // Viber's have `sender` instead of `from`.
    from: e164Of(wordIn(fields, path, fields.from === undefined ? 'sender' : 'from')),
    ...(typeof text === 'string' && { text }),
    at: timeIn(fields, path, 'receivedAt'),
  }
}

function channelOf<T extends string = never>(name: unknown, also?: T): InfobipChannel | T | undefined {
  if (name === 'sms' || name === 'viber' || name === 'whatsapp') return name
  return also !== undefined && name === also ? also : undefined
}

function idIn(fields: JsonObject, path: string): string {
  const { messageId } = fields
  return typeof messageId === 'number' ? String(messageId) : wordIn(fields, path, 'messageId')
}

function wordIn(fields: JsonObject, path: string, name: string): string {
  const value = fields[name]
  if (typeof value === 'string' && value !== '') return value
  throw new WebhookParseError('infobip', 'must be a text', { path: `${path}${name}` })
}

/** Infobip's zones have no colon (`+0100`), which not every engine reads. */
function timeIn(fields: JsonObject, path: string, name: string): number {
  const at = Date.parse(wordIn(fields, path, name).replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  if (Number.isNaN(at)) throw new WebhookParseError('infobip', 'must be a date', { path: `${path}${name}` })
  return at
}
