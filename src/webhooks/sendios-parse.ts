import { WebhookParseError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ParsedWebhook } from '../contract/webhook.ts'
import { isObject } from '../wire/json.ts'
import { parseJson, parseJsonExactly, textOf, withoutStacks } from './json.ts'
import type { SendiosEvent } from './sendios-events.ts'
import { type Fault, readEvent } from './sendios-read.ts'

/** What a Sendios webhook holds. */
export interface SendiosWebhook extends ParsedWebhook<SendiosEvent> {
  /** The envelope's `sign`, if it has one. How it is made is not public, so nothing is verified by it [?]. */
  readonly sign: string | null
}

/**
 * Reads a Sendios webhook: the body's text, its bytes, or the value a JSON parser made of it.
 * It may be an envelope (`{"0": {…}, "1": {…}, "sign": null}`), an array, or one event; `{}` and `[]` hold no events.
 * An event that cannot be read is in `errors`, with its path, and does not lose the others.
 * Throws `WebhookParseError` if nothing at all can be read: with line and column where the body is not JSON.
 */
export function parseSendiosWebhook(body: unknown): SendiosWebhook {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return readBody(body, false).webhook
  const text = textOf('sendios', body)
  const clean = isPrototypeClean()
  const { webhook, inexact } = readBody(parseJson('sendios', text), clean)
  return inexact || (webhook.events.some(mayLackDigits) && longInteger.test(text))
    ? readBody(parseJsonExactly('sendios', text), clean).webhook
    : webhook
}

/** As `parseSendiosWebhook`, but gives the events alone, and throws the first error if there is any. */
export function parseSendiosWebhookStrict(body: unknown): readonly SendiosEvent[] {
  const { events, errors } = parseSendiosWebhook(body)
  if (errors[0]) throw errors[0]
  return events
}

/** Whether an event is of use beyond its checked fields, by `meta` or all of it, whose numbers are to keep their digits, or lacks an id that has lost some. */
function mayLackDigits(event: SendiosEvent): boolean {
  if (!('sms_id' in event)) return event.event === 'unknown' || event.meta !== null
  const { client_user_id, project_id, template_id, raw } = event
  return (
    (client_user_id === null && hasLostDigits(raw.client_user_id)) ||
    (project_id === null && hasLostDigits(raw.project_id)) ||
    (template_id === null && hasLostDigits(raw.template_id))
  )
}

const longInteger = /\d{16}/

/** `inexact`: a number has lost digits, so the text is to be read again. */
function readBody(body: unknown, clean: boolean): { readonly webhook: SendiosWebhook; readonly inexact: boolean } {
  const events: SendiosEvent[] = []
  const errors: WebhookParseError[] = []
  let inexact = false

  function read(value: unknown, path: string | number) {
    const outcome = isObject(value) ? readEvent(clean ? value : ownFields(value), value) : notAnObject
    if (!isFault(outcome)) return events.push(outcome)
    const [field, message] = outcome
    const lost = isObject(value) && hasLostDigits(value[field])
    if (lost) inexact = true
    errors.push(errorOf(path, field, lost ? 'is a number that has lost digits: pass the text or the bytes' : message))
  }

  let sign: string | null = null
  if (Array.isArray(body)) body.forEach(read)
  else if (!isObject(body)) {
    throw new WebhookParseError('sendios', `the body is ${kindOf(body)}, not an envelope, an array or an event`)
  } else if (Object.hasOwn(body, 'event')) read(body, '')
  else {
    if (Object.hasOwn(body, 'sign') && typeof body.sign === 'string') sign = body.sign
    for (const key of eventKeys(body)) read(body[key], key)
  }
  return { webhook: { events, errors, sign }, inexact }
}

const notAnObject: Fault = ['', 'must be an object']

const isFault = (outcome: SendiosEvent | Fault): outcome is Fault => Array.isArray(outcome)

const hasLostDigits = (value: unknown) => Number.isInteger(value) && !Number.isSafeInteger(value)

function errorOf(path: string | number, field: string, message: string): WebhookParseError {
  const place = { path: path === '' || field === '' ? `${path}${field}` : `${path}.${field}` }
  return withoutStacks(() => new WebhookParseError('sendios', message, place))
}

/** Asking for each field whether it is the event's own costs half the speed, and matters only where prototypes carry something. */
function isPrototypeClean(): boolean {
  for (const _ in {}) return false
  return true
}

const ownFields = (raw: JsonObject): JsonObject => Object.assign(Object.create(null), raw)

/** The keys of an envelope that number its events, in their order. Others are the vendor's business. */
function eventKeys(envelope: JsonObject): readonly string[] {
  const keys = Object.keys(envelope)
  const numbered = keys.filter(isNumber)
  if (numbered.length === 0 && keys.some((key) => key !== 'sign')) {
    throw new WebhookParseError('sendios', 'the body is an object without events: it has neither numbered keys nor "event"')
  }
  // JavaScript itself keeps keys below 2^32 - 1 in rising order.
  return numbered.some((key) => key.length > 9) ? numbered.sort((a, b) => Number(a) - Number(b)) : numbered
}

function isNumber(key: string): boolean {
  for (let at = 0; at < key.length; at++) if (key.charCodeAt(at) < 0x30 || key.charCodeAt(at) > 0x39) return false
  return key !== ''
}

function kindOf(body: unknown): string {
  if (body === undefined) return 'missing'
  return body === null ? 'null' : `a ${typeof body}`
}
