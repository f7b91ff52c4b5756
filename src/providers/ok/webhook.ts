import { WebhookParseError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseJsonExactly, textOf } from '../../webhooks/json.ts'
import { fieldsOf } from '../../wire/json.ts'
import { momentOf } from '../../wire/moment.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'

/** What a subscription of the group tells. `seq` has more digits than a number holds: `raw` has it as a text. */
export type OkEvent =
  | {
      readonly event: 'message'
      readonly messageId: string
      readonly user: string
      readonly chat: string
      /** Unix milliseconds. */
      readonly at: number
      readonly text?: string
      readonly raw: JsonObject
    }
  | { readonly event: 'unknown'; readonly raw: JsonObject }

/** Options of `okWebhook`. */
export interface OkWebhookOptions {
  /** Name of the provider. */
  readonly name?: string
}

/**
 * A subscription of an Odnoklassniki group (`graph/me/subscribe`): what people write to it. There are no receipts, and nothing is signed: put a secret
 * into the URL (`secret` of the handler), which must be answered within 5 seconds. Source: apiok.ru, Bot API.
 */
export function okWebhook(options: OkWebhookOptions = {}): WebhookSource<OkEvent> {
  checkNames('okWebhook', options, ['name'])
  const { name: provider = 'ok' } = options
  checkOptions('okWebhook', [['name', provider, isText(provider), 'be a text']])
  return {
    provider,
    parse: ({ body }) => ({ events: [eventOf(parseJsonExactly('ok', textOf('ok', body)) as JsonValue)], errors: [] }),
    receipts: () => [],
  }
}

function eventOf(payload: JsonValue): OkEvent {
  const raw = fieldsOf(payload)
  if (Object.keys(raw).length === 0) throw new WebhookParseError('ok', 'must be an object with the fields of an event')
  const { sender, recipient, message, timestamp } = raw
  const { mid, text } = fieldsOf(message)
  const { user_id: user } = fieldsOf(sender)
  const { chat_id: chat } = fieldsOf(recipient)
  const at = momentOf(timestamp)
  if (!isText(mid) || !isText(user) || !isText(chat) || at === undefined) return { event: 'unknown', raw }
  return { event: 'message', messageId: mid, user, chat, at, ...(typeof text === 'string' && { text }), raw }
}
