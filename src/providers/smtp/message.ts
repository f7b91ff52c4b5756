import type { EmailContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'

/** A mailbox, taken apart so that no list of addresses can hide in it. */
export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** A mailbox as `a@example.org` or `Name <a@example.org>`; undefined if it is neither, or has a line break in it. */
export function mailboxOf(text: unknown): Mailbox | undefined {
  if (typeof text !== 'string' || hasControl(text)) return undefined
  const named = /^\s*(?:"([^"\\]*)"|([^"<>]*?))\s*<([^<>]+)>\s*$/.exec(text)
  const address = named?.[3] ?? text.trim()
  return isAddress(address) ? { name: named?.[1] ?? named?.[2] ?? '', address } : undefined
}

/** An address of RFC 5321 without quoted local part or address literal; letters beyond ASCII pass (RFC 6531). */
function isAddress(text: string): boolean {
  const [local = '', domain = '', ...more] = text.split('@')
  return (
    more.length === 0 &&
    local.length <= 64 &&
    domain.length <= 253 &&
    /^[^\s<>()[\],;:\\".]+(\.[^\s<>()[\],;:\\".]+)*$/u.test(local) &&
    /^[\p{L}\p{M}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?(\.[\p{L}\p{M}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?)*$/u.test(
      domain,
    )
  )
}

/** A message as nodemailer takes it, but for its sender's default, its recipient and its id. */
export interface MailFields {
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly from?: Mailbox
  readonly replyTo?: Mailbox
  readonly headers?: Readonly<Record<string, string>>
  readonly vendor: JsonObject
}

const vendorFields = ['priority', 'list', 'dsn']
const own =
  /^(to|cc|bcc|from|sender|reply-to|subject|date|message-id|return-path|received|mime-version|content-.*|dkim-.*|resent-.*)$/i

/** Checks a content before anything is connected. Throws a `SendError` of kind `content` that names the field. */
export function fieldsOf(content: EmailContent): MailFields {
  const { subject, text, html, from, replyTo, headers, vendor } = content
  checkLine('subject', subject)
  if (!text && !html) throw refused('text', 'is empty, and so is html')
  for (const [field, body] of Object.entries({ text, html })) if (body !== undefined) checkText(field, body)
  if (headers !== undefined && (typeof headers !== 'object' || headers === null)) throw refused('headers', 'is no object')
  for (const [name, value] of Object.entries(headers ?? {})) {
    const field = `headers.${printable(name)}`
    if (!/^[!-9;-~]+$/.test(name)) throw refused(field, 'is no name of a header field (RFC 5322)')
    if (own.test(name)) throw refused(field, 'is set by the provider')
    checkLine(field, value)
  }
  return {
    subject,
    ...(text && { text }),
    ...(html && { html }),
    ...(from !== undefined && { from: checkMailbox('from', from) }),
    ...(replyTo !== undefined && { replyTo: checkMailbox('replyTo', replyTo) }),
    ...(headers && { headers }),
    vendor: checkVendor(vendor?.smtp ?? {}),
  }
}

function checkVendor(fields: JsonObject): JsonObject {
  for (const [name, value] of Object.entries(fields)) {
    const field = `vendor.smtp.${printable(name)}`
    if (!vendorFields.includes(name)) throw refused(field, `is not one of ${vendorFields.join(', ')}`)
    checkLines(field, value)
  }
  return fields
}

function checkLines(field: string, value: JsonValue): void {
  if (typeof value === 'string') checkLine(field, value)
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      checkLine(field, key)
      checkLines(field, inner)
    }
  }
}

function checkMailbox(field: string, text: unknown): Mailbox {
  const mailbox = mailboxOf(text)
  if (!mailbox) throw refused(field, 'is not one address, such as "Ada <ada@example.org>"')
  return mailbox
}

/** A line break would begin a header field of its own, or end the header. */
function checkLine(field: string, value: unknown): void {
  if (hasControl(checkText(field, value))) throw refused(field, 'has a line break or another control character in it')
}

/** nodemailer takes objects in place of text, and writes some of them as they are. */
function checkText(field: string, value: unknown): string {
  if (typeof value !== 'string') throw refused(field, 'is no string')
  return value
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
  return /[\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]/.test(text)
}

function refused(field: string, problem: string): SendError {
  return new SendError('content', `${field} ${problem}`, { field })
}

function printable(name: string): string {
  return name.replace(/[^!-~]/g, '?')
}
