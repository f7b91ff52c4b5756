import { type AddressKey, addressKeys, type Channel, type Recipient } from '../contract/channel.ts'

const others: readonly AddressKey[] = ['phone', 'email', 'telegram', 'whatsapp', 'viber', 'vk', 'ok', 'push', 'chat']

/**
 * Whose preferences hold: the person's (`user:…`), or without a `userId` those of the address that the channel is reached at (`email:…`, in lower case);
 * undefined if there is none.
 */
export function recipientKey(to: Recipient, channel?: Channel): string | undefined {
  if (to.userId) return `user:${to.userId}`
  for (const key of [...(channel === undefined ? [] : addressKeys[channel]), ...others]) {
    const address = to[key]
    if (address === null || address === undefined) continue
    const text = String(typeof address === 'object' ? address.endpoint : address)
    return `${key}:${key === 'email' ? text.toLowerCase() : text}`
  }
  return undefined
}
