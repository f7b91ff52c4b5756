import type { AddressKey, Channel } from '../../contract/channel.ts'
import { SendError } from '../../contract/errors.ts'
import type { SendPart } from '../../contract/provider.ts'
import type { TwinDestination } from './message-types.ts'

/**
 * Which addresses TWIN can send to. A phone number is the only one that is verified beside e-mail; it comes first where the channel
 * goes by phone (mail.ru templates for VKontakte) or where a session is started from it.
 */
export const twinAddresses: Readonly<Partial<Record<Channel, readonly AddressKey[]>>> = {
  telegram: ['telegram', 'phone'],
  vk: ['phone', 'vk'],
  ok: ['phone', 'ok'],
  chat: ['phone', 'chat'],
}

/** The destination of one channel. A leading `+` tells a phone number from a messenger's own id. */
export function destinationOf({ channel, to }: SendPart): TwinDestination {
  if (to === undefined) return {}
  if (typeof to === 'object') {
    throw new SendError('recipient', 'TWIN pushes to a registration id of an app, not to a browser subscription')
  }
  const address = String(to)
  if (channel === 'email') return { email: address }
  if (channel === 'push') return { pushRegistrationId: address }
  const phone =
    channel === 'sms' || channel === 'whatsapp' || address.startsWith('+') || (channel === 'viber' && /^\d+$/.test(address))
  if (phone) return { phone: address.replace(/^\+/, '') }
  return channel === 'chat' ? { chatSessionId: address } : { messengerUserId: address }
}

/** One destination with everything in it. Throws a `content` `SendError` where two channels need different values of one field. */
export function mergeDestinations(destinations: readonly TwinDestination[]): TwinDestination {
  const merged: Record<string, unknown> = {}
  for (const destination of destinations) {
    for (const [name, value] of Object.entries(destination)) {
      if (name === 'variables') merged.variables = { ...(merged.variables as object | undefined), ...(value as object) }
      else if (merged[name] === undefined) merged[name] = value
      else if (merged[name] !== value) {
        throw new SendError(
          'content',
          `TWIN takes one ${name} per destination and the channels have different ones: use steps of their own`,
          {
            field: name,
          },
        )
      }
    }
  }
  return merged as TwinDestination
}
