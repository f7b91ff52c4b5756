import type { Channel } from '../contract/channel.ts'

/** Says what is wrong with rendered content, and in which field; undefined if it can be sent on the channel. */
export function faultOf(channel: Channel, content: unknown): { readonly message: string; readonly field?: string } | undefined {
  if (typeof content !== 'object' || content === null || Array.isArray(content) || 'then' in content)
    return { message: 'the content must be a plain object, such as { text: … }, and no promise' }
  const fields = content as Readonly<Record<string, unknown>>
  if (channel === 'email') return emailFault(fields)
  if (channel === 'whatsapp') return fields.approved || fields.imageUrl ? undefined : textFault(fields)
  const textMayBeEmpty = channel === 'push' ? filled(fields.title) : channel !== 'sms' && filled(fields.imageUrl)
  return textMayBeEmpty && fields.text === '' ? undefined : textFault(fields)
}

function emailFault({ subject, text, html, from = '', replyTo = '', headers }: Readonly<Record<string, unknown>>) {
  if (!filled(subject)) return { field: 'subject', message: 'an e-mail needs a subject' }
  if (!filled(text) && !filled(html)) return { field: 'text', message: 'an e-mail needs text or html that is not empty' }
  const lines = Object.entries({ subject, from, replyTo, ...(headers as object | undefined) })
  const broken = lines.find(([name, value]) => typeof value !== 'string' || /[\r\n]/.test(name + value))
  return (
    broken && {
      field: /[\r\n]/.test(broken[0]) ? 'headers' : broken[0],
      message: 'a header field must be a string and must not contain line breaks',
    }
  )
}

function textFault({ text }: Readonly<Record<string, unknown>>) {
  return filled(text) ? undefined : { field: 'text', message: 'the text is missing or empty' }
}

function filled(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}
