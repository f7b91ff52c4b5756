import type { JsonObject } from '../contract/json.ts'

// Names and meanings are the vendor's. Every id is a string: ids are compared, not reckoned with, and none may lose a digit.

// All fields are documented; what receipts do not need may still be missing.
interface SmsEvent<E extends string> {
  readonly event: E
  /** The app's own id of the user. */
  readonly client_user_id: string | null
  readonly project_id: string | null
  /** 1: system, 2: custom, a marketing campaign. */
  readonly category_id: number | null
  /** Empty where Sendios gives none. */
  readonly template_id: string | null
  readonly sms_id: string
  /** When the webhook was sent: Unix seconds. */
  readonly ts: number
  /** 1 by default. */
  readonly omnichannel: number | null
  /** `sms`. */
  readonly channel: string | null
  /** The event as Sendios sent it. */
  readonly raw: JsonObject
}

/** An SMS was sent. Without an `sms_lost` after it, it was delivered. */
export type SendiosSmsSent = SmsEvent<'sms_sent'>

/** An SMS that was sent has not been delivered. */
export type SendiosSmsLost = SmsEvent<'sms_lost'>

/** A link in an SMS was clicked. */
export interface SendiosSmsClick extends SmsEvent<'sms_click'> {
  /** As Sendios gives it: it may have no scheme. */
  readonly link: string | null
}

// Only `created` and `reject` are public in full [doc][live]; of the others the names alone. Hence so much that may be null.
interface MailEvent<E extends string> {
  readonly event: E
  /** When the webhook was sent: Unix seconds. */
  readonly ts: number
  readonly user_id: string | null
  /** The app's own id of the user. */
  readonly client_user_id: string | null
  readonly project_id: string | null
  readonly project: string | null
  readonly type_id: string | null
  readonly split_group: string | null
  readonly email: string | null
  /** What the app gave as `meta` when it sent, and what Sendios adds. */
  readonly meta: JsonObject | null
  /** The event as Sendios sent it. */
  readonly raw: JsonObject
}

/** The user was added to Sendios. */
export interface SendiosMailCreated extends MailEvent<'created'> {
  readonly reg_type: string | null
  readonly event_id: string | null
  /** What Sendios knows of the user. */
  readonly user: JsonObject | null
}

/** An e-mail was queued. */
export type SendiosMailQueue = MailEvent<'queue'>

/** An e-mail will not be sent. */
export interface SendiosMailReject extends MailEvent<'reject'> {
  /** For example `validation`. */
  readonly reject_reason: string | null
}

/** An e-mail was sent. */
export type SendiosMailSent = MailEvent<'sent'>

/** An e-mail was opened. */
export type SendiosMailOpen = MailEvent<'open'>

/** A link in an e-mail was clicked. */
export interface SendiosMailClick extends MailEvent<'click'> {
  /** The field's name is not public; `link` is taken from SMS clicks [inf]. */
  readonly link: string | null
}

/** An event of a name that this library does not know, kept as it came. */
export interface SendiosUnknown {
  readonly event: 'unknown'
  /** What Sendios calls it. */
  readonly name: string
  readonly raw: JsonObject
}

/** Omnichannel events: their names are their own. */
export type SendiosSmsEvent = SendiosSmsSent | SendiosSmsLost | SendiosSmsClick

/** E-mail events: those of these names that do not carry `omnichannel`. */
export type SendiosMailEvent =
  | SendiosMailCreated
  | SendiosMailQueue
  | SendiosMailReject
  | SendiosMailSent
  | SendiosMailOpen
  | SendiosMailClick

/** Anything that Sendios reports. Narrow it by `event`. */
export type SendiosEvent = SendiosSmsEvent | SendiosMailEvent | SendiosUnknown
