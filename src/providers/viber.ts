import { SendError } from '../contract/errors.ts'
import type { ChannelProvider, ProviderLimits, SendRequest } from '../contract/provider.ts'
import { isWebUrl } from '../text/web-url.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { resultOf } from './viber/answer.ts'
import { bodyOf } from './viber/message.ts'

export type { ViberEvent } from './viber/events.ts'
export { type ViberWebhookOptions, viberWebhook } from './viber/webhook.ts'

/** Options of `viber`. */
export interface ViberOptions extends HttpOptions {
  /** The bot's token, which the app calls its key. */
  readonly authToken: string
  /** Whom messages seem to be from: a name of up to 28 characters, and the link of a picture. */
  readonly sender: { readonly name: string; readonly avatar?: string }
  readonly name?: string
  /** Viber names no rate. */
  readonly limits?: ProviderLimits
}

/**
 * Sends as a Viber bot to its subscribers (REST Bot API, `send_message`). The address is the id that Viber gave a subscriber for this bot, and no
 * phone number. Reports deliveries, reading and failures by webhook. Fields of `content.vendor.viber` join the body.
 * Source: developers.viber.com, Viber REST API.
 */
export function viber(options: ViberOptions): ChannelProvider<'viber'> {
  checkNames('viber', options, ['authToken', 'sender', 'name', 'limits', 'baseUrl', 'fetch'])
  const { authToken, sender, name = 'viber', limits, baseUrl = 'https://chatapi.viber.com/pa', fetch } = options
  checkNames('viber', sender, ['name', 'avatar'])
  checkOptions('viber', [
    ['authToken', authToken, isText(authToken, /^[\x21-\x7e]+$/), 'be the token of the bot, and nothing else'],
    ['sender.name', sender?.name, isText(sender?.name, /^.{1,28}$/su), 'be a name of at most 28 characters'],
    ['sender.avatar', sender?.avatar, sender?.avatar === undefined || isWebUrl(sender.avatar), 'be the link of a picture'],
  ])
  const http = createHttp('Viber', { baseUrl, fetch })
  return {
    name,
    channels: ['viber'],
    receipts: 'full',
    addresses: { viber: ['viber'] },
    accepts: isUserId,
    ...(limits && { limits }),
    async send({ to, content }, { signal }) {
      const receiver = receiverOf(to)
      const body = bodyOf(content, { ...sender }, receiver)
      const headers = { 'content-type': 'application/json', 'x-viber-auth-token': authToken }
      return resultOf(await http('send_message', { headers, body, signal }), [authToken, receiver])
    },
  }
}

/** A subscriber's id is base64, such as `01234567890A=`; what is digits alone is a phone number. */
function isUserId(address: SendRequest['to']): address is string {
  return isText(address, /^[A-Za-z\d+/]{6,64}={0,2}$/) && !/^\+?\d+$/.test(address)
}

function receiverOf(to: SendRequest['to']): string {
  if (isUserId(to)) return to
  throw new SendError('recipient', 'a Viber bot writes to the ids of its subscribers, and this is none')
}
