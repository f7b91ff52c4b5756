import { type ChannelProvider, type NotificationRequest, SendError } from 'omnicascade'
import { createPoster } from './http.ts'
import type { Pass } from './points.ts'
import { type CrashChannel, kinds, type Plan } from './script.ts'

const failures: Readonly<Record<number, 'transient' | 'recipient' | 'content' | 'configuration'>> = {
  401: 'configuration',
  410: 'recipient',
  422: 'content',
  503: 'transient',
}

/** One provider per channel of the vendor, over HTTP. */
export function providersOf(vendor: string, pass: Pass): ChannelProvider[] {
  const { post } = createPoster()
  return (Object.keys(kinds) as CrashChannel[]).map((channel) => {
    const kind = kinds[channel]
    return {
      name: channel,
      channels: [channel],
      receipts: kind === 'none' || kind === 'failures' ? kind : 'full',
      idempotent: kind === 'safe',
      timeout: '60s',
      ...(kind !== 'plain' && { keys: ({ idempotencyKey }) => [idempotencyKey] }),
      async send({ recipient, notificationId, idempotencyKey }, { signal }) {
        pass('call.before')
        const body = { number: Number(recipient.userId), id: notificationId, key: idempotencyKey, pid: process.pid }
        const { status, headers, text } = await post(`${vendor}/send/${channel}`, body, signal)
        pass('call.answered')
        if (status === 200) return JSON.parse(text) as { messageId: string }
        const asked = headers['retry-after']
        const retryAfter = asked === undefined ? undefined : Number(asked) * 1000
        throw new SendError(failures[status] ?? 'unknown', `the vendor answered ${status}`, { code: status, retryAfter })
      },
    } satisfies ChannelProvider<CrashChannel>
  })
}

/** What a plan asks a notifier for. Only the harness ends a step's time: it is longer than a run takes by itself. */
export function requestOf({ number, steps }: Plan): NotificationRequest & { readonly idempotencyKey: string } {
  const text = { text: `This is number ${number}.` }
  return {
    to: {
      phone: `+4207${String(number).padStart(8, '0')}`,
      email: `n${number}@example.org`,
      push: `token-${number}`,
      vk: number + 1,
      chat: `room-${number}`,
      userId: String(number),
    },
    content: {
      sms: text,
      push: text,
      viber: text,
      whatsapp: text,
      vk: text,
      chat: text,
      email: { subject: text.text, ...text },
    },
    cascade: steps.map(({ channel, required, onUnknown }) => ({ channel, required, onUnknown, within: '1d' })),
    idempotencyKey: `run-${number}`,
  }
}
