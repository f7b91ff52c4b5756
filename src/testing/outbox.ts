import { type Address, type Channel, channels } from '../contract/channel.ts'
import type { ContentByChannel } from '../contract/content.ts'

/** A message that a provider has taken, or may have taken. */
export type SentMessage<C extends Channel = Channel> = C extends Channel
  ? {
      readonly channel: C
      readonly provider: string
      /** Undefined where the provider's own options name the destination. */
      readonly to: Address | undefined
      /** As rendered, with its links shortened. */
      readonly content: ContentByChannel[C]
      readonly notificationId: string
      /** `${notification}.${step}.${attempt}` */
      readonly idempotencyKey: string
      /** When the provider was called: Unix milliseconds. */
      readonly at: number
    }
  : never

/** What was sent, in order: all of it, and by channel. What a provider has refused is not in it. */
export type Outbox<C extends Channel = Channel> = { readonly [K in C]: readonly SentMessage<K>[] } & {
  readonly all: readonly SentMessage<C>[]
  /** Those whose fields are these, such as `{ to: '+420777123456' }` or `{ provider: 'twilio' }`. */
  where(fields: Partial<Omit<SentMessage, 'content'>>): readonly SentMessage<C>[]
  /** Forgets what was sent so far. */
  clear(): void
}

/** The outbox of the messages in `sent`, which it empties when it is cleared. */
export function outboxOf<C extends Channel>(sent: SentMessage[]): Outbox<C> {
  const outbox = {
    get all() {
      return [...sent]
    },
    where: (fields: Partial<SentMessage>) =>
      sent.filter((message) => Object.entries(fields).every(([key, value]) => isSame(message[key as keyof SentMessage], value))),
    clear: () => void sent.splice(0),
  }
  for (const channel of channels)
    Object.defineProperty(outbox, channel, { enumerable: true, get: () => outbox.where({ channel }) })
  return outbox as unknown as Outbox<C>
}

/** An address may be a browser's subscription. */
export function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
