// Notifications whose pictures the documentation shows, and the tests look at: real runs, of vendors that do as they are told, in virtual time.
import {
  type ChannelProvider,
  createNotifier,
  type Duration,
  type Explanation,
  type NotificationRecord,
  type NotificationRequest,
  type Notifier,
  type ReceiptStatus,
} from 'omnicascade'
import { accept, fail, type Reply, scriptedProvider, type VirtualClock, virtualClock } from 'omnicascade/testing'

const request = {
  to: { telegram: 42, viber: 'v1', phone: '+420777123456', email: 'ada@example.org', timeZone: 'Europe/Prague' },
  content: {
    telegram: { text: 'Your order is on its way.' },
    viber: { text: 'Your order is on its way.' },
    sms: { text: 'Your order is on its way.' },
    email: { subject: 'Your order', text: 'It is on its way.' },
  },
} satisfies Partial<NotificationRequest>

const blocked = fail('recipient', 'Forbidden: bot was blocked by the user', { code: 403 })
const busy = fail('transient', 'Service Unavailable', { code: 503 })

/** A notifier in virtual time, and what stories are made of. */
interface Stage {
  readonly notifier: Notifier
  readonly clock: VirtualClock
  /** A vendor that gives each answer after so many milliseconds; calls beyond them are accepted at once. */
  vendor(
    name: string,
    channel: 'telegram' | 'viber' | 'sms' | 'email',
    ...answers: (readonly [after: number, reply: Reply])[]
  ): void
  /** Goes on by `after`; then the vendor reports a status of its message `key`. */
  report(after: Duration, provider: string, key: string, status: ReceiptStatus, raw?: string): Promise<void>
}

/** A story: it sets its vendors up, sends, and gives the notification's id. */
type Story = (stage: Stage) => Promise<string>

const inSummer = Date.UTC(2026, 5, 3, 7)

async function tell(id: string, story: Story, start = inSummer): Promise<NotificationRecord> {
  const clock = virtualClock(start)
  const providers: ChannelProvider[] = []
  let notifier: Notifier | undefined
  const stage: Stage = {
    clock,
    get notifier() {
      notifier ??= createNotifier({ providers, clock, random: () => 0.7, createId: () => id })
      return notifier
    },
    vendor(name, channel, ...answers) {
      const replies = answers.map(
        ([after, reply]): Reply =>
          async (call, signal) => {
            await new Promise<void>((done) => clock.setTimer(after, done))
            return reply(call, signal)
          },
      )
      const receipts = channel === 'telegram' || name === 'smtp' ? 'none' : 'full'
      providers.push(scriptedProvider({ name, channels: [channel], receipts, replies }))
    },
    async report(after, provider, key, status, raw) {
      await clock.advance(after)
      await stage.notifier.ingest([{ provider, keys: [key], status, at: clock.now(), ...(raw !== undefined && { raw }) }])
      await clock.advance(0)
    },
  }
  const told = await story(stage)
  const record = (await stage.notifier.get(told))!
  await stage.notifier.close()
  return record
}

/** Runs every story, and gives the records. */
export async function tellAll() {
  return {
    /** One channel, one receipt. */
    oneStep: await tell('order-1-shipped', async (stage) => {
      stage.vendor('twin', 'sms', [210, accept({ messageId: 'm1' })])
      const { id } = await stage.notifier.send({ ...request, cascade: ['sms'] })
      await stage.report(3210, 'twin', 'm1', 'delivered', 'DELIVERED')
      return id
    }),
    /** The bot is blocked, the SMS is lost, the e-mail is taken. */
    fallback: await tell('order-1001-shipped', async (stage) => {
      stage.vendor('telegram', 'telegram', [132, blocked])
      stage.vendor('sendios', 'sms', [160, accept({ messageId: 'm1' })])
      stage.vendor('smtp', 'email', [420, accept({ messageId: '<1@example.org>' })])
      const { id } = await stage.notifier.send({ ...request, cascade: ['telegram', { channel: 'sms', within: '2m' }, 'email'] })
      await stage.report(1200, 'sendios', 'm1', 'sent', 'sms_sent')
      await stage.report('63s', 'sendios', 'm1', 'failed', 'sms_lost')
      await stage.clock.advance('2s')
      return id
    }),
    /** A vendor is busy twice. */
    retries: await tell('order-2-shipped', async (stage) => {
      stage.vendor('twilio', 'sms', [90, busy], [120, busy], [100, accept({ messageId: 'm1' })])
      stage.vendor('smtp', 'email')
      const { id } = await stage.notifier.send({ ...request, cascade: [{ channel: 'sms', within: '2m' }, 'email'] })
      await stage.report('9s', 'twilio', 'm1', 'delivered')
      return id
    }),
    /** An SMS waits for the morning, and then for a receipt. */
    night: await tell(
      'order-3-shipped',
      async (stage) => {
        stage.vendor('twilio', 'sms', [300, accept({ messageId: 'm1' })])
        stage.vendor('smtp', 'email', [400, accept()])
        const cascade = [{ channel: 'sms', within: '2h', window: { from: '08:00', to: '21:00' } }, 'email'] as const
        const { id } = await stage.notifier.send({ ...request, cascade })
        await stage.clock.advance('15h')
        return id
      },
      Date.UTC(2026, 5, 3, 20, 40),
    ),
    /** An e-mail goes out beside the chain, and is read. */
    required: await tell('order-4-shipped', async (stage) => {
      stage.vendor('telegram', 'telegram', [240, accept({ messageId: 't1' })])
      stage.vendor('twilio', 'sms')
      stage.vendor('postmark', 'email', [500, accept({ messageId: 'e1' })])
      const { id } = await stage.notifier.send({ ...request, cascade: ['telegram', 'sms', { channel: 'email', required: true }] })
      await stage.report('4s', 'postmark', 'e1', 'delivered', 'Delivery')
      await stage.report('2s', 'postmark', 'e1', 'read', 'Open')
      return id
    }),
    /** The order is called off while the first message is out. */
    cancelled: await tell('order-5-shipped', async (stage) => {
      stage.vendor('twilio', 'sms', [300, accept({ messageId: 'm1' })])
      stage.vendor('smtp', 'email')
      const { id } = await stage.notifier.send({ ...request, cascade: [{ channel: 'sms', within: '2h' }, 'email'] })
      await stage.clock.advance('40s')
      await stage.notifier.cancel(id)
      await stage.clock.advance('2h')
      return id
    }),
    /** A receipt comes hours after the next channel has delivered. */
    duplicate: await tell('order-6-shipped', async (stage) => {
      stage.vendor('infobip', 'viber', [350, accept({ messageId: 'v1' })])
      stage.vendor('twilio', 'sms', [300, accept({ messageId: 'm1' })])
      const { id } = await stage.notifier.send({ ...request, cascade: [{ channel: 'viber', within: '1m' }, 'sms'] })
      await stage.report('75s', 'twilio', 'm1', 'delivered')
      await stage.report('5h', 'infobip', 'v1', 'delivered')
      return id
    }),
    /** Nobody saw whether the first message went out; the second waits for its receipt. */
    underWay: await tell('order-7-shipped', async (stage) => {
      stage.vendor('infobip', 'viber', [350, busy], [350, fail('unknown', 'the connection was lost')])
      stage.vendor('twilio', 'sms', [300, accept({ messageId: 'm1' })])
      stage.vendor('smtp', 'email')
      const { id } = await stage.notifier.send({ ...request, cascade: [{ channel: 'viber', within: '1m' }, 'sms', 'email'] })
      await stage.clock.advance('75s')
      return id
    }),
    /** The account is at fault, then the message. */
    failed: await tell('order-8-shipped', async (stage) => {
      stage.vendor('twilio', 'sms', [300, fail('configuration', 'Authenticate', { code: 20003 })])
      stage.vendor('smtp', 'email', [
        400,
        fail('content', `552 5.3.4 Message size exceeds fixed limit. ${'Too long. '.repeat(12)}`, { code: 552 }),
      ])
      const { id } = await stage.notifier.send({ ...request, cascade: ['sms', 'email'] })
      await stage.clock.advance('5s')
      return id
    }),
    /** In virtual time calls take none. */
    instant: await tell('order-9-shipped', async (stage) => {
      stage.vendor('telegram', 'telegram', [0, blocked])
      stage.vendor('twilio', 'sms')
      stage.vendor('smtp', 'email')
      const { id } = await stage.notifier.send({ ...request, cascade: ['telegram', { channel: 'sms', within: '3d' }, 'email'] })
      await stage.clock.advance('4d')
      return id
    }),
  }
}

/** What `explain` says of the cascade of `fallback`, before it is sent. */
export async function tellPlan(): Promise<Explanation> {
  const notifier = createNotifier({
    clock: virtualClock(inSummer),
    providers: [
      scriptedProvider({ name: 'telegram', channels: ['telegram'], receipts: 'none' }),
      scriptedProvider({ name: 'sendios', channels: ['sms'] }),
      scriptedProvider({ name: 'smtp', channels: ['email'], receipts: 'none' }),
    ],
    prices: { sendios: () => ({ amount: '0.042', currency: 'EUR' }) },
  })
  const plan = await notifier.explain({ ...request, cascade: ['telegram', { channel: 'sms', within: '2m' }, 'email'] })
  await notifier.close()
  return plan
}
