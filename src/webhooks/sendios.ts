import type { WebhookSource } from '../contract/webhook.ts'
import type { SendiosEvent } from './sendios-events.ts'
import { parseSendiosWebhook } from './sendios-parse.ts'
import { type SendiosReceiptOptions, sendiosReceipts } from './sendios-receipts.ts'

export type {
  SendiosEvent,
  SendiosMailClick,
  SendiosMailCreated,
  SendiosMailEvent,
  SendiosMailOpen,
  SendiosMailQueue,
  SendiosMailReject,
  SendiosMailSent,
  SendiosSmsClick,
  SendiosSmsEvent,
  SendiosSmsLost,
  SendiosSmsSent,
  SendiosUnknown,
} from './sendios-events.ts'
export {
  sendiosMailAddressKey,
  sendiosMailUserKey,
  sendiosMetaField,
  sendiosMetaKey,
  sendiosSmsKey,
  sendiosUserKey,
} from './sendios-keys.ts'
export { parseSendiosWebhook, parseSendiosWebhookStrict, type SendiosWebhook } from './sendios-parse.ts'
export { type SendiosReceiptOptions, sendiosReceipts } from './sendios-receipts.ts'

/**
 * Sendios as a webhook source, for `expressWebhook` and `fetchWebhook`. Sendios documents no signature, so there is nothing
 * to verify by: put a secret into the webhook's URL. Which content type it sends is not public [?], so any usual one is taken.
 */
export function sendiosWebhook(options: SendiosReceiptOptions = {}): WebhookSource<SendiosEvent> {
  return {
    provider: options.provider ?? 'sendios',
    contentTypes: [
      'application/json',
      'text/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/octet-stream',
    ],
    parse: ({ body }) => parseSendiosWebhook(body),
    receipts: (events) => sendiosReceipts(events, options),
  }
}
