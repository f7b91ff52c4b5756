import type { Address } from '../contract/channel.ts'
import type { PushContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'

/** Whether an address is a token of Expo's service, or the UUID that its SDK takes for one. Source: expo-server-sdk-node, `isExpoPushToken`. */
export function isExpoToken(address: Address | undefined): address is string {
  return (
    typeof address === 'string' &&
    /^(Expo(nent)?PushToken\[[^\]\s]{1,200}\]|[\da-zA-Z]{8}(-[\da-zA-Z]{4}){3}-[\da-zA-Z]{12})$/.test(address)
  )
}

/** Whether an address is a device token of APNs: hexadecimal digits alone. */
export function isApnsToken(address: Address | undefined): address is string {
  return typeof address === 'string' && /^[\da-f]{64,200}$/i.test(address)
}

/** Throws a `SendError` (`content`) for what would show nothing, or is longer than `limit` bytes as JSON. */
export function checkPush({ title = '', text }: PushContent, payload: object, vendor: string, limit: number): void {
  if (text === '' && title === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  const size = new TextEncoder().encode(JSON.stringify(payload)).length
  if (size > limit)
    throw new SendError('content', `the notification has ${size} bytes, and ${vendor} takes ${limit}`, { field: 'text' })
}

/** What an app finds beside a notification: its data, and the link as `url`, which stays ours. */
export function dataOf({ url, data }: PushContent): Readonly<Record<string, string>> {
  return { ...data, ...(url !== undefined && { url }) }
}

/** How long a push service may keep what cannot be delivered now, in whole seconds. */
export function ttlOf(within: number, most: number): number {
  return Math.min(most, Math.max(0, Math.floor(within / 1000)))
}
