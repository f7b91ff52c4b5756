import type { ChannelProvider, ProviderLimits } from '../contract/provider.ts'
import type { WhatsAppWindow } from '../contract/whatsapp-window.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { windowRule } from '../wire/whatsapp.ts'
import { resultOf } from './whatsapp-cloud/answer.ts'
import { messageOf } from './whatsapp-cloud/message.ts'

export type { WhatsAppCloudEvent } from './whatsapp-cloud/events.ts'
export { type WhatsAppCloudWebhookOptions, whatsappCloudWebhook } from './whatsapp-cloud/webhook.ts'

/** Options of `whatsappCloud`. */
export interface WhatsAppCloudOptions extends HttpOptions {
  /** A token of a system user, with `whatsapp_business_messaging`. */
  readonly accessToken: string
  /** The id of the sending number, not the number. */
  readonly phoneNumberId: string
  /** Version of the Graph API. Default `v24.0`. */
  readonly version?: string
  /** Who may be sent free text now. Without it an approved template is preferred wherever there is one. */
  readonly window?: WhatsAppWindow
  readonly name?: string
  /** Default 80 messages a second, which is what Meta allows a number at first. */
  readonly limits?: ProviderLimits
}

/**
 * Sends through Meta's WhatsApp Cloud API. Free text and pictures go to those who have written within a day, approved templates to anyone: with
 * `window` the right one is chosen before the call, and a closed window without a template is a `content` failure. Reports deliveries, reading and
 * failures by webhook; the attempt's key travels as `biz_opaque_callback_data`. Fields of `content.vendor['whatsapp-cloud']` join the body.
 * Source: developers.facebook.com, WhatsApp Cloud API, Messages.
 */
export function whatsappCloud(options: WhatsAppCloudOptions): ChannelProvider<'whatsapp'> {
  checkNames('whatsappCloud', options, [
    'accessToken',
    'phoneNumberId',
    'version',
    'window',
    'name',
    'limits',
    'baseUrl',
    'fetch',
  ])
  const { accessToken, phoneNumberId, version = 'v24.0', window, baseUrl = 'https://graph.facebook.com', fetch } = options
  const { name = 'whatsapp', limits = { rate: { count: 80, per: '1s' } } } = options
  checkOptions('whatsappCloud', [
    ['accessToken', accessToken, isText(accessToken, /^[\x21-\x7e]+$/), 'be an access token, and nothing else'],
    ['phoneNumberId', phoneNumberId, isText(phoneNumberId, /^\d{1,30}$/), 'be the id of a number, in digits'],
    ['version', version, isText(version, /^v\d+\.\d+$/), 'be a version of the Graph API, such as v24.0'],
    windowRule(window, 'isOpen'),
  ])
  const http = createHttp('WhatsApp', { baseUrl, fetch })
  return {
    name,
    channels: ['whatsapp'],
    receipts: 'full',
    limits,
    keys: ({ idempotencyKey }) => [idempotencyKey],
    async send({ to, content, idempotencyKey }, { signal }) {
      const digits = digitsOf('WhatsApp', to)
      const body = {
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        to: digits,
        biz_opaque_callback_data: idempotencyKey,
        ...(await messageOf(content, digits, window)),
      }
      const json = mergeFields(content.vendor?.['whatsapp-cloud'] ?? {}, body)
      const headers = { authorization: `Bearer ${accessToken}` }
      return resultOf(
        await http(`${version}/${phoneNumberId}/messages`, { headers, json, signal }),
        [idempotencyKey],
        [accessToken, digits],
      )
    },
  }
}
