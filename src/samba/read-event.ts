import { isMoment } from '../wire/moment.ts'
import type { SambaSmsEvent } from './events.ts'

/** An object of JSON. */
export type Fields = Record<string, unknown>

/**
 * The event that a parsed record is, or why it is none. The record becomes the event: what needs normalising is changed in it.
 * `text` is what it was parsed from; it is looked into for digits that a number cannot hold.
 */
export function readEvent(record: Fields, text: string): SambaSmsEvent | string {
  const { smsEvent: sms, source } = record
  if (!isObject(sms)) return 'smsEvent must be an object'
  if (!isObject(source)) return 'source must be an object'
  if (isInexact(sms.userId)) sms.userId = exactly(text, 'userId') ?? sms.userId
  if (isInexact(sms.trackpoint)) sms.trackpoint = plainDigits(text) ?? exactly(text, 'trackpoint') ?? sms.trackpoint
  return smsFault(sms) ?? sourceFault(source) ?? (record as unknown as SambaSmsEvent)
}

function smsFault(sms: Fields): string | undefined {
  const { trackpoint, userId, status, date } = sms
  if (Number.isSafeInteger(trackpoint)) sms.trackpoint = String(trackpoint)
  else if (!isId(trackpoint)) return 'smsEvent.trackpoint must be an integer'
  if (Number.isSafeInteger(userId)) sms.userId = String(userId)
  else if (!isId(userId)) return 'smsEvent.userId must be a string'
  if (!isId(status)) return 'smsEvent.status must be a string'
  return isMoment(date) ? undefined : 'smsEvent.date must be Unix milliseconds'
}

function sourceFault(source: Fields): string | undefined {
  const { type, campaign, node, sendDate } = source
  if (!isMoment(sendDate)) return 'source.sendDate must be Unix milliseconds'
  if (!isId(type)) return 'source.type must be a string'
  if (type !== 'flow' && type !== 'one-off') {
    source.type = 'unknown'
    source.name = type
    return undefined
  }
  if (!isRef(campaign)) return 'source.campaign must have an id and a name'
  return type === 'one-off' || isRef(node) ? undefined : 'source.node must have an id and a name'
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isRef = (value: unknown): boolean => isObject(value) && isId(value.id) && typeof value.name === 'string'

const isInexact = (value: unknown): boolean => typeof value === 'number' && !Number.isSafeInteger(value)

/** The trackpoint's digits, cheaply, in a text that leaves no doubt: without escapes each quote is a delimiter, so one match is the key. */
function plainDigits(text: string): string | undefined {
  const key = '"trackpoint"'
  const at = text.indexOf(key)
  if (at === -1 || text.includes(key, at + 1) || text.includes('\\')) return undefined
  return /^\s*:\s*(\d+)\s*[,}]/.exec(text.slice(at + key.length, at + key.length + 100))?.[1]
}

/** The digits of a field of `smsEvent` by the source text of its number; a reviver makes this three times as slow as parsing. */
function exactly(text: string, field: string): string | undefined {
  const record = JSON.parse(text, digitsOfInexact) as { readonly smsEvent: Fields }
  const digits = record.smsEvent[field]
  return typeof digits === 'string' ? digits : undefined
}

// The third argument came with ES2025, after our `lib`.
function digitsOfInexact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const digits = context?.source
  return isInexact(value) && digits !== undefined && /^\d+$/.test(digits) ? digits : value
}
