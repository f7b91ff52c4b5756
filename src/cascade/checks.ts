import type { AddressKey, Recipient } from '../contract/channel.ts'
import type { Moment, Window } from '../contract/time.ts'
import { isTimeZone, minutesOf, noZone } from './window.ts'

/** Collects what is wrong with a request, all of it, so that one error can name it all. */
export type Report = (path: string, message: string) => void

/** Whether a value is a string that is not empty. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0

const isE164 = (value: unknown) => typeof value === 'string' && /^\+[1-9]\d{6,14}$/.test(value)
const isId = (value: unknown) => Number.isSafeInteger(value) || (typeof value === 'string' && value.length > 0)
// Control characters in an address are how header fields are forged.
const isMailbox = (value: unknown) =>
  typeof value === 'string' && value.length <= 254 && /^[^\s@<>,;\p{Cc}]+@[^\s@<>,;\p{Cc}]+$/u.test(value)
const isPush = (value: unknown) => isText(value) || isText((value as { endpoint?: unknown }).endpoint)

const addressForms: Readonly<Record<AddressKey, readonly [(value: unknown) => boolean, string]>> = {
  phone: [isE164, 'is not an E.164 number: write it with + and country code, for example +420777123456'],
  email: [isMailbox, 'is not an e-mail address: write the bare mailbox, for example ada@example.org'],
  push: [isPush, 'is not a push address: give a device token, or a browser subscription with endpoint and keys'],
  whatsapp: [isE164, 'is not an E.164 number: write it with + and country code'],
  viber: [isText, 'is not a Viber user id or number'],
  telegram: [isId, 'is not a Telegram chat id (a safe integer) or @channelname'],
  vk: [isId, 'is not a VKontakte id'],
  ok: [isText, 'is not an Odnoklassniki chat id'],
  chat: [isText, 'is not a chat id'],
}

const fieldForms = Object.entries({
  ...addressForms,
  userId: [isText, 'is no text, or empty'],
  locale: [isText, 'is not a language tag, such as uk-UA'],
  timeZone: [isTimeZone, noZone],
} satisfies Readonly<Record<keyof Recipient, readonly [(value: unknown) => boolean, string]>>)

/**
 * The recipient's own fields out of what may be a whole row of a database. Reports every address that cannot be one, and an
 * unknown time zone. Values are not echoed: they are personal data.
 */
export function recipientOf(given: unknown, report: Report): Recipient {
  if (typeof given !== 'object' || given === null) {
    report('to', 'is missing: give the recipient, for example { phone: "+420777123456" }')
    return {}
  }
  const to: Record<string, unknown> = {}
  for (const [key, [isValid, message]] of fieldForms) {
    const value = (given as Readonly<Record<string, unknown>>)[key]
    if (value === null || value === undefined) continue
    if (isValid(value)) to[key] = value
    else report(`to.${key}`, message)
  }
  return to
}

/** Reports fields that mean nothing: a misspelt `required` must not be lost in silence. */
export function checkKeys(value: object, known: readonly string[], path: string, report: Report): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) report(path === '' ? key : `${path}.${key}`, `is unknown here: there are ${known.join(', ')}`)
  }
}

/** Reports a window that has no meaning. */
export function checkWindow(window: Window, path: string, zone: string | null, report: Report): void {
  if (typeof window === 'object' && window !== null) checkKeys(window, ['from', 'to', 'timeZone'], path, report)
  for (const end of ['from', 'to'] as const) {
    if (minutesOf(window?.[end]) === undefined) report(`${path}.${end}`, 'is not a time of day: write HH:MM, from 00:00 to 24:00')
  }
  if (window?.timeZone !== undefined && !isTimeZone(window.timeZone)) report(`${path}.timeZone`, noZone)
  if (window?.timeZone === undefined && zone === null)
    report(path, 'needs a time zone: set to.timeZone, window.timeZone, or defaults.timeZone of the notifier')
}

/** Unix milliseconds of a moment, or undefined with a report. */
export function momentOf(moment: Moment, path: string, report: Report): number | undefined {
  const time =
    moment instanceof Date
      ? moment.getTime()
      : typeof moment === 'string'
        ? /(Z|[+-]\d\d:?\d\d)$/.test(moment)
          ? Date.parse(moment)
          : Number.NaN
        : moment
  // Beyond lies what no Date can hold: nanoseconds, say.
  if (Number.isFinite(time) && Math.abs(time) <= 8.64e15) return time
  report(path, 'is not a moment: give a Date, Unix milliseconds, or ISO 8601 with an offset, for example 2026-11-25T09:00:00Z')
  return undefined
}

/** Reports what would not survive JSON: dates, functions, NaN, class instances, cycles. */
export function checkJson(value: unknown, path: string, report: Report, depth = 0): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return
  if (typeof value === 'number') return report(path, 'is not a finite number')
  if (typeof value !== 'object') return report(path, `is a ${typeof value}: records hold plain JSON only`)
  if (depth > 64) return report(path, 'is nested too deeply, or refers to itself')
  if (Array.isArray(value)) return value.forEach((item, index) => checkJson(item, `${path}[${index}]`, report, depth + 1))
  if (value instanceof Date) return report(path, 'is a Date: pass an ISO string, so that the record stays plain JSON')
  if (!isPlain(value)) return report(path, `is an instance of ${value.constructor?.name}: records hold plain JSON only`)
  for (const key of Object.keys(value)) {
    const item = (value as Readonly<Record<string, unknown>>)[key]
    if (item !== undefined) checkJson(item, `${path}.${key}`, report, depth + 1)
  }
}

/** Whether an object is of no class. That of another realm has an `Object.prototype` of its own. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
