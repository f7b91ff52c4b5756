import { WebhookParseError } from '../../contract/errors.ts'
import { parseJson, textOf } from '../../webhooks/json.ts'
import { isObject } from '../../wire/json.ts'

/** TWIN's statuses that have been seen or are named in its documents, in lower case; `sent` and `read` are unverified. */
export type TwinStatus =
  | 'pending'
  | 'delayed'
  | 'paused'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'undelivered'
  | 'error'
  | 'expired'
  | 'unknown'

/** One callback: a message, that is one channel of one send, has changed its status. It names neither time, channel nor recipient. */
export interface TwinCallback {
  /** `unknown` for a word we do not know: see `raw`. */
  readonly status: TwinStatus
  /** TWIN's own word, `newStatus`, as it came. */
  readonly raw: string
  /** Id of the message. */
  readonly id: string
  /** Whatever was sent with the message: opaque, and not always JSON. */
  readonly callbackData?: string
  readonly bulkId?: string
  readonly groupId?: string
  /** Presumably the fallback chain that the message is part of. */
  readonly flowId?: string
  readonly oldStatus?: string
  /** 2 (`PENDING`) and 6 (`DELIVERED`) have been seen. */
  readonly oldStatusCode?: number
  readonly newStatusCode?: number
  readonly price?: number
  readonly partCount?: number
  /** The whole callback as it came, with whatever fields TWIN may add. */
  readonly payload: Readonly<Record<string, unknown>>
}

const statuses: ReadonlySet<string> = new Set<TwinStatus>([
  'pending',
  'delayed',
  'paused',
  'sent',
  'delivered',
  'read',
  'undelivered',
  'error',
  'expired',
])

/**
 * Reads the body of a TWIN callback: a JSON object with at least `id` and `newStatus`, as text, bytes or already parsed. Other fields
 * that are not of their type are left out. Throws a `WebhookParseError` with the place of what is wrong.
 */
export function parseTwinCallback(body: string | Uint8Array | object): TwinCallback {
  const payload = typeof body === 'string' || body instanceof Uint8Array ? parseJson('twin', textOf('twin', body)) : body
  if (!isObject(payload)) throw new WebhookParseError('twin', 'must be one JSON object: TWIN posts one event at a time')
  const raw = required(payload, 'newStatus')
  const word = raw.trim().toLowerCase()
  return {
    status: statuses.has(word) ? (word as TwinStatus) : 'unknown',
    raw,
    id: required(payload, 'id'),
    ...optional(payload, 'string', ['callbackData', 'bulkId', 'groupId', 'flowId', 'oldStatus']),
    ...optional(payload, 'number', ['oldStatusCode', 'newStatusCode', 'price', 'partCount']),
    payload,
  }
}

function required(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  if (typeof value === 'string' && value !== '') return value
  throw new WebhookParseError('twin', 'must be a non-empty string', { path: name })
}

function optional(
  fields: Readonly<Record<string, unknown>>,
  type: 'string' | 'number',
  names: readonly string[],
): Partial<TwinCallback> {
  return Object.fromEntries(names.filter((name) => typeof fields[name] === type).map((name) => [name, fields[name]]))
}
