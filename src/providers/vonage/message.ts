import type { SmsContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { SendRequest } from '../../contract/provider.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { digitsOf } from '../../wire/phone.ts'
import type { Senders } from '../../wire/senders.ts'
import { viberParts } from '../../wire/viber.ts'
import { inOrder, templateFor } from '../../wire/whatsapp.ts'

/** The channels that one Vonage account can send on here. */
export type VonageChannel = 'sms' | 'viber' | 'whatsapp'

// Vonage's OpenAPI and vonage-dotnet-sdk: Viber 30 s to 3 days, SMS 20 s to 7 days.
const lifetimes = { viber: [30, 259_200], sms: [20, 604_800] } as const
const longestSms = 1000
const longestWhatsApp = 4096
const longestCaption = 3000

/** The body of `POST /v1/messages`, without what every channel has. Throws a `SendError` (`content`, `recipient`). */
export async function messageOf(
  request: SendRequest<VonageChannel>,
  senders: Senders<VonageChannel>,
  window: WhatsAppWindow | undefined,
): Promise<JsonObject> {
  const { channel, content, within } = request
  const to = digitsOf('Vonage', request.to)
  const from = senderOf((content as SmsContent).sender ?? senders[channel] ?? '')
  if (channel === 'sms') {
    const { text } = content
    checkText(text, longestSms)
    return { channel: 'sms', message_type: 'text', from, to, text, ttl: lifetimeOf(within, 'sms') }
  }
  if (channel === 'viber') {
    const { text, imageUrl, button } = viberParts(content)
    const service = { ttl: lifetimeOf(within, 'viber'), ...(button !== undefined && { action: { ...button } }) }
    return { channel: 'viber_service', from, to, ...bodyOf(text, imageUrl), viber_service: service }
  }
  const template = await templateFor(content, String(request.to), window)
  if (template === undefined) {
    const { text = '', imageUrl } = content
    if (imageUrl === undefined || text !== '') checkText(text, imageUrl === undefined ? longestWhatsApp : longestCaption)
    return { channel: 'whatsapp', from, to, ...bodyOf(text, imageUrl) }
  }
  const { name, namespace, language, parameters = [] } = template
  return {
    channel: 'whatsapp',
    message_type: 'template',
    from,
    to,
    whatsapp: { policy: 'deterministic', locale: language },
    template: {
      name: namespace === undefined ? name : `${namespace}:${name}`,
      parameters: inOrder('Vonage', parameters),
    },
  }
}

function bodyOf(text: string, imageUrl: string | undefined): JsonObject {
  if (imageUrl === undefined) return { message_type: 'text', text }
  return { message_type: 'image', image: { url: imageUrl, ...(text !== '' && { caption: text }) } }
}

/** Numbers go without their `+`. */
function senderOf(sender: string): string {
  return /^\+\d+$/.test(sender) ? sender.slice(1) : sender
}

function lifetimeOf(within: number, channel: keyof typeof lifetimes): number {
  const [least, most] = lifetimes[channel]
  return Math.min(most, Math.max(least, Math.floor(within / 1000)))
}

function checkText(text: string, limit: number): void {
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  if (text.length > limit)
    throw new SendError('content', `the text has ${text.length} characters, and Vonage takes ${limit}`, { field: 'text' })
}
