/** The nine channels a notification can travel on. `vk` is VKontakte, `ok` is Odnoklassniki. */
export const channels = ['sms', 'email', 'push', 'whatsapp', 'viber', 'telegram', 'vk', 'ok', 'chat'] as const

/** What is said of a name that is no channel. */
export const noChannel = `is none of ${channels.join(', ')}`

/** One of the nine channels. */
export type Channel = (typeof channels)[number]

/** A W3C push subscription, as a browser's `PushSubscription.toJSON()` gives it. */
export interface WebPushSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/** What a provider sends to: a phone number, a mailbox, a chat id, a device token or a browser subscription. */
export type Address = string | number | WebPushSubscription

/**
 * Who is told: addresses by kind, and what decides how and when they are told.
 * An address may be `null` or `undefined`, as rows from a database are; the channel then does not apply.
 */
export interface Recipient {
  /** E.164 with a leading `+` (ITU-T E.164). Serves SMS, WhatsApp and Viber, and whatever else a provider reaches by phone. */
  readonly phone?: string | null | undefined
  readonly email?: string | null | undefined
  /** A device token, or a browser's push subscription. */
  readonly push?: string | WebPushSubscription | null | undefined
  /** A WhatsApp number where it differs from `phone`. */
  readonly whatsapp?: string | null | undefined
  /** A Viber user id or number where it differs from `phone`. */
  readonly viber?: string | null | undefined
  /** A Telegram chat id, or `@channelname`. */
  readonly telegram?: number | string | null | undefined
  /** A VKontakte user or peer id. */
  readonly vk?: number | string | null | undefined
  /** An Odnoklassniki chat id. */
  readonly ok?: string | null | undefined
  /** A chat, room or channel id of the chat provider. */
  readonly chat?: string | null | undefined
  /** The app's own id of this person. Providers pass it on where a vendor has a field for it. */
  readonly userId?: string | null | undefined
  /** BCP 47 language tag, for example `uk-UA`. Templates fall back from `uk-UA` to `uk` to their default. */
  readonly locale?: string | null | undefined
  /** IANA time zone, for example `Europe/Prague`. Quiet hours are reckoned in it. */
  readonly timeZone?: string | null | undefined
}

/** The fields of a recipient that hold an address. */
export type AddressKey = 'phone' | 'email' | 'push' | 'whatsapp' | 'viber' | 'telegram' | 'vk' | 'ok' | 'chat'

/** Which fields of a recipient serve a channel, the preferred one first. A provider may declare others (`addresses`). */
export const addressKeys: Readonly<Record<Channel, readonly AddressKey[]>> = {
  sms: ['phone'],
  email: ['email'],
  push: ['push'],
  whatsapp: ['whatsapp', 'phone'],
  viber: ['viber', 'phone'],
  telegram: ['telegram'],
  vk: ['vk'],
  ok: ['ok'],
  chat: ['chat'],
}
