import { type Clock, defineTemplate, type NotificationRequest } from 'omnicascade'
import { type Digest, type DigestStore, digest } from 'omnicascade/preferences'
import { scriptedProvider } from 'omnicascade/testing'
import * as z from 'zod'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'

type Replies = Parameters<typeof scriptedProvider>[0]['replies']

export const sms = (replies: Replies = []) => scriptedProvider({ channels: ['sms'], receipts: 'none', replies })
export const email = (replies: Replies = []) => scriptedProvider({ channels: ['email'], receipts: 'none', replies })

export const day = 24 * 60 * 60 * 1000
export const ofUser = (userId: string): Pick<NotificationRequest, 'to'> => ({
  to: { userId, phone: '+420777123456', email: 'ada@example.org' },
})

export const list = defineTemplate({
  id: 'list',
  variables: z.object({ items: z.array(z.string()) }),
  content: {
    sms: ({ items }) => ({ text: items.join() }),
    email: ({ items }) => ({ subject: 'News', text: items.join() }),
  },
})

/** A digest of texts that collects for an hour. */
export function listDigest(store: DigestStore, clock: Clock, rest: object = {}): Digest<string, 'sms' | 'email'> {
  const merge = (items: readonly string[]) => ({ items: [...items] })
  return digest({ store, clock, window: '1h', template: list, merge, ...rest })
}
