import type { JsonObject } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import { fieldsOf } from '../../wire/json.ts'
import { momentOfSeconds } from '../../wire/moment.ts'
import { isText } from '../../wire/options.ts'

/** What Telegram says about a code that was sent. */
export type TelegramGatewayEvent =
  | {
      readonly event: 'status'
      readonly messageId: string
      /** `sent`, `delivered`, `read`, `expired`, `revoked`; others as Telegram names them. */
      readonly status: string
      /** Unix milliseconds. */
      readonly at: number
      /** In E.164. */
      readonly phone?: string
      /** The attempt's key. */
      readonly payload?: string
      /** What became of the code: `code_valid`, `code_invalid`, `code_max_attempts_exceeded`, `expired`. */
      readonly verification?: string
      readonly isRefunded?: boolean
      readonly raw: JsonObject
    }
  | { readonly event: 'unknown'; readonly raw: JsonObject }

/** The event that a `RequestStatus` is. */
export function eventOf(raw: JsonObject): TelegramGatewayEvent {
  const { request_id: messageId } = raw
  const { status, updated_at: seconds } = fieldsOf(raw.delivery_status)
  const at = momentOfSeconds(seconds)
  if (!isText(messageId) || !isText(status) || at === undefined) return { event: 'unknown', raw }
  const { phone_number: phone, payload, is_refunded: isRefunded } = raw
  const { status: verification } = fieldsOf(raw.verification_status)
  return {
    event: 'status',
    messageId,
    status,
    at,
    ...(isText(phone) && { phone }),
    ...(isText(payload) && { payload }),
    ...(isText(verification) && { verification }),
    ...(typeof isRefunded === 'boolean' && { isRefunded }),
    raw,
  }
}

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  expired: 'expired',
  revoked: 'failed',
}

/** What an event says about its attempt, if anything. */
export function receiptsOf(provider: string, event: TelegramGatewayEvent): readonly Receipt[] {
  if (event.event === 'unknown' || !Object.hasOwn(statuses, event.status)) return []
  const { messageId, payload, at, status: raw } = event
  const keys = [messageId, ...(payload === undefined ? [] : [payload])]
  return [{ provider, keys, messageId, status: statuses[raw]!, at, raw, ...(raw === 'revoked' && { reason: raw }) }]
}
