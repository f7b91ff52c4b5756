import type { Channel } from '../../contract/channel.ts'
import type { ContentByChannel, EmailContent, MessengerContent, PushContent, WhatsAppContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { SendPart } from '../../contract/provider.ts'
import type { TwinChannelFields } from './message-types.ts'

/** The chat whose sessions the `chat` channel starts. */
export interface TwinChatOptions {
  readonly chatId: string
  readonly botId?: string
  /** `WHATSAPP` has been seen; further values are not public. */
  readonly messengerType?: string
  readonly chatSessionName?: string
  readonly continueLastOrStartNewSession?: boolean
  /** `TWIN` when left out, as seen in use. */
  readonly provider?: string
  /** The bot's variable that gets the text; `text` when left out. The bot's scenario has to say it. */
  readonly textVariable?: string
}

/** What the channel objects of a provider have in common. */
export interface ChannelSettings {
  readonly senders: Readonly<Partial<Record<Channel, string>>>
  readonly chat: TwinChatOptions | undefined
}

type Fields<T> = { readonly [K in keyof T]?: T[K] | undefined }
type Writer<C extends Channel> = (content: ContentByChannel[C], settings: ChannelSettings) => Fields<TwinChannelFields>

const writers: { readonly [C in Channel]: Writer<C> } = {
  // Twin's own sender name, for accounts that have registered none.
  sms: ({ text, sender }, { senders }) => ({ from: sender ?? senders.sms ?? 'TwinService', text }),
  email: emailFields,
  push: ({ title, text, url, imageUrl }: PushContent) => ({ subject: title, text, imageUrl, buttonUrl: url }),
  whatsapp: whatsAppFields,
  viber: (content, { senders }) => messengerFields(content, senders.viber),
  telegram: (content, { senders }) => {
    if (content.format === undefined) return messengerFields(content, senders.telegram)
    throw new SendError('content', 'TWIN has no field for marked-up text: leave `format` out', { field: 'format' })
  },
  vk: (content, { senders }) => messengerFields(content, senders.vk),
  ok: (content, { senders }) => messengerFields(content, senders.ok),
  chat: (_, { chat }) => {
    if (!chat) return {}
    const { textVariable: _variable, provider = 'TWIN', ...fields } = chat
    return { ...fields, provider }
  },
}

/** One channel's object: what its content says, overridden by `own`. Throws a `content` `SendError` on what TWIN cannot carry. */
export function channelFieldsOf(part: SendPart, settings: ChannelSettings, own: TwinChannelFields): TwinChannelFields {
  const write = writers[part.channel] as Writer<Channel>
  const fields: TwinChannelFields = { ...present(write(part.content, settings)), ...own }
  if (part.channel === 'chat' && fields.chatId === undefined) {
    throw new SendError(
      'content',
      'TWIN starts a chat session in a chat: give twin({ chat: { chatId } }) or vendor.twin.channel.chatId',
      {
        field: 'vendor.twin.channel.chatId',
      },
    )
  }
  return fields
}

/** Without the fields that are undefined. */
export function present<T extends object>(fields: Fields<T>): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

function emailFields(
  { subject, text, html, from, replyTo }: EmailContent,
  { senders }: ChannelSettings,
): Fields<TwinChannelFields> {
  const body = html ?? text
  if (body === undefined) throw new SendError('content', 'an e-mail needs text or html', { field: 'text' })
  return { subject, text: body, replyTo, ...mailbox(from ?? senders.email) }
}

/** `Name <address>` (RFC 5322, 3.4), or an address alone. */
function mailbox(from: string | undefined): Fields<TwinChannelFields> {
  if (from === undefined) return {}
  const named = /^([^<]*)<([^<>]+)>\s*$/.exec(from)
  if (!named) return { fromEmail: from.trim() }
  const name = named[1]?.trim().replace(/^"(.*)"$/, '$1')
  return { fromEmail: named[2]?.trim(), fromName: name || undefined }
}

function whatsAppFields({ text, imageUrl, approved }: WhatsAppContent, { senders }: ChannelSettings): Fields<TwinChannelFields> {
  const from = senders.whatsapp
  if (!approved) return { from, text, mediaUrl: imageUrl }
  const { name, namespace, language, parameters = {} } = approved
  // Numbered from 1, as WhatsApp numbers its placeholders.
  const data = Array.isArray(parameters) ? Object.fromEntries(parameters.map((value, at) => [String(at + 1), value])) : parameters
  return {
    from,
    templateName: name,
    templateNamespace: namespace,
    language,
    templateData: data as Readonly<Record<string, string>>,
    mediaUrl: imageUrl,
  }
}

function messengerFields({ text, imageUrl, buttons }: MessengerContent, from: string | undefined): Fields<TwinChannelFields> {
  const [button] = buttons ?? []
  return { from, text, imageUrl, buttonUrl: button?.url, buttonText: button?.text }
}
