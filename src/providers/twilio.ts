import type { SmsContent, WhatsAppContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { JsonValue } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, ReceiptSupport, SendRequest } from '../contract/provider.ts'
import type { WhatsAppWindow } from '../contract/whatsapp-window.ts'
import { basicOf } from '../wire/basic.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { channelsOf, type Senders, sendersRule } from '../wire/senders.ts'
import { templateFor, windowRule } from '../wire/whatsapp.ts'
import { resultOf } from './twilio/answer.ts'

export { type TwilioEvent, type TwilioWebhookOptions, twilioWebhook } from './twilio/webhook.ts'

/** Options of `twilio`. */
export interface TwilioOptions extends HttpOptions {
  /** `AC…` */
  readonly accountSid: string
  /** The account's token. An API key may stand in its place. */
  readonly authToken?: string
  /** `SK…` and its secret. */
  readonly apiKey?: { readonly sid: string; readonly secret: string }
  /** Who sends on which channel: a number, a name, a short code, or a messaging service (`MG…`). Only these channels are served. */
  readonly senders: Senders<'sms' | 'whatsapp'>
  /** Where Twilio reports statuses: the address of `twilioWebhook`. */
  readonly callbackUrl?: string
  /** Default `full` with a `callbackUrl`, else `none`. Say `full` where the messaging service itself reports to the app. */
  readonly receipts?: ReceiptSupport
  /** Who may be sent free text on WhatsApp now. */
  readonly window?: WhatsAppWindow
  readonly name?: string
  readonly limits?: ProviderLimits
}

const channels = ['sms', 'whatsapp'] as const
const longestText = 1600

/**
 * Sends SMS and WhatsApp messages through Twilio (`Messages.json`, 2010-04-01). A WhatsApp template is one of Twilio's Content API: `approved.name` is its
 * `HX…`. Fields of `content.vendor.twilio` join the form. Source: twilio-oai, twilio_api_v2010.
 */
export function twilio(options: TwilioOptions): ChannelProvider<'sms' | 'whatsapp'> {
  checkTwilioOptions(options)
  const { accountSid, authToken = '', apiKey, senders, callbackUrl, window, baseUrl = 'https://api.twilio.com', fetch } = options
  const { name = 'twilio', limits, receipts = callbackUrl === undefined ? 'none' : 'full' } = options
  const authorization = apiKey === undefined ? basicOf(accountSid, authToken) : basicOf(apiKey.sid, apiKey.secret)
  const http = createHttp('Twilio', { baseUrl, fetch })
  return {
    name,
    channels: channelsOf(senders, channels),
    receipts,
    ...(limits && { limits }),
    async send(request, { signal }) {
      const digits = digitsOf('Twilio', request.to)
      const form = new URLSearchParams()
      for (const [field, value] of Object.entries(request.content.vendor?.twilio ?? {}))
        for (const one of [value].flat()) form.append(field, fieldOf(one))
      const own = {
        ...(await messageOf(request, digits, window)),
        ...senderOf(request, senders),
        To: request.channel === 'whatsapp' ? `whatsapp:+${digits}` : `+${digits}`,
        ValidityPeriod: String(Math.min(36_000, Math.max(1, Math.floor(request.within / 1000)))),
        ...(callbackUrl !== undefined && { StatusCallback: callbackUrl }),
      }
      for (const [field, value] of Object.entries(own)) form.set(field, value)
      const path = `2010-04-01/Accounts/${accountSid}/Messages.json`
      return resultOf(await http(path, { headers: { authorization }, body: form, signal }), [
        authToken,
        apiKey?.secret,
        authorization,
        callbackUrl,
        digits,
      ])
    },
  }
}

function checkTwilioOptions(options: TwilioOptions): void {
  const known = [
    'accountSid',
    'authToken',
    'apiKey',
    'senders',
    'callbackUrl',
    'receipts',
    'window',
    'name',
    'limits',
    'baseUrl',
    'fetch',
  ]
  checkNames('twilio', options, known)
  const { accountSid, authToken, apiKey, senders, callbackUrl, window }: Partial<TwilioOptions> = options ?? {}
  const isKey = isText(apiKey?.sid, /^SK\w{2,}$/) && isText(apiKey.secret, /^[\x21-\x7e]+$/)
  checkOptions('twilio', [
    ['accountSid', accountSid, isText(accountSid, /^AC\w{2,}$/), "be the account's SID, which begins with AC"],
    apiKey === undefined
      ? ['authToken', authToken, isText(authToken, /^[\x21-\x7e]+$/), "be the account's token, or there must be an apiKey"]
      : ['apiKey', apiKey, isKey, 'be the sid (SK…) and the secret of an API key'],
    sendersRule(senders, channels),
    ['callbackUrl', callbackUrl, callbackUrl === undefined || isHttpUrl(callbackUrl), 'be an absolute URL'],
    windowRule(window, 'isOpen'),
  ])
}

function fieldOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function senderOf(
  { channel, content }: SendRequest<'sms' | 'whatsapp'>,
  senders: Senders<'sms' | 'whatsapp'>,
): Record<string, string> {
  const sender = (channel === 'sms' ? (content as SmsContent).sender : undefined) ?? senders[channel] ?? ''
  if (/^MG\w{32}$/.test(sender)) return { MessagingServiceSid: sender }
  return { From: channel === 'whatsapp' && !sender.startsWith('whatsapp:') ? `whatsapp:${sender}` : sender }
}

async function messageOf(
  { channel, content }: SendRequest<'sms' | 'whatsapp'>,
  to: string,
  window: WhatsAppWindow | undefined,
): Promise<Record<string, string>> {
  if (channel === 'sms') return textOf(content.text ?? '')
  const { text = '', imageUrl } = content as WhatsAppContent
  const template = await templateFor(content as WhatsAppContent, to, window)
  if (template === undefined) return { ...(text !== '' && textOf(text)), ...(imageUrl !== undefined && { MediaUrl: imageUrl }) }
  const { name, parameters = [] } = template
  if (!/^HX\w{32}$/.test(name))
    throw new SendError('content', 'a template of Twilio is named by its SID, HX…', { field: 'approved' })
  const variables = Array.isArray(parameters)
    ? Object.fromEntries(parameters.map((value, index) => [index + 1, value]))
    : parameters
  return { ContentSid: name, ...(Object.keys(variables).length > 0 && { ContentVariables: JSON.stringify(variables) }) }
}

function textOf(text: string): Record<string, string> {
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  if (text.length > longestText)
    throw new SendError('content', `the text has ${text.length} characters, and Twilio takes ${longestText}`, { field: 'text' })
  return { Body: text }
}
