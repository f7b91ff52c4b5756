import type { ApprovedTemplate, WhatsAppContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { SendRequest } from '../../contract/provider.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { mergeFields } from '../../wire/merge.ts'
import { digitsOf } from '../../wire/phone.ts'
import type { Senders } from '../../wire/senders.ts'
import { viberParts } from '../../wire/viber.ts'
import { inOrder, templateFor } from '../../wire/whatsapp.ts'

/** The channels that one Infobip account can send on here. */
export type InfobipChannel = 'sms' | 'viber' | 'whatsapp'

/** What messages are made with. */
export interface MessageSettings {
  readonly senders: Senders<InfobipChannel>
  readonly notifyUrl: string | undefined
  readonly window: WhatsAppWindow | undefined
}

/** A call: its path, and its body. */
export type InfobipCall = readonly [path: string, body: JsonObject]

// Infobip cuts what is longer to 48 hours. The least is Viber's own.
const longest = 48 * 60 * 60
const leastOfViber = 30
const longestSms = 4000
const longestWhatsApp = 4096
const longestCaption = 3000

/** The call that sends a request. Source: Infobip's OpenAPI of SMS v3, Viber v2 and WhatsApp v1. */
export async function callOf(request: SendRequest<InfobipChannel>, settings: MessageSettings): Promise<InfobipCall> {
  const own = request.content.vendor?.infobip ?? {}
  if (request.channel === 'sms') return ['sms/3/messages', { messages: [mergeFields(own, smsOf(request, settings))] }]
  if (request.channel === 'viber') return ['viber/2/messages', { messages: [mergeFields(own, viberOf(request, settings))] }]
  const [kind, content] = await whatsAppOf(request.content, String(request.to), settings.window)
  const message = mergeFields(own, {
    from: (settings.senders.whatsapp ?? '').replace(/^\+/, ''),
    to: digitsOf('Infobip', request.to),
    messageId: request.idempotencyKey,
    content,
    callbackData: request.channel,
    ...(settings.notifyUrl !== undefined && { notifyUrl: settings.notifyUrl }),
  })
  return [`whatsapp/1/message/${kind}`, kind === 'template' ? { messages: [message] } : message]
}

function smsOf(request: SendRequest<'sms'>, { senders, notifyUrl }: MessageSettings): JsonObject {
  const { text, sender = senders.sms } = request.content
  checkText(text, new TextEncoder().encode(text).length, longestSms, 'bytes')
  return {
    ...envelopeOf(request, 1),
    ...(sender !== undefined && { sender }),
    content: { text },
    webhooks: { ...(notifyUrl !== undefined && { delivery: { url: notifyUrl } }), ...webhooksOf('sms') },
  }
}

function viberOf(request: SendRequest<'viber'>, { senders, notifyUrl }: MessageSettings): JsonObject {
  const { text, imageUrl, button } = viberParts(request.content)
  return {
    ...envelopeOf(request, leastOfViber),
    ...(senders.viber !== undefined && { sender: senders.viber }),
    content: {
      type: imageUrl === undefined ? 'TEXT' : 'IMAGE',
      ...(text !== '' && { text }),
      ...(imageUrl !== undefined && { mediaUrl: imageUrl }),
      ...(button !== undefined && { button: { title: button.text, action: button.url } }),
    },
    webhooks: {
      ...(notifyUrl !== undefined && { delivery: { url: notifyUrl }, seen: { url: notifyUrl } }),
      ...webhooksOf('viber'),
    },
  }
}

function envelopeOf({ to, idempotencyKey, within }: SendRequest, least: number): JsonObject {
  const seconds = Math.max(least, Math.min(longest, Math.floor(within / 1000)))
  return {
    destinations: [{ to: digitsOf('Infobip', to), messageId: idempotencyKey }],
    options: { validityPeriod: { amount: seconds, timeUnit: 'SECONDS' } },
  }
}

/** Reports name no channel, so each message takes its own along. */
function webhooksOf(channel: InfobipChannel): JsonObject {
  return { contentType: 'application/json', callbackData: channel }
}

async function whatsAppOf(
  content: WhatsAppContent,
  to: string,
  window: WhatsAppWindow | undefined,
): Promise<readonly ['text' | 'image' | 'template', JsonObject]> {
  const template = await templateFor(content, to, window)
  const { text = '', imageUrl } = content
  if (template !== undefined) return ['template', templateOf(template, imageUrl)]
  if (imageUrl === undefined) {
    checkText(text, text.length, longestWhatsApp)
    return ['text', { text }]
  }
  if (text !== '') checkText(text, text.length, longestCaption)
  return ['image', { mediaUrl: imageUrl, ...(text !== '' && { caption: text }) }]
}

function templateOf({ name, language, parameters = [] }: ApprovedTemplate, imageUrl: string | undefined): JsonObject {
  return {
    templateName: name,
    language,
    templateData: {
      body: { placeholders: inOrder('Infobip', parameters) },
      ...(imageUrl !== undefined && { header: { type: 'IMAGE', mediaUrl: imageUrl } }),
    },
  }
}

function checkText(text: string, length: number, limit: number, unit = 'characters'): void {
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  if (length > limit) {
    throw new SendError('content', `the text has ${length} ${unit}, and Infobip takes ${limit}`, { field: 'text' })
  }
}
