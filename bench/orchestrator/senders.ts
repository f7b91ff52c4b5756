import { createRequire } from 'node:module'
import { fallback as fallbackTo, handleAll, noop } from 'cockatiel'
import { type ChannelProvider, createNotifier, SendError } from 'omnicascade'

/** How often providers were called. */
export interface Counts {
  accepted: number
  refused: number
}

/** How a contender sends one notification. */
export interface Send {
  send(): Promise<unknown>
  /** Waits for what it has left for the background. */
  settle?(): Promise<void>
}

const text = 'Hi Ada, your order 17 is on its way'
const phone = '+420777123456'

/** The contenders, each with two providers that do nothing, the first of which may refuse. */
export const senders = {
  'by-hand': async (counts: Counts, refuses: boolean): Promise<Send> => {
    const [first, second] = [provider(counts, refuses), provider(counts, false)]
    return {
      async send() {
        try {
          await first()
        } catch {
          await second()
        }
      },
    }
  },

  cockatiel: async (counts: Counts, refuses: boolean): Promise<Send> => {
    const [first, second] = [provider(counts, refuses), provider(counts, false)]
    const policy = refuses ? fallbackTo(handleAll, second) : noop
    return { send: () => policy.execute(first) }
  },

  notifme: async (counts: Counts, refuses: boolean): Promise<Send> => {
    const { default: NotifmeSdk } = createRequire(import.meta.url)('notifme-sdk') as { default: NotifmeConstructor }
    const providers = [provider(counts, refuses), provider(counts, false)].map((send, index) => ({
      type: 'custom',
      id: `p${index}`,
      send,
    }))
    const sdk = new NotifmeSdk({ channels: { sms: { providers, multiProviderStrategy: 'fallback' } } })
    // What it prints of each failure is not what is measured.
    sdk.logger.configure({ silent: true })
    return { send: () => sdk.send({ sms: { from: '+15550100', to: phone, text } }) }
  },

  novu: async (counts: Counts): Promise<Send> => {
    const { NovuStateless, ChannelTypeEnum } = await import('@novu/stateless')
    const novu = new NovuStateless()
    const send = provider(counts, false)
    const sendMessage = async () => ({ id: await send(), date: '' })
    await novu.registerProvider('sms', { id: 'noop', channelType: ChannelTypeEnum.SMS, sendMessage })
    const template = 'Hi {{name}}, your order {{order}} is on its way'
    await novu.registerTemplate({ id: 'shipped', messages: [{ channel: ChannelTypeEnum.SMS, template }] })
    return { send: () => novu.trigger('shipped', { $user_id: '1', $phone: phone, $email: '', name: 'Ada', order: '17' }) }
  },

  ours: async (counts: Counts, refuses: boolean): Promise<Send> => {
    const [first, second] = [provider(counts, refuses), provider(counts, false)]
    const through = (channel: 'telegram' | 'sms', send: () => Promise<string>): ChannelProvider => ({
      name: channel,
      channels: [channel],
      receipts: 'none',
      send: async () => ({ messageId: await send() }),
    })
    const notifier = createNotifier({ providers: [through('telegram', first), through('sms', second)] })
    notifier.on('*', () => {})
    let keys = 0
    const content = { telegram: { text }, sms: { text } }
    const to = { telegram: 42, phone }
    return {
      send: () => notifier.send({ to, content, cascade: ['telegram', 'sms'], idempotencyKey: `order-${keys++}` }),
      settle: notifier.idle,
    }
  },
} as const

interface NotifmeConstructor {
  new (
    options: object,
  ): {
    readonly logger: { configure(options: object): void }
    send(request: object): Promise<unknown>
  }
}

/** Takes everything at once, or refuses everything for good. */
function provider(counts: Counts, refuses: boolean): () => Promise<string> {
  return async () => {
    if (!refuses) return `m${counts.accepted++}`
    counts.refused++
    throw new SendError('recipient', 'the user has blocked the bot')
  }
}
