import { SendError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits } from '../contract/provider.ts'
import type { Receipt } from '../contract/receipt.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { isSpent, statusIn } from './telegram-gateway/answer.ts'
import { messageOf } from './telegram-gateway/message.ts'
import { eventOf, receiptsOf } from './telegram-gateway/status.ts'

export type { TelegramGatewayEvent } from './telegram-gateway/status.ts'
export { type TelegramGatewayWebhookOptions, telegramGatewayWebhook } from './telegram-gateway/webhook.ts'

/** Options of `telegramGateway`. */
export interface TelegramGatewayOptions extends HttpOptions {
  /** The API token of the Gateway account. */
  readonly accessToken: string
  /** Where `telegramGatewayWebhook` is mounted: https, at most 256 bytes. Without it Telegram is asked what became of messages. */
  readonly callbackUrl?: string
  /** A verified channel of the same account, which the code then comes from. */
  readonly senderUsername?: string
  readonly name?: string
  /** Telegram names no rate. */
  readonly limits?: ProviderLimits
}

/**
 * Sends verification codes to phone numbers that are on Telegram (Gateway API, `sendVerificationMessage`). Telegram writes the message around the
 * code itself: the content's `text` is the code and nothing else, or `content.vendor['telegram-gateway']` has a `code`, or a `code_length` for one that
 * Telegram makes. Source: core.telegram.org/gateway/api.
 */
export function telegramGateway(options: TelegramGatewayOptions): ChannelProvider<'telegram'> {
  checkNames('telegramGateway', options, ['accessToken', 'callbackUrl', 'senderUsername', 'name', 'limits', 'baseUrl', 'fetch'])
  const { accessToken, callbackUrl, senderUsername, baseUrl = 'https://gatewayapi.telegram.org', fetch } = options
  const { name = 'telegram-gateway', limits } = options
  checkOptions('telegramGateway', [
    ['accessToken', accessToken, isText(accessToken, /^[\x21-\x7e]+$/), 'be the API token of the account, and nothing else'],
    ['callbackUrl', callbackUrl, callbackUrl === undefined || isCallback(callbackUrl), 'be an https URL of at most 256 bytes'],
    [
      'senderUsername',
      senderUsername,
      senderUsername === undefined || isText(senderUsername, /^@?\w+$/),
      'be the username of a channel',
    ],
  ])
  const http = createHttp('Telegram Gateway', { baseUrl, fetch })
  const headers = { authorization: `Bearer ${accessToken}` }
  const own = {
    ...(callbackUrl !== undefined && { callback_url: callbackUrl }),
    ...(senderUsername !== undefined && { sender_username: senderUsername.replace('@', '') }),
  }
  return {
    name,
    channels: ['telegram'],
    receipts: 'full',
    addresses: { telegram: ['phone'] },
    ...(limits && { limits }),
    async send(request, { signal }) {
      const digits = digitsOf('Telegram Gateway', request.to)
      const json: JsonObject = { ...messageOf(request), ...own, phone_number: `+${digits}` }
      const answer = await http('sendVerificationMessage', { headers, json, signal })
      const keys = [request.idempotencyKey]
      // A request of `checkSendAbility` sends once: that it is spent means that this has been sent.
      if (isText(json.request_id) && isSpent(answer)) return { messageId: json.request_id, keys }
      const { messageId } = statusIn(answer, [accessToken, callbackUrl, digits, json.code])
      return { messageId, keys }
    },
    keys: ({ idempotencyKey }) => [idempotencyKey],
    ...(callbackUrl === undefined && {
      async poll(messages, { signal }) {
        const receipts: Receipt[] = []
        for (const { messageId } of messages) {
          if (messageId === undefined) continue
          const json = { request_id: messageId }
          try {
            const answer = await http('checkVerificationStatus', { headers, json, signal })
            receipts.push(...receiptsOf(name, eventOf(statusIn(answer, [accessToken]).raw)))
          } catch (error) {
            // A request that Telegram does not know must not hide the others.
            if (error instanceof SendError && error.kind === 'content') continue
            if (receipts.length === 0) throw error
            break
          }
        }
        return receipts
      },
    }),
  }
}

function isCallback(url: unknown): boolean {
  return isText(url, /^https:\/\/\S+$/) && URL.canParse(url) && new TextEncoder().encode(url).byteLength <= 256
}
