/** A filter value: one, or several that are sent comma-separated. */
export type TwinIds = string | readonly string[]

/** A value of a template variable. */
export type TwinScalar = string | number | boolean | null

/** Hours in which TWIN may send, `HH:MM:SS` to `HH:MM:SS`. Their time zone is not public. */
export type TwinTimeRange = readonly [from: string, to: string]

/** One recipient of a message (vendor's SDK). */
export interface TwinDestination {
  /** Digits with country code. Whether a leading `+` is taken is not public. */
  readonly phone?: string
  readonly email?: string
  readonly clientId?: string
  readonly externalId?: string
  /** A chat session, presumably for advertising messages (unverified). */
  readonly chatSessionId?: string
  readonly messengerUserId?: string
  /** Template variables of this recipient. */
  readonly variables?: Readonly<Record<string, TwinScalar>>
  readonly pushRegistrationId?: string
  /** Goes with `pushRegistrationId`; its values are not public. */
  readonly platform?: string
}

/** What one channel sends. One flat type for all channels in the vendor's SDK: which field serves which channel is mostly unverified. */
export interface TwinChannelFields {
  /** Which supplier carries it: `INFOBIP`, `VONAGE`, `MTS` and `RAPPORTO` have been seen for SMS, `TWIN` for chat. */
  readonly provider?: string
  /** Minutes, 1 to 2880. */
  readonly validityPeriod?: number
  /** Ignored where the message has a `templateId`. */
  readonly text?: string
  readonly subject?: string
  readonly fromEmail?: string
  readonly fromName?: string
  readonly replyTo?: string
  readonly from?: string
  readonly imageUrl?: string
  readonly buttonUrl?: string
  readonly buttonText?: string
  readonly templateName?: string
  readonly templateNamespace?: string
  readonly templateData?: Readonly<Record<string, TwinScalar | Readonly<Record<string, TwinScalar>>>>
  readonly language?: string
  readonly mediaUrl?: string
  readonly documentFilename?: string
  /** VKontakte: at most 10 of `<type><owner>_<media>`. */
  readonly attachments?: readonly string[]
  readonly chatId?: string
  readonly botId?: string
  /** `WHATSAPP` has been seen. */
  readonly messengerType?: string
  readonly chatSessionName?: string
  readonly continueLastOrStartNewSession?: boolean
  /** Sends on this channel even if an earlier one delivered. Documented by name only; its place here is unverified. */
  readonly required?: boolean
}

/** Channels by TWIN's key (`sms` and `chat` are verified), in the order in which TWIN tries them. */
export type TwinChannels = Readonly<Record<string, TwinChannelFields>>

/** One message of a batch. */
export interface TwinMessage {
  readonly destinations: readonly TwinDestination[]
  readonly channels?: TwinChannels
  readonly templateId?: string
  readonly groupId?: string
  /** At most 4000 bytes. */
  readonly callbackUrl?: string
  /** Comes back in callbacks as it is; at most 10240 bytes. */
  readonly callbackData?: string
  /** SMS only. */
  readonly useShortLinks?: boolean
  /** Its effect is not public. */
  readonly validate?: boolean
  readonly allowedTimeRanges?: readonly TwinTimeRange[]
  /** The format is not public; a `Date` goes out as ISO 8601 in UTC (unverified). */
  readonly sendAt?: string | Date
}

/** The body of `POST messages`. */
export interface TwinSendRequest {
  readonly messages: readonly TwinMessage[]
  readonly companyId?: string | number
  readonly taskId?: string
  readonly bulkId?: string
}

/** Why TWIN did not create or cancel one message. The vendor's server adds where in its code that was. */
export interface TwinItemError {
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly trace?: readonly string[]
}

/** What became of one message of a batch or of a cancellation. `error` may be set though the HTTP status was 2xx. */
export interface TwinMessageResult {
  readonly id: string | null
  readonly bulkId: string | null
  readonly groupId: string | null
  readonly flowId: string | null
  /** Opaque: `PENDING` (code 2) and `DELIVERED` (6) have been seen; the full list is not public. */
  readonly status: string | null
  /** Opaque, presumably in upper case (`SMS`). */
  readonly channel: string | null
  readonly error: TwinItemError | null
}

/** Which messages to cancel. TWIN does not say how several of these combine. */
export interface TwinMessageIds {
  readonly id?: TwinIds
  readonly bulkId?: TwinIds
  readonly groupId?: TwinIds
  readonly flowId?: TwinIds
}

/** Which messages to list. */
export interface TwinMessageFilter extends TwinMessageIds {
  readonly status?: string
  /** Upper case, such as `SMS` or `VIBER`. */
  readonly channel?: string
  readonly taskId?: TwinIds
  /** The date format is not public. */
  readonly from?: string
  readonly to?: string
}

/** A message as the list shows it; times are strings as TWIN writes them. */
export interface TwinMessageItem {
  readonly id?: string | null
  readonly bulkId?: string | null
  readonly groupId?: string | null
  readonly flowId?: string | null
  /** Opaque. */
  readonly status?: string | null
  readonly statusCode?: number | null
  readonly statusDescription?: string | null
  readonly partCount?: number | null
  readonly network?: string | null
  /** Opaque. */
  readonly channel?: string | null
  readonly templateId?: string | null
  readonly templateName?: string | null
  readonly destination?: TwinDestination | null
  readonly message?: TwinChannelFields | null
  readonly templateVariables?: Readonly<Record<string, TwinScalar>> | null
  readonly tracks?: Readonly<Record<string, TwinScalar>> | null
  readonly createdAt?: string | null
  readonly sentAt?: string | null
  readonly deliveredAt?: string | null
  readonly sendAt?: string | null
  readonly expiredAt?: string | null
}
