import type { Receipt, ReceiptStatus } from '../contract/receipt.ts'
import type { SendiosEvent, SendiosMailEvent, SendiosSmsEvent } from './sendios-events.ts'
import {
  sendiosMailAddressKey,
  sendiosMailUserKey,
  sendiosMetaField,
  sendiosMetaKey,
  sendiosSmsKey,
  sendiosUserKey,
} from './sendios-keys.ts'

/** How events find the attempts they are about. */
export interface SendiosReceiptOptions {
  /** Name of the provider whose attempts the events are about. Default `sendios`. */
  readonly provider?: string
  /**
   * What to do when several attempts carry an event's key, as they may where `sms_id` is not known:
   * `only` (default) reports the receipt as unmatched, `newest` takes the newest attempt that has not ended.
   */
  readonly match?: 'only' | 'newest'
}

/**
 * What events say about attempts. `sms_sent` and `sent` are `sent`; `sms_lost` and `reject` are `failed`; `open` is `read`;
 * clicks are `clicked`, with their link. Others say nothing. That silence after `sms_sent` means delivered is the cascade's to know.
 */
export function sendiosReceipts(events: Iterable<SendiosEvent>, options: SendiosReceiptOptions = {}): readonly Receipt[] {
  const { provider = 'sendios', match } = options
  const receipts: Receipt[] = []
  for (const event of events) {
    const status = statusOf(event)
    if (event.event === 'unknown' || status === undefined) continue
    const keys = 'sms_id' in event ? smsKeys(event) : mailKeys(event)
    if (keys.length === 0) continue
    const link = 'link' in event ? event.link : null
    const reason = event.event === 'reject' ? event.reject_reason : null
    receipts.push({
      provider,
      keys,
      ...('sms_id' in event && { messageId: String(event.sms_id) }),
      status,
      at: event.ts * 1000,
      raw: event.event,
      ...(reason !== null && { reason }),
      ...(link !== null && { link }),
      ...(match && { match }),
    })
  }
  return receipts
}

function statusOf({ event }: SendiosEvent): ReceiptStatus | undefined {
  switch (event) {
    case 'sms_sent':
    case 'sent':
      return 'sent'
    case 'sms_lost':
    case 'reject':
      return 'failed'
    case 'open':
      return 'read'
    case 'sms_click':
    case 'click':
      return 'clicked'
    case 'created':
    case 'queue':
    case 'unknown':
      return undefined
  }
}

function smsKeys({ sms_id, client_user_id, template_id }: SendiosSmsEvent): readonly string[] {
  const key = sendiosSmsKey(sms_id)
  return client_user_id === null || template_id === null ? [key] : [key, sendiosUserKey(client_user_id, template_id)]
}

function mailKeys({ meta, client_user_id, type_id, email }: SendiosMailEvent): readonly string[] {
  const id = meta !== null && Object.hasOwn(meta, sendiosMetaField) ? meta[sendiosMetaField] : undefined
  if (typeof id === 'string') return [sendiosMetaKey(id)]
  if (type_id === null) return []
  return [
    ...(client_user_id === null ? [] : [sendiosMailUserKey(client_user_id, type_id)]),
    ...(email === null ? [] : [sendiosMailAddressKey(email, type_id)]),
  ]
}
