import type { Channel } from './channel.ts'
import type { JsonObject } from './json.ts'

/** Fields of one vendor only, by the adapter's name (`telegram`, `twin`); each adapter documents what it takes. */
export interface VendorFields {
  readonly vendor?: Readonly<Record<string, JsonObject>>
}

/** A link the recipient can press. */
export interface Button {
  readonly text: string
  readonly url: string
}

export interface SmsContent extends VendorFields {
  readonly text: string
  /** Sender name or number, where the provider lets the message choose it. */
  readonly sender?: string
}

export interface EmailContent extends VendorFields {
  readonly subject: string
  /** At least one of `text` and `html` is needed. */
  readonly text?: string
  readonly html?: string
  readonly from?: string
  readonly replyTo?: string
  /** Extra header fields. Line breaks in them are refused. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface PushContent extends VendorFields {
  readonly title?: string
  readonly text: string
  /** Opened when the notification is pressed. */
  readonly url?: string
  readonly imageUrl?: string
  readonly data?: Readonly<Record<string, string>>
}

/** What messengers carry: a text, and a picture and buttons where the messenger has them. */
export interface MessengerContent extends VendorFields {
  readonly text: string
  readonly imageUrl?: string
  readonly buttons?: readonly Button[]
}

export interface TelegramContent extends MessengerContent {
  /** How `text` is marked up; plain text when left out. */
  readonly format?: 'markdownV2' | 'html'
  readonly silent?: boolean
}

/** A message template that the vendor has approved, for WhatsApp outside its 24-hour window. */
export interface ApprovedTemplate {
  readonly name: string
  readonly language: string
  readonly namespace?: string
  readonly parameters?: readonly string[] | Readonly<Record<string, string>>
}

export interface WhatsAppContent extends VendorFields {
  /** Free text, allowed inside the 24-hour window only. At least one of `text` and `approved` is needed. */
  readonly text?: string
  readonly imageUrl?: string
  readonly approved?: ApprovedTemplate
}

/** What each channel can carry. */
export interface ContentByChannel {
  readonly sms: SmsContent
  readonly email: EmailContent
  readonly push: PushContent
  readonly whatsapp: WhatsAppContent
  readonly viber: MessengerContent
  readonly telegram: TelegramContent
  readonly vk: MessengerContent
  readonly ok: MessengerContent
  readonly chat: MessengerContent
}

/** Content for some of the channels. */
export type Content<C extends Channel = Channel> = { readonly [K in C]?: ContentByChannel[K] }
