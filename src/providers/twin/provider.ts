import type { Channel } from '../../contract/channel.ts'
import { channels } from '../../contract/channel.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { CancelRequest, ChannelProvider, ProviderLimits, SendResult } from '../../contract/provider.ts'
import { checkOptions, isText } from '../../wire/options.ts'
import { callbackDataOf, flowIdOf, flowKey, isDelegated } from './callback-data.ts'
import type { TwinChatOptions } from './channel-fields.ts'
import { createTwinClient, type TwinClient, type TwinClientOptions } from './client.ts'
import { twinAddresses } from './destination.ts'
import { itemError } from './errors.ts'
import { type MessageSettings, messageOf } from './message.ts'
import type { TwinMessageIds, TwinMessageResult } from './message-types.ts'
import { confidentialOf } from './messages.ts'

/** How the provider sends, whichever client it uses. */
export interface TwinSendOptions {
  /** Unique within a notifier; `twin` when left out. `twinWebhook` takes the same name. */
  readonly name?: string
  /** Where TWIN posts its callbacks, at most 4000 bytes. With it receipts are `full`, without it `none`. */
  readonly callbackUrl?: string
  /** Added to `callbackUrl` as `?token=`, since TWIN signs nothing; the webhook handler compares it. */
  readonly callbackSecret?: string
  /** TWIN's keys of the channels. `sms` and `chat` are verified; the other defaults are our own channel names and are not. */
  readonly channelKeys?: Readonly<Partial<Record<Channel, string>>>
  /** Sender name: of SMS and Viber where it is one string (`TwinService` for SMS when left out), or by channel. */
  readonly sender?: string | Readonly<Partial<Record<Channel, string>>>
  /** The chat that the `chat` channel starts sessions in. */
  readonly chat?: TwinChatOptions
  /** Lets TWIN shorten the links of SMS; `false` when left out. */
  readonly useShortLinks?: boolean
  /** The kind of a refusal inside a 2xx answer, from TWIN's words, which are not public. `content` when left out or undefined. */
  readonly errorKind?: (message: string) => FailureKind | undefined
  readonly limits?: ProviderLimits
}

/** Options of `twin`: a client of your own, or what makes one. */
export type TwinOptions = TwinSendOptions & (TwinClientOptions | { readonly client: TwinClient })

/**
 * TWIN as a provider of all nine channels, which it can also cascade by itself (`delegates`). Only SMS and chat are verified against
 * working code. Throws `RequestError` on options that cannot work.
 */
export function twin(options: TwinOptions): ChannelProvider {
  const client = clientOf(options)
  const { name = 'twin', limits, errorKind = () => undefined } = options
  const settings = settingsOf(options, name)
  return {
    name,
    channels,
    receipts: settings.callbackUrl === undefined ? 'none' : 'full',
    addresses: twinAddresses,
    delegates: true,
    ...(limits && { limits }),

    async send(request, { signal }) {
      const message = messageOf(request, settings)
      const results = await client.messages.send({ messages: [message] }, { signal })
      const taken = results.filter((result) => refusalOf(result) === null)
      if (taken.length > 0) return acceptedAs(taken, message.callbackData)
      const refusal = results.map(refusalOf).find((error) => error !== null) ?? { message: '' }
      throw itemError(refusal, errorKind(refusal.message) ?? 'content', confidentialOf([message]))
    },

    keys: (request) => [callbackDataOf(request)],

    async cancel(request, { signal }) {
      const which = cancelled(request)
      if (!which) return false
      const results = await client.messages.cancel(which, { signal })
      // The word is unverified: one that we do not know confirms nothing.
      return results.length > 0 && results.every(({ error, status }) => error === null && /^cancell?ed$/i.test(status ?? ''))
    },
  }
}

function clientOf(options: TwinOptions): TwinClient {
  const given = options && 'client' in options ? options.client : undefined
  if (given === undefined) return createTwinClient(options as TwinClientOptions)
  checkOptions('twin', [['client', given, typeof given?.messages?.send === 'function', 'be what `createTwinClient` gave']])
  return given
}

function settingsOf(options: TwinSendOptions, name: string): MessageSettings {
  const { sender = {}, chat, channelKeys, useShortLinks = false } = options
  const defaults = Object.fromEntries(channels.map((channel) => [channel, channel])) as Record<Channel, string>
  return {
    name,
    callbackUrl: callbackUrlOf(options),
    channelKeys: { ...defaults, ...channelKeys },
    senders: typeof sender === 'string' ? { sms: sender, viber: sender } : sender,
    chat,
    useShortLinks,
  }
}

function callbackUrlOf({ callbackUrl, callbackSecret }: TwinSendOptions): string | undefined {
  const url = isText(callbackUrl) && URL.canParse(callbackUrl) ? new URL(callbackUrl) : undefined
  if (url && callbackSecret) url.searchParams.set('token', callbackSecret)
  const isUrl = url !== undefined && /^https?:$/.test(url.protocol) && new TextEncoder().encode(url.href).length <= 4000
  const isSecret = isText(callbackSecret) && callbackUrl !== undefined
  checkOptions('twin', [
    ['callbackUrl', callbackUrl, callbackUrl === undefined || isUrl, 'be an absolute http or https URL of at most 4000 bytes'],
    ['callbackSecret', callbackSecret, callbackSecret === undefined || isSecret, 'be a text, with a callbackUrl to be put into'],
  ])
  return url?.href
}

/** Why TWIN did not take a message: its error, or a status that is already a failure. */
function refusalOf({ error, status }: TwinMessageResult): { readonly message: string } | null {
  return error ?? (/^(error|undelivered)$/i.test(status ?? '') ? { message: `status ${status}` } : null)
}

function acceptedAs(taken: readonly TwinMessageResult[], callbackData: string | undefined): SendResult {
  const [messageId, ...others] = taken.flatMap(({ id }) => id ?? [])
  const flows = taken.flatMap(({ flowId }) => (flowId === null ? [] : flowKey(flowId)))
  return {
    ...(messageId !== undefined && { messageId }),
    keys: [...new Set([...(callbackData === undefined ? [] : [callbackData]), ...flows, ...others])],
  }
}

/** A delegated chain is cancelled whole, another send by its message. */
function cancelled({ messageId, keys }: CancelRequest): TwinMessageIds | undefined {
  const flowId = keys.some(isDelegated) ? flowIdOf(keys) : undefined
  if (flowId !== undefined) return { flowId }
  return messageId === undefined ? undefined : { id: messageId }
}
