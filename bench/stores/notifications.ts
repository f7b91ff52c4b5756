// What is sent: one SMS of a usual length through a provider that takes it and does nothing.
import { randomUUID } from 'node:crypto'
import { nanoid } from 'nanoid'
import {
  type ChannelProvider,
  createNotifier,
  memoryStore,
  type NotificationRecord,
  type ReceiptSupport,
  type SendRequest,
} from 'omnicascade'
import type { Opened } from './engines.ts'

const text =
  'Ada, your order 1815-12-10 is on its way and should reach you tomorrow between 9 and 12. Follow it at https://example.org/o/18151210 or reply STOP.'

/** A vendor that accepts at once and never reports. `receipts` is what it claims: whether an accepted message is awaited. */
export function noop(receipts: ReceiptSupport, onSend: (request: SendRequest<'sms'>) => void = () => {}): ChannelProvider<'sms'> {
  return {
    name: 'noop',
    channels: ['sms'],
    receipts,
    async send(request) {
      onSend(request)
      return { messageId: randomUUID() }
    },
  }
}

/** The same, but it names no messages: no receipt could find one. */
export function withoutIds(provider: ChannelProvider<'sms'>): ChannelProvider<'sms'> {
  return { ...provider, send: async () => ({}) }
}

/** A request to send one, at once or at a moment. `word` begins its text. */
export function request(word = 'Hi', sendAt?: number) {
  return {
    to: { phone: '+420777123456' },
    content: { sms: { text: `${word} ${text}` } },
    cascade: [{ channel: 'sms', within: '1h' }],
    metadata: { order: 18151210, campaign: 'shipping' },
    ...(sendAt !== undefined && { sendAt }),
  } as const
}

/** An id like ours, for what is stored by hand. */
export function newId(): string {
  return Date.now().toString(36) + nanoid(12)
}

/** Requests without end, or until a time by `performance.now()`. */
export function* requests(until = Number.POSITIVE_INFINITY) {
  while (performance.now() < until) yield request()
}

/** A notifier on an opened store. */
export function notifierOn(
  { store, scheduler }: Opened,
  provider: ChannelProvider<'sms'>,
  { callProviders = true }: { readonly callProviders?: boolean } = {},
) {
  const notifier = createNotifier({ providers: [provider], store, callProviders, ...(scheduler !== undefined && { scheduler }) })
  notifier.on('error', ({ error }) => console.error(`notifier: ${error.message}`))
  return notifier
}

/** A notification's record as it is first stored and once its call was accepted: what a bare engine stores too. */
export async function recordPair(
  receipts: ReceiptSupport,
): Promise<readonly [first: NotificationRecord, accepted: NotificationRecord]> {
  const inner = memoryStore()
  let first: NotificationRecord | undefined
  const store = {
    ...inner,
    insert(record: NotificationRecord) {
      first = record
      return inner.insert(record)
    },
  }
  const notifier = createNotifier({ providers: [noop(receipts)], store })
  const { id } = await notifier.send(request())
  await notifier.idle()
  const accepted = await notifier.get(id)
  await notifier.close()
  if (first === undefined || accepted === undefined) throw new Error('the record is not there')
  return [first, accepted]
}

/** The same as JSON. */
export async function recordTexts(receipts: ReceiptSupport): Promise<readonly [first: string, accepted: string]> {
  const [first, accepted] = await recordPair(receipts)
  return [JSON.stringify(first), JSON.stringify(accepted)]
}
