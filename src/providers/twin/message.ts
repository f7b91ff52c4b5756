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
  const share = request.within / parts.length
  if (parts.length > 1 && share < minute) throw tooShort(parts.length)
  const minutes = validityOf(share)
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
      validityPeriod: Math.min(own.channel?.validityPeriod ?? minutes, minutes),
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

const minute = 60_000

/** TWIN's own expiry in whole minutes, from 1 to 2880, and no longer than `share` save that one minute is the least TWIN takes. */
function validityOf(share: number): number {
  return Math.min(2880, Math.max(1, Math.floor(share / minute)))
}

// TWIN would still be trying channels after the cascade has moved on.
function tooShort(channels: number): SendError {
  return new SendError('content', `TWIN gives each channel of a chain a minute or more: set within to "${channels}m" at least`, {
    field: 'within',
  })
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
