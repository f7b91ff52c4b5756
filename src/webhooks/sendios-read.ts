import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isObject } from '../wire/json.ts'
import { momentOfSeconds } from '../wire/moment.ts'
import type { SendiosEvent, SendiosMailEvent, SendiosSmsEvent } from './sendios-events.ts'

/** Why an event cannot be read: a field that is not what it must be. A list, so that nothing that prototypes carry makes it look like an event. */
export type Fault = readonly [field: string, message: string]

/**
 * Reads one event: its known fields, checked and normalised; or gives what is wrong with it.
 * `fields` are the event's own: `raw`, or a copy of it that inherits nothing.
 */
export function readEvent(fields: JsonObject, raw: JsonObject): SendiosEvent | Fault {
  const name = fields.event
  if (typeof name !== 'string' || name === '') return ['event', 'must name the event']
  if (isSmsName(name)) return readSms(name, fields, raw)
  // An app push or the like, whose names are not public, may share one with an e-mail event.
  if (isMailName(name) && fields.omnichannel == null) return readMail(name, fields, raw)
  return { event: 'unknown', name, raw }
}

const isSmsName = (name: string): name is SendiosSmsEvent['event'] =>
  name === 'sms_sent' || name === 'sms_lost' || name === 'sms_click'

const mailNames: ReadonlySet<string> = new Set<SendiosMailEvent['event']>(['created', 'queue', 'reject', 'sent', 'open', 'click'])

const isMailName = (name: string): name is SendiosMailEvent['event'] => mailNames.has(name)

/** What finds the attempt and says when is needed; the rest may be missing or in any form, so that no `sms_lost` is lost for it. */
function readSms(event: SendiosSmsEvent['event'], fields: JsonObject, raw: JsonObject): SendiosSmsEvent | Fault {
  const sms_id = idOf(fields.sms_id)
  if (!sms_id) return ['sms_id', 'must be an id']
  const ts = secondsOf(fields.ts)
  if (ts === undefined) return ['ts', 'must be Unix seconds']
  // In one piece: to spread it into another object would take as long as to check it.
  const sms = {
    event,
    client_user_id: idOf(fields.client_user_id) ?? null,
    project_id: idOf(fields.project_id) ?? null,
    category_id: integerOf(fields.category_id) ?? null,
    template_id: idOf(fields.template_id) ?? null,
    sms_id,
    ts,
    omnichannel: integerOf(fields.omnichannel) ?? null,
    channel: stringOf(fields.channel),
    raw,
  }
  return (event === 'sms_click' ? { ...sms, link: stringOf(fields.link) } : sms) as SendiosSmsEvent
}

const mailIds = ['user_id', 'client_user_id', 'project_id', 'type_id', 'split_group', 'event_id'] as const

function readMail(event: SendiosMailEvent['event'], fields: JsonObject, raw: JsonObject): SendiosMailEvent | Fault {
  const ts = secondsOf(fields.ts)
  if (ts === undefined) return ['ts', 'must be Unix seconds']
  const wrong = mailIds.find((field) => idOf(fields[field]) === undefined)
  if (wrong) return [wrong, 'must be an id or null']
  const id = (field: (typeof mailIds)[number]) => idOf(fields[field]) ?? null
  const mail = {
    ts,
    user_id: id('user_id'),
    client_user_id: id('client_user_id'),
    project_id: id('project_id'),
    project: stringOf(fields.project),
    type_id: id('type_id'),
    split_group: id('split_group'),
    email: stringOf(fields.email),
    meta: objectOf(fields.meta),
    raw,
  }
  switch (event) {
    case 'created':
      return { event, ...mail, reg_type: stringOf(fields.reg_type), event_id: id('event_id'), user: objectOf(fields.user) }
    case 'reject':
      return { event, ...mail, reject_reason: stringOf(fields.reject_reason) }
    case 'click':
      return { event, ...mail, link: stringOf(fields.link) }
    default:
      return { event, ...mail }
  }
}

/** An id as a string; null where there is none; undefined where it is no id, or a number that has lost digits. */
function idOf(value: JsonValue | undefined): string | null | undefined {
  if (typeof value === 'string') return value === '' ? null : value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  return value == null ? null : undefined
}

// PHP may well send a number as a string.
function integerOf(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) ? (number as number) : undefined
}

/** Unix seconds of a moment that there is: a receipt is to be dated by it. */
function secondsOf(value: JsonValue | undefined): number | undefined {
  const seconds = integerOf(value)
  return momentOfSeconds(seconds) === undefined ? undefined : seconds
}

const stringOf = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null)

const objectOf = (value: JsonValue | undefined): JsonObject | null => (isObject(value) ? value : null)
