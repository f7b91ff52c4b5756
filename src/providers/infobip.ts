import type { ChannelProvider, ProviderLimits, SendRequest } from '../contract/provider.ts'
import type { WhatsAppWindow } from '../contract/whatsapp-window.ts'
import { createHttp, type HttpOptions, urlForm } from '../wire/http.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { channelsOf, type Senders, sendersRule } from '../wire/senders.ts'
import { windowRule } from '../wire/whatsapp.ts'
import { resultOf } from './infobip/answer.ts'
import { callOf, type InfobipChannel } from './infobip/message.ts'

export type { InfobipChannel } from './infobip/message.ts'
export {
  type InfobipEvent,
  type InfobipWebhookCredentials,
  type InfobipWebhookOptions,
  infobipWebhook,
} from './infobip/webhook.ts'

/** Options of `infobip`. */
export interface InfobipOptions<C extends InfobipChannel = InfobipChannel> extends HttpOptions {
  /** The account's own host: `https://xxxxx.api.infobip.com`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** What it sends on, and as whom: the name or number of SMS, the name of Viber, the number of WhatsApp. */
  readonly senders: Readonly<Record<C, string>>
  /** Where reports are posted, for accounts that have no subscription for them. */
  readonly notifyUrl?: string
  /** Knows who may be sent free text on WhatsApp; give the same one to `infobipWebhook`. */
  readonly window?: WhatsAppWindow
  readonly name?: string
  readonly limits?: ProviderLimits
}

const channels: readonly InfobipChannel[] = ['sms', 'viber', 'whatsapp']

/**
 * Sends SMS, Viber and WhatsApp messages through Infobip, on those channels that `senders` names. The attempt's idempotency key is the id of
 * the message at Infobip, which takes none twice, and the key of its reports. Fields of `content.vendor.infobip` join the message.
 */
export function infobip<C extends InfobipChannel>(options: InfobipOptions<C>): ChannelProvider<C> {
  checkNames('infobip', options, ['baseUrl', 'apiKey', 'senders', 'notifyUrl', 'window', 'name', 'limits', 'fetch'])
  const senders: Senders<InfobipChannel> = options?.senders ?? {}
  const { baseUrl, apiKey, notifyUrl, window, name = 'infobip', limits, fetch } = options ?? {}
  checkOptions('infobip', [
    ['baseUrl', baseUrl, isHttpUrl(baseUrl), urlForm],
    ['apiKey', apiKey, isText(apiKey, /^[\x21-\x7e]+$/), 'be an API key as Infobip gives it'],
    sendersRule(options?.senders, channels),
    ['notifyUrl', notifyUrl, notifyUrl === undefined || isHttpUrl(notifyUrl), urlForm],
    windowRule(window, 'isOpen'),
  ])
  const http = createHttp('Infobip', { baseUrl, fetch })

  return {
    name,
    channels: channelsOf(senders, channels) as C[],
    receipts: 'full',
    idempotent: true,
    ...(limits && { limits }),
    async send(request, { signal }) {
      const [path, json] = await callOf(request as SendRequest<InfobipChannel>, { senders, notifyUrl, window })
      const answer = await http(path, { json, headers: { authorization: `App ${apiKey}` }, signal })
      return resultOf(answer, [apiKey, notifyUrl, String(request.to).replace(/^\+/, '')])
    },
    keys: ({ idempotencyKey }) => [idempotencyKey],
  }
}
