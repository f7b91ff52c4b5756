import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseJsonExactly, textOf } from '../../webhooks/json.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { sha1Hex } from '../../wire/digest.ts'
import { isObject } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { e164Of } from '../../wire/phone.ts'
import { zonedTime } from '../../wire/zoned-time.ts'
import { keyOf, statusOf } from './status.ts'

/** What a callback tells: how far a message is. `raw` and `error` are SMSC's numbers, `at` is in Unix milliseconds. */
export type SmscEvent =
  | {
      readonly event: 'status'
      /** As SMSC has it: unique only together with `phone`. */
      readonly id: string
      /** E.164 with its `+`. */
      readonly phone: string
      readonly status: 'pending' | ReceiptStatus
      readonly raw: string
      readonly error?: string
      /** SMSC's number of the kind of message, where it is not an SMS. */
      readonly type?: string
      readonly at: number
    }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** Options of `smscWebhook`. */
export interface SmscWebhookOptions {
  /** The secret word of the handler in the account's settings; several while it is changed. */
  readonly secret: string | readonly string[]
  /** Name of the provider. */
  readonly name?: string
}

/**
 * SMSC's callbacks about statuses, for a handler whose address ends in `?sha1=1&charset=utf-8`: as a form, or with `fmt=3` as JSON. The digest
 * is the SHA-1 of `id:phone:status:secret` [U: seen in public code, and cut off in the copies of SMSC's documentation], and covers nothing else.
 * Inbound messages have no status, and are refused.
 */
export function smscWebhook(options: SmscWebhookOptions): WebhookSource<SmscEvent> {
  checkNames('smscWebhook', options, ['secret', 'name'])
  const secrets = [options?.secret ?? []].flat()
  const areSecrets = secrets.length > 0 && secrets.every((secret) => isText(secret))
  checkOptions('smscWebhook', [['secret', options?.secret, areSecrets, 'be the secret word of the handler, or a list of such']])
  const provider = options.name ?? 'smsc'
  return {
    provider,
    contentTypes: ['application/x-www-form-urlencoded', 'application/json'],
    signature: 'SHA-1 of id, phone, status and secret, in the body',
    async verify({ body }) {
      const { id = '', phone = '', status = '', sha1 = '' } = proofOf(body)
      const expected = await Promise.all(secrets.map((secret) => sha1Hex(`${id}:${phone}:${status}:${secret}`)))
      if (id === '' || phone === '' || status === '' || !matchesSecret(sha1.toLowerCase(), expected)) {
        throw new WebhookVerificationError(
          'sha1 is missing or wrong: put sha1=1 into the address of the handler, and give the secret word that stands beside it',
        )
      }
    },
    parse: ({ body }) => ({ events: [eventOf(fieldsIn(body))], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

type Fields = Readonly<Record<string, string | undefined>>

/** The fields of a form or of a JSON object, as texts. */
function fieldsIn(body: Uint8Array): Fields {
  const text = textOf('smsc', body)
  if (!/^\s*[[{]/.test(text)) return Object.fromEntries(new URLSearchParams(text))
  const json = parseJsonExactly('smsc', text)
  if (!isObject(json)) throw new WebhookParseError('smsc', 'must be an object')
  const plain = Object.entries(json).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  return Object.fromEntries(plain.map(([name, value]) => [name, String(value)]))
}

function proofOf(body: Uint8Array): Fields {
  try {
    return fieldsIn(body)
  } catch {
    return {}
  }
}

function eventOf(fields: Fields): SmscEvent {
  const { id = '', phone = '', status: raw = '', err = '', type = '' } = fields
  if (phone === '') throw new WebhookParseError('smsc', 'must be a number', { path: 'phone' })
  const status = /^-?\d+$/.test(raw) ? statusOf(Number(raw)) : undefined
  if (id === '' || status === undefined) return { event: 'unknown', raw: fields }
  return {
    event: 'status',
    id,
    phone: e164Of(phone),
    status,
    raw,
    ...(Number(err) > 0 && { error: err }),
    ...(Number(type) > 0 && { type }),
    at: timeOf(fields),
  }
}

/** `ts` in Unix seconds, or `time` in Moscow's. */
function timeOf({ ts = '', time = '' }: Fields): number {
  if (/^\d{1,11}$/.test(ts)) return Number(ts) * 1000
  const [, day, month, year, clock] = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)$/.exec(time) ?? []
  const at = zonedTime(`${year}-${month}-${day} ${clock}`, 'Europe/Moscow')
  if (at === undefined) throw new WebhookParseError('smsc', 'must be a time', { path: 'ts' })
  return at
}

function receiptOf(provider: string, event: SmscEvent): Receipt | undefined {
  if (event.event !== 'status' || event.status === 'pending') return undefined
  const { id, phone, status, raw, at, error } = event
  const isFailure = status === 'failed' || status === 'expired'
  return {
    provider,
    keys: [keyOf(id, phone)],
    status,
    at,
    raw,
    ...(isFailure && error !== undefined && { reason: `err ${error}` }),
  }
}

/** A number that is none, by what is signed (`err` is not); of SMS alone, for what else `type` may be is not public. */
function suppressionOf(provider: string, event: SmscEvent): Suppression | undefined {
  if (event.event !== 'status' || event.status !== 'failed' || event.type !== undefined) return undefined
  const { phone: address, raw, error, at } = event
  if (raw !== '22') return undefined
  return { state: 'suppressed', provider, channel: 'sms', address, reason: 'bounced', at, raw: error ?? raw }
}
