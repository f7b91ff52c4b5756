// Names and meanings are the vendor's: https://doc.samba.ai/knowledge-base/export-sms-events-via-api/

/** The statuses that Samba documents. */
export type SambaStatus = 'ACCEPTED' | 'DELIVERED' | 'EXPIRED' | 'DELETED' | 'UNDELIVERABLE' | 'REJECTED' | 'SKIPPED'

/** A campaign, or a node of a flow. */
export interface SambaRef {
  readonly id: string
  readonly name: string
}

/** What happened to an SMS. */
export interface SambaSms {
  /** The account. Always a string, so that no digit is lost past 2^53. */
  readonly trackpoint: string
  /** The recipient's user id. */
  readonly userId: string
  /** One of the documented statuses, or one that Samba has added since. */
  readonly status: SambaStatus | (string & {})
  /** When it happened: Unix milliseconds. */
  readonly date: number
}

/** The SMS was sent by a one-off campaign. */
export interface SambaOneOff {
  readonly type: 'one-off'
  readonly campaign: SambaRef
  /** When the SMS was sent: Unix milliseconds. */
  readonly sendDate: number
}

/** The SMS was sent by an SMS node of a flow campaign. */
export interface SambaFlow {
  readonly type: 'flow'
  readonly campaign: SambaRef
  readonly node: SambaRef
  /** When the SMS was sent: Unix milliseconds. */
  readonly sendDate: number
}

/** The SMS was sent by something that is not documented. */
export interface SambaOtherSource {
  readonly type: 'unknown'
  /** What Samba calls its type. */
  readonly name: string
  readonly campaign?: unknown
  readonly node?: unknown
  /** When the SMS was sent: Unix milliseconds. */
  readonly sendDate: number
}

/** One event of the export. It carries no id of its own, neither of the event nor of the message. */
export interface SambaSmsEvent {
  readonly smsEvent: SambaSms
  readonly source: SambaOneOff | SambaFlow | SambaOtherSource
}
