import type { Channel } from '../../contract/channel.ts'
import type { ContentByChannel } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { SendPart, SendRequest } from '../../contract/provider.ts'
import { callbackDataOf } from './callback-data.ts'
import { type ChannelSettings, channelFieldsOf } from './channel-fields.ts'
import { destinationOf, mergeDestinations } from './destination.ts'
import type { TwinChannelFields, TwinDestination, TwinMessage } from './message-types.ts'
import { vendorFieldsOf } from './vendor-fields.ts'

/** What every message of a provider has in common. */
export interface MessageSettings extends ChannelSettings {
  readonly name: string
  readonly channelKeys: Readonly<Record<Channel, string>>
  readonly callbackUrl: string | undefined
  readonly useShortLinks: boolean
}

/** The message of one send: one channel, or all channels of a delegated cascade in order. Throws a `SendError` on what TWIN cannot take. */
export function messageOf(request: SendRequest, settings: MessageSettings): TwinMessage {
  const parts: readonly SendPart[] = request.parts?.length ? request.parts : [request]
  const minutes = validityOf(request.within, parts.length)
  const channels: Record<string, TwinChannelFields> = {}
  const destinations: TwinDestination[] = []
  let extra: TwinMessage | object = {}
  for (const part of parts) {
    const own = vendorFieldsOf(part.content, settings.name)
    const key = settings.channelKeys[part.channel]
    if (channels[key]) throw new SendError('content', `TWIN takes one "${key}" channel per message`, { field: 'parts' })
    const fields = channelFieldsOf(part, settings, own.channel ?? {})
    channels[key] = {
      ...fields,
      validityPeriod: Math.min(own.channel?.validityPeriod ?? minutes, validityOf(request.within, 1)),
      ...(own.required !== undefined && { required: own.required }),
    }
    destinations.push(overridden({ ...destinationOf(part), ...spoken(part, settings) }, own.destination))
    extra = { ...extra, ...own.message }
  }
  const destination = mergeDestinations(destinations)
  if (Object.keys(destination).length === 0) throw new SendError('recipient', 'there is no address that TWIN could send to')
  return {
    useShortLinks: settings.useShortLinks,
    channels,
    destinations: [withUser(destination, request.recipient.userId)],
    callbackData: callbackDataOf(request),
    ...(settings.callbackUrl !== undefined && { callbackUrl: settings.callbackUrl }),
    ...extra,
  }
}

/**
 * TWIN's own expiry in whole minutes: `within` shared among the channels of a chain, from 1 to 2880, and no longer than `within` save
 * that one minute is the least TWIN takes.
 */
function validityOf(within: number, channels: number): number {
  return Math.min(2880, Math.max(1, Math.floor(within / channels / 60_000)))
}

/** A chat bot speaks its own scenario; the text reaches it as a variable. */
function spoken({ channel, content }: SendPart, { chat }: ChannelSettings): TwinDestination {
  if (channel !== 'chat') return {}
  return { variables: { [chat?.textVariable ?? 'text']: (content as ContentByChannel['chat']).text } }
}

function overridden(derived: TwinDestination, own: TwinDestination = {}): TwinDestination {
  const variables = { ...derived.variables, ...own.variables }
  return { ...derived, ...own, ...(Object.keys(variables).length > 0 && { variables }) }
}

function withUser(destination: TwinDestination, userId: string | null | undefined): TwinDestination {
  return userId === null || userId === undefined ? destination : { externalId: userId, ...destination }
}
