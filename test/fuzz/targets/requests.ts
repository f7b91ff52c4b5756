import { createNotifier, formatTimeline, type NotificationRequest, type Notifier, RequestError } from 'omnicascade'
import { accept, fail, scriptedProvider } from 'omnicascade/testing'
import { checkPlain } from '../promises.ts'
import { ensure, Fault, type Target } from '../target.ts'
import { noon } from './webhook.ts'

const decoder = new TextDecoder()
const clock = { now: () => noon, setTimer: () => () => {} }

/** What `send` takes in from queues and files: looked at, and sent. */
export const requestTargets: readonly Target[] = [
  {
    name: 'notifier: requests',
    corpus: [
      {
        to: { telegram: 42, phone: '+420777123456', email: 'ada@example.org', locale: 'uk-UA', timeZone: 'Europe/Prague' },
        content: {
          telegram: { text: 'Hi', buttons: [{ text: 'Open', url: 'https://shop.example/1' }] },
          sms: { text: 'Hi' },
          email: { subject: 'Hi', text: 'Hello', headers: { 'X-Ref': '1' } },
        },
        cascade: [
          'telegram',
          { channel: 'sms', within: '2m', window: { from: '09:00', to: '21:00' } },
          { channel: 'email', required: true },
        ],
        idempotencyKey: 'order-1',
        category: 'orders',
        metadata: { order: 1, tags: ['a', { b: null }] },
      },
      {
        to: { push: { endpoint: 'https://push.example.org/1', keys: { p256dh: 'x', auth: 'y' } }, phone: '+420777123456' },
        content: { push: { title: 'Hi', text: 'x', data: { a: 'b' } }, sms: { text: 'Hi' } },
        cascade: [
          { channel: 'push', until: 'clicked', onUnknown: 'resend' },
          { channels: ['sms'], through: 'scripted' },
        ],
        sendAt: noon + 60_000,
        expiresAt: '2026-12-01T00:00:00Z',
        window: { from: '22:00', to: '06:00', timeZone: 'America/New_York' },
      },
    ].map((request) => JSON.stringify(request)),
    form: 'json',
    async call(input, random) {
      let request: NotificationRequest
      try {
        request = JSON.parse(decoder.decode(input)) as NotificationRequest
      } catch {
        return false
      }
      const notifier = notifierFor(random.pick([[accept()], [fail('recipient')], [fail('transient'), accept()]]))
      try {
        const { steps, sendAt } = await notifier.explain(request as never)
        ensure(Number.isFinite(sendAt) && steps.length > 0, 'an explanation is of nothing')
        checkPlain(steps)
        await sent(notifier, request)
      } catch (error) {
        if (!(error instanceof RequestError)) throw error instanceof Fault ? error : new Fault(`a request threw ${String(error)}`)
        throw error
      } finally {
        await notifier.close()
      }
    },
  },
]

async function sent(notifier: Notifier, request: NotificationRequest): Promise<void> {
  const { id } = await notifier.send(request as never)
  await notifier.idle()
  const record = await notifier.get(id)
  if (record === null || record === undefined) throw new Fault('a notification that was taken is not there')
  ensure(record.dueAt === null || Number.isFinite(record.dueAt), `a record is due at ${record.dueAt}`)
  checkPlain(record)
  for (const format of ['text', 'mermaid'] as const) ensure(formatTimeline(record, { format }).length > 0, 'a timeline is empty')
}

function notifierFor(replies: Parameters<typeof scriptedProvider>[0]['replies']): Notifier {
  const provider = scriptedProvider({
    name: 'scripted',
    channels: ['sms', 'email', 'telegram', 'push'],
    receipts: 'full',
    ...(replies && { replies }),
  })
  return createNotifier({ providers: [provider], clock, scheduler: 'manual', defaults: { timeZone: 'UTC' } })
}
