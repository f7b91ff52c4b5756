import { SendError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest } from '../contract/provider.ts'
import type { Receipt } from '../contract/receipt.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { channelsOf, type Senders, sendersRule } from '../wire/senders.ts'
import { viberParts } from '../wire/viber.ts'
import { messageIdOf, rowsOf } from './turbosms/answer.ts'
import { statusOf, timeOf } from './turbosms/status.ts'

export { type TurboSmsEvent, type TurboSmsWebhookOptions, turbosmsWebhook } from './turbosms/webhook.ts'

/** The channels of a TurboSMS account. */
export type TurboSmsChannel = 'sms' | 'viber'

/** Options of `turbosms`. */
export interface TurboSmsOptions<C extends TurboSmsChannel = TurboSmsChannel> extends HttpOptions {
  /** The HTTP API's authentication key. */
  readonly token: string
  /** What it sends on, and under which of the account's names. */
  readonly senders: Readonly<Record<C, string>>
  /** `false` where `turbosmsWebhook` is told what becomes of messages; else TurboSMS is asked. */
  readonly poll?: boolean
  readonly name?: string
  readonly limits?: ProviderLimits
}

const channels: readonly TurboSmsChannel[] = ['sms', 'viber']

/**
 * Sends SMS and Viber messages through TurboSMS (Ukraine), on those channels that `senders` names. The attempt's idempotency key is the
 * `sequence_id`, under which TurboSMS does nothing twice. Fields of `content.vendor.turbosms` join the body of `message/send`.
 */
export function turbosms<C extends TurboSmsChannel>(options: TurboSmsOptions<C>): ChannelProvider<C> {
  checkNames('turbosms', options, ['token', 'senders', 'poll', 'name', 'limits', 'baseUrl', 'fetch'])
  const senders: Senders<TurboSmsChannel> = options?.senders ?? {}
  const { token, poll = true, name = 'turbosms', limits, baseUrl = 'https://api.turbosms.ua', fetch } = options ?? {}
  checkOptions('turbosms', [
    ['token', token, isText(token, /^[\x21-\x7e]+$/), 'be the authentication key of the HTTP API'],
    sendersRule(options?.senders, channels),
    ['poll', poll, typeof poll === 'boolean', 'be true or false'],
  ])
  const http = createHttp('TurboSMS', { baseUrl, fetch })
  const call = (path: string, json: JsonObject, signal: AbortSignal) =>
    http(path, { json, headers: { authorization: `Bearer ${token}` }, signal })

  return {
    name,
    channels: channelsOf(senders, channels) as C[],
    ...(limits && { limits }),
    idempotent: true,
    receipts: 'full',
    async send(request, { signal }) {
      const body = bodyOf(request as SendRequest<TurboSmsChannel>, senders)
      const answer = await call('message/send.json', body, signal)
      return { messageId: messageIdOf(answer, [token, digitsOf('TurboSMS', request.to)]) }
    },
    ...(poll && {
      async poll(messages, { signal }) {
        const ids = messages.flatMap(({ messageId }) => messageId ?? [])
        if (ids.length === 0) return []
        const rows = rowsOf(await call('message/status.json', { messages: ids }, signal), [token])
        return rows.flatMap((row) => receiptsOf(name, row))
      },
    }),
  }
}

const shortestTtl = 60
const longestTtl = 86_400

function bodyOf(request: SendRequest<TurboSmsChannel>, senders: Senders<TurboSmsChannel>): JsonObject {
  const message = request.channel === 'sms' ? smsOf(request, senders.sms) : viberOf(request, senders.viber)
  return mergeFields(request.content.vendor?.turbosms ?? {}, {
    recipients: [digitsOf('TurboSMS', request.to)],
    sequence_id: request.idempotencyKey,
    [request.channel]: message,
  })
}

function smsOf({ content: { text, sender } }: SendRequest<'sms'>, named = ''): JsonObject {
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  return { sender: sender ?? named, text }
}

function viberOf({ content, within }: SendRequest<'viber'>, sender = ''): JsonObject {
  const { text, imageUrl, button } = viberParts(content)
  return {
    sender,
    ...(text !== '' && { text }),
    ...(imageUrl !== undefined && { image_url: imageUrl }),
    ...(button !== undefined && { caption: button.text, action: button.url }),
    ttl: Math.max(shortestTtl, Math.min(longestTtl, Math.floor(within / 1000))),
  }
}

/** What a row of `message/status` says: how far the message is, and whether its button was pressed. */
function receiptsOf(provider: string, row: JsonObject): readonly Receipt[] {
  const { message_id: id, status: raw, updated, click_time: clicked, rejected_status: reason } = row
  const status = typeof raw === 'string' ? statusOf(raw) : undefined
  const at = timeOf(updated)
  if (typeof id !== 'string' || typeof raw !== 'string' || at === undefined) return []
  const shared = { provider, keys: [id], at }
  const pressed = timeOf(clicked)
  return [
    ...(status === undefined || status === 'pending'
      ? []
      : [{ ...shared, status, raw, ...(typeof reason === 'string' && reason !== '' && { reason }) }]),
    ...(pressed === undefined ? [] : [{ ...shared, at: pressed, status: 'clicked' as const, raw }]),
  ]
}
