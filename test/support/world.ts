import {
  type Accepted,
  type ChannelProvider,
  createNotifier,
  type NotificationRequest,
  type NotifierEvent,
  type NotifierOptions,
  type Receipt,
} from 'omnicascade'
import { type VirtualClock, virtualClock } from 'omnicascade/testing'

/** Content for every channel, so that a scenario names only what it is about. */
export const content = {
  sms: { text: 'Hello' },
  email: { subject: 'Hello', text: 'Hello' },
  push: { text: 'Hello' },
  whatsapp: { text: 'Hello' },
  viber: { text: 'Hello' },
  telegram: { text: 'Hello' },
  vk: { text: 'Hello' },
  ok: { text: 'Hello' },
  chat: { text: 'Hello' },
} as const

/** A recipient with every address. */
export const ada = {
  phone: '+420777123456',
  email: 'ada@example.org',
  push: 'token',
  telegram: 42,
  vk: 7,
  ok: 'ok-1',
  chat: 'C1',
  timeZone: 'Europe/Prague',
} as const

/** A notifier on a virtual clock (t in seconds from `start`), with what a scenario needs to tell its story. */
export function world(
  providers: readonly ChannelProvider[],
  {
    start = 0,
    clock = virtualClock(start),
    ...options
  }: Partial<Omit<NotifierOptions<readonly ChannelProvider[]>, 'clock'>> & { start?: number; clock?: VirtualClock } = {},
) {
  const events: NotifierEvent[] = []
  let ids = 0
  const notifier = createNotifier({ createId: () => `n${++ids}`, clock, random: () => 0.5, ...options, providers })
  notifier.on('*', (event) => events.push(event))

  return {
    notifier,
    clock,
    events,
    /** Goes on to second `t`. */
    to: (t: number) => clock.advanceTo(start + t * 1000),
    send: async (cascade: NotificationRequest['cascade'], rest: Partial<NotificationRequest> = {}) => {
      const send = notifier.send as (request: NotificationRequest) => Promise<Accepted>
      const { id } = await send({ to: ada, content, cascade, ...rest })
      return id
    },
    receipt: (provider: string, status: Receipt['status'], key: string, rest: Partial<Receipt> = {}) =>
      notifier.ingest([{ provider, keys: [key], status, at: clock.now(), ...rest }]),
    /** Events of one type, each with its second. */
    times: (type: NotifierEvent['type']) => events.filter((event) => event.type === type).map(({ at }) => (at - start) / 1000),
    record: async (id: string) => (await notifier.get(id))!,
    outcome: async (id: string) => (await notifier.get(id))!.outcome,
    states: async (id: string) => (await notifier.get(id))!.steps.map((step) => step.state),
  }
}
