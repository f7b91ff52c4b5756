import { WebhookParseError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import { parseJsonExactly, textOf } from '../../webhooks/json.ts'
import { fieldsOf } from '../../wire/json.ts'
import { momentOf } from '../../wire/moment.ts'
import { isText } from '../../wire/options.ts'
import { tokenOf } from './token.ts'

/** What a bot's webhook tells. `user` is the address to write to; times are Unix milliseconds. In `raw`, integers past 2^53 are texts. */
export type ViberEvent =
  | {
      readonly event: 'delivered' | 'seen' | 'failed'
      readonly messageId: string
      readonly user: string
      readonly at: number
      /** Why it failed. */
      readonly description?: string
      readonly raw: JsonObject
    }
  | {
      readonly event: 'subscribed' | 'unsubscribed'
      readonly user: string
      readonly at: number
      readonly raw: JsonObject
    }
  /** Somebody opened the chat; who is not subscribed may be sent nothing yet but the answer to this. */
  | {
      readonly event: 'conversation_started'
      readonly user: string
      readonly at: number
      readonly isSubscribed?: boolean
      readonly raw: JsonObject
    }
  /** Whoever writes is subscribed thereby, without a `subscribed`. */
  | {
      readonly event: 'message'
      readonly user: string
      readonly at: number
      readonly type?: string
      readonly text?: string
      readonly raw: JsonObject
    }
  /** What `set_webhook` asks the endpoint with. */
  | { readonly event: 'webhook'; readonly raw: JsonObject }
  | { readonly event: 'unknown'; readonly raw: JsonObject }

/** The one event of a webhook. Throws `WebhookParseError`. */
export function eventOf(body: Uint8Array): ViberEvent {
  const raw = fieldsOf(parseJsonExactly('viber', textOf('viber', body)))
  const { event } = raw
  switch (event) {
    case 'delivered':
    case 'seen':
    case 'failed':
      return {
        event,
        messageId: needed(tokenOf(raw.message_token), 'message_token'),
        user: needed(raw.user_id, 'user_id'),
        at: timeOf(raw),
        ...(isText(raw.desc) && { description: raw.desc }),
        raw,
      }
    case 'unsubscribed':
      return { event, user: needed(raw.user_id, 'user_id'), at: timeOf(raw), raw }
    case 'subscribed':
      return { event, user: needed(fieldsOf(raw.user).id, 'user.id'), at: timeOf(raw), raw }
    case 'conversation_started': {
      const { subscribed } = raw
      const user = needed(fieldsOf(raw.user).id, 'user.id')
      return { event, user, at: timeOf(raw), ...(typeof subscribed === 'boolean' && { isSubscribed: subscribed }), raw }
    }
    case 'message': {
      const { type, text } = fieldsOf(raw.message)
      const user = needed(fieldsOf(raw.sender).id, 'sender.id')
      return { event, user, at: timeOf(raw), ...(isText(type) && { type }), ...(isText(text) && { text }), raw }
    }
    case 'webhook':
      return { event, raw }
    default:
      if (!isText(event)) throw new WebhookParseError('viber', 'must be the name of an event', { path: 'event' })
      return { event: 'unknown', raw }
  }
}

function needed(value: unknown, path: string): string {
  if (isText(value)) return value
  throw new WebhookParseError('viber', 'is missing', { path })
}

function timeOf({ timestamp }: JsonObject): number {
  const at = momentOf(timestamp)
  if (at !== undefined) return at
  throw new WebhookParseError('viber', 'must be Unix milliseconds', { path: 'timestamp' })
}
