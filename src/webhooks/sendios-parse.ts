import { WebhookParseError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ParsedWebhook } from '../contract/webhook.ts'
import { isObject } from '../wire/json.ts'
import { parseJson, parseJsonExactly, textOf, withoutStacks } from './json.ts'
import type { SendiosEvent } from './sendios-events.ts'
import { readEvent } from './sendios-read.ts'

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
  return inexact || (webhook.events.some(isLoose) && longInteger.test(text))
    ? readBody(parseJsonExactly('sendios', text), clean).webhook
    : webhook
}

/** As `parseSendiosWebhook`, but gives the events alone, and throws the first error if there is any. */
export function parseSendiosWebhookStrict(body: unknown): readonly SendiosEvent[] {
  const { events, errors } = parseSendiosWebhook(body)
  if (errors[0]) throw errors[0]
  return events
}

// Events of which more than checked fields is of use: `meta`, or all of it. Their numbers are to keep their digits, too.
const isLoose = (event: SendiosEvent) => event.event === 'unknown' || ('meta' in event && event.meta !== null)
const longInteger = /\d{16}/

/** `inexact`: a number has lost digits, so the text is to be read again. */
function readBody(body: unknown, clean: boolean): { readonly webhook: SendiosWebhook; readonly inexact: boolean } {
  const events: SendiosEvent[] = []
  const errors: WebhookParseError[] = []
  let inexact = false
  let raw: unknown
  let path: string | number

  function fail(field: string, message: string): undefined {
    const lostDigits = isObject(raw) && Number.isInteger(raw[field]) && !Number.isSafeInteger(raw[field])
    if (lostDigits) inexact = true
    const what = lostDigits ? 'is a number that has lost digits: pass the text or the bytes' : message
    const place = { path: path === '' || field === '' ? `${path}${field}` : `${path}.${field}` }
    errors.push(withoutStacks(() => new WebhookParseError('sendios', what, place)))
  }

  function read(value: unknown, at: string | number) {
    raw = value
    path = at
    const event = isObject(value) ? readEvent(clean ? value : ownFields(value), value, fail) : fail('', 'must be an object')
    if (event) events.push(event)
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

const isNumber = (key: string) => /^\d+$/.test(key)

function kindOf(body: unknown): string {
  if (body === undefined) return 'missing'
  return body === null ? 'null' : `a ${typeof body}`
}
