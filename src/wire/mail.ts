import type { EmailContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { OptionRule } from './options.ts'

/** A mailbox, taken apart so that no list of addresses can hide in it. */
export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** A mailbox as `a@example.org` or `Name <a@example.org>`; undefined if it is neither, or has a line break in it. */
export function mailboxOf(text: unknown): Mailbox | undefined {
  if (typeof text !== 'string' || hasControl(text)) return undefined
  const trimmed = text.trim()
  // Spaces belong to one part of the pattern alone: where several could take them, ten thousand of them would take minutes.
  const named = /^(?:"([^"\\]*)"\s*|([^"<>]*))<([^<>]+)>$/.exec(trimmed)
  const address = named?.[3] ?? trimmed
  return isAddress(address) ? { name: named?.[1] ?? named?.[2]?.trimEnd() ?? '', address } : undefined
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

/** A content that was checked, but for its vendor's fields. */
export interface Mail {
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly from?: Mailbox
  readonly replyTo?: Mailbox
  readonly headers?: Readonly<Record<string, string>>
}

const own =
  /^(to|cc|bcc|from|sender|reply-to|subject|date|message-id|return-path|received|mime-version|content-.*|dkim-.*|resent-.*)$/i

/** Checks a content before anything is sent: no line break may begin a header field of its own. Throws a `SendError` (`content`) that names the field. */
export function mailOf({ subject, text, html, from, replyTo, headers }: EmailContent): Mail {
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
  }
}

/** The address of a recipient, and nothing else. Throws a `SendError` (`recipient`) that does not repeat what it is not. */
export function recipientOf(to: unknown): Mailbox {
  const mailbox = mailboxOf(to)
  if (mailbox === undefined || mailbox.address !== to) throw new SendError('recipient', 'this is not one e-mail address')
  return mailbox
}

/** The rule of an option `from`. */
export function fromRule(from: unknown): OptionRule {
  return ['from', from, mailboxOf(from) !== undefined, 'be one address, such as "Shop <shop@example.org>"']
}

/** A mailbox as a header field has it. */
export function written({ name, address }: Mailbox): string {
  return name === '' ? address : `"${name.replace(/["\\]/g, '\\$&')}" <${address}>`
}

function checkMailbox(field: string, text: unknown): Mailbox {
  const mailbox = mailboxOf(text)
  if (!mailbox) throw refused(field, 'is not one address, such as "Ada <ada@example.org>"')
  return mailbox
}

/** A line break would begin a header field of its own, or end the header. Throws a `SendError` (`content`). */
export function checkLine(field: string, value: unknown): void {
  if (hasControl(checkText(field, value))) throw refused(field, 'has a line break or another control character in it')
}

/** Libraries take objects in place of text, and write some of them as they are. */
function checkText(field: string, value: unknown): string {
  if (typeof value !== 'string') throw refused(field, 'is no string')
  return value
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
  return /[\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]/.test(text)
}

/** A failure of the content at one field. */
export function refused(field: string, problem: string): SendError {
  return new SendError('content', `${field} ${problem}`, { field })
}

/** A name from outside, fit for a message. */
export function printable(name: string): string {
  return name.replace(/[^!-~]/g, '?')
}
