import type { MessengerContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, ReceiptSupport, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'

/** Options of `vkNotify`. */
export interface VkNotifyOptions extends HttpOptions {
  /** The key of a Devino account, as it goes into `Authorization: Key …`. */
  readonly apiKey: string
  /** The sender's name, as VK has approved it. */
  readonly service?: string
  /** Where Devino reports statuses. What it reports is not public: read it with a source of your own, and say so in `receipts`. */
  readonly statusUrl?: string
  /** Default `none`: this adapter reads no reports. */
  readonly receipts?: ReceiptSupport
  readonly name?: string
  /** Default 50 messages a second, which is what VK allows a group. */
  readonly limits?: ProviderLimits
}

/**
 * Notifies people on VKontakte and Odnoklassniki by phone number (VK Notify, through Devino). Only templates that were moderated before are sent:
 * `content.vendor['vk-notify']` names one, as Devino's API has it (`tmpl` and `tmpl_data`, or `templateId` and `templateData`), and the text of the content
 * is not. Source: docs.devino.online/en/http/vk_ok. [U] VK's own contract, the codes of refusals and the reports are not public.
 */
export function vkNotify(options: VkNotifyOptions): ChannelProvider<'vk' | 'ok'> {
  const known = ['apiKey', 'service', 'statusUrl', 'receipts', 'name', 'limits', 'baseUrl', 'fetch']
  checkNames('vkNotify', options, known)
  const { apiKey, service, statusUrl, receipts = 'none', baseUrl = 'https://api.devino.online', fetch } = options
  const { name = 'vk-notify', limits = { rate: { count: 50, per: '1s' } } } = options
  checkOptions('vkNotify', [
    ['apiKey', apiKey, isText(apiKey, /^[\x21-\x7e]+$/), 'be the key of an account, and nothing else'],
    ['service', service, service === undefined || isText(service), 'be the approved name of the sender'],
    ['statusUrl', statusUrl, statusUrl === undefined || isHttpUrl(statusUrl), 'be an absolute URL'],
  ])
  const http = createHttp('Devino', { baseUrl, fetch })
  return {
    name,
    channels: ['vk', 'ok'],
    receipts,
    addresses: { vk: ['phone'], ok: ['phone'] },
    limits,
    async send({ channel, to, content, within, idempotencyKey }, { signal }) {
      const message = {
        ...templateOf(content),
        phone: digitsOf('VK Notify', to),
        routes: [channel.toUpperCase()],
        validity: Math.min(86_400, Math.max(15, Math.floor(within / 1000))),
        ...(service !== undefined && { service }),
        ...(statusUrl !== undefined && { status_url: statusUrl, callbackData: { key: idempotencyKey } }),
      }
      const headers = { authorization: `Key ${apiKey}` }
      return resultOf(await http('vk/messages', { headers, json: { messages: [message] }, signal }))
    },
  }
}

function templateOf({ vendor }: MessengerContent): JsonObject {
  const template = vendor?.['vk-notify'] ?? {}
  if (template.tmpl === undefined && template.templateId === undefined)
    throw new SendError('content', 'VK Notify sends templates alone: name one in vendor["vk-notify"]', {
      field: 'vendor.vk-notify',
    })
  return template
}

/** Each message has a code of its own. */
function resultOf(answer: HttpAnswer): SendResult {
  const { result } = fieldsOf(answer.json)
  const { code, messageId } = fieldsOf(Array.isArray(result) ? result[0] : undefined)
  if (!answer.ok || !isText(code, /^\w{1,60}$/)) throw unexpectedAnswer('Devino', answer)
  if (code !== 'OK') throw new SendError('content', `the message was refused: ${code}`, { code })
  if (!isText(messageId) && typeof messageId !== 'number') throw unexpectedAnswer('Devino', answer)
  return { messageId: String(messageId) }
}
