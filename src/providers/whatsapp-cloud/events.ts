import { WebhookParseError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { ParsedWebhook, WebhookRequest } from '../../contract/webhook.ts'
import { parseJson, textOf } from '../../webhooks/json.ts'
import { fieldsOf } from '../../wire/json.ts'

/** What Meta's webhook tells. Times are Unix milliseconds; numbers are digits alone. */
export type WhatsAppCloudEvent =
  /** Meta asks whether the endpoint is the app's. */
  | { readonly event: 'verification'; readonly challenge: string }
  | {
      readonly event: 'status'
      readonly messageId: string
      /** `sent`, `delivered`, `read`, `failed`; others as Meta names them. */
      readonly status: string
      readonly at: number
      readonly recipient: string
      /** The attempt's key, as the provider sent it. */
      readonly key?: string
      readonly code?: number
      readonly title?: string
      readonly pricing?: JsonObject
      readonly raw: JsonObject
    }
  | {
      readonly event: 'message'
      readonly messageId: string
      readonly from: string
      readonly at: number
      readonly type: string
      readonly text?: string
      readonly raw: JsonObject
    }
  | { readonly event: 'unknown'; readonly raw: JsonValue }

const source = 'whatsapp-cloud'

/** Reads a webhook: several entries, changes and events in one. One that cannot be read does not lose the others. */
export function parseWhatsApp({ method, url, body }: WebhookRequest): ParsedWebhook<WhatsAppCloudEvent> {
  if (method === 'GET')
    return { events: [{ event: 'verification', challenge: url.searchParams.get('hub.challenge') ?? '' }], errors: [] }
  const payload = parseJson(source, textOf(source, body)) as JsonValue
  const { object, entry } = fieldsOf(payload)
  if (object !== 'whatsapp_business_account' || !Array.isArray(entry))
    throw new WebhookParseError(source, 'must be "whatsapp_business_account", with a list of entries', { path: 'object' })
  const events: WhatsAppCloudEvent[] = []
  const errors: WebhookParseError[] = []
  const read = (path: string, raw: JsonValue, make: (fields: JsonObject) => WhatsAppCloudEvent | undefined) => {
    const event = make(fieldsOf(raw))
    if (event === undefined) errors.push(new WebhookParseError(source, 'lacks its id, its time or its number', { path }))
    else events.push(event)
  }
  const listIn = (path: string, value: JsonValue | undefined): readonly JsonValue[] => {
    if (Array.isArray(value)) return value
    if (value !== undefined) errors.push(new WebhookParseError(source, 'must be a list', { path }))
    return []
  }
  for (const [at, one] of entry.entries()) {
    const { changes = null } = fieldsOf(one)
    for (const [index, change] of listIn(`entry[${at}].changes`, changes).entries()) {
      const { field, value } = fieldsOf(change)
      const path = `entry[${at}].changes[${index}].value`
      const { statuses, messages } = fieldsOf(value)
      if (field !== 'messages' || (statuses === undefined && messages === undefined))
        events.push({ event: 'unknown', raw: change ?? null })
      for (const [number, raw] of listIn(`${path}.statuses`, statuses).entries())
        read(`${path}.statuses[${number}]`, raw, statusOf)
      for (const [number, raw] of listIn(`${path}.messages`, messages).entries())
        read(`${path}.messages[${number}]`, raw, messageOf)
    }
  }
  return { events, errors }
}

function statusOf(raw: JsonObject): WhatsAppCloudEvent | undefined {
  const { id, status, recipient_id: recipient, biz_opaque_callback_data: key, errors, pricing } = raw
  const at = timeOf(raw.timestamp)
  if (typeof id !== 'string' || typeof status !== 'string' || typeof recipient !== 'string' || at === undefined) return undefined
  const { code, title } = fieldsOf(listOf(errors)[0])
  return {
    event: 'status',
    messageId: id,
    status,
    at,
    recipient,
    ...(typeof key === 'string' && key !== '' && { key }),
    ...(typeof code === 'number' && { code }),
    ...(typeof title === 'string' && { title }),
    ...(pricing !== undefined && { pricing: fieldsOf(pricing) }),
    raw,
  }
}

function messageOf(raw: JsonObject): WhatsAppCloudEvent | undefined {
  const { id, from, type, text, button } = raw
  const at = timeOf(raw.timestamp)
  if (typeof id !== 'string' || typeof from !== 'string' || typeof type !== 'string' || at === undefined) return undefined
  const words = fieldsOf(text).body ?? fieldsOf(button).text
  return { event: 'message', messageId: id, from, at, type, ...(typeof words === 'string' && { text: words }), raw }
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}

/** Seconds, as a text. */
function timeOf(timestamp: JsonValue | undefined): number | undefined {
  return typeof timestamp === 'string' && /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1000 : undefined
}
