import type { EmailContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import { base64Of } from '../../wire/bytes.ts'
import { type Mailbox, mailOf, printable, recipientOf, refused, written } from '../../wire/mail.ts'
import { mergeFields } from '../../wire/merge.ts'

/** The body of `SendEmail`, but for what the options say. Throws a `SendError` for what SES does not take. */
export function messageOf(content: EmailContent, to: unknown, sender: Mailbox): JsonObject {
  const { address } = recipientOf(to)
  const recipient = asciiOf(address)
  if (recipient === undefined) throw new SendError('recipient', 'SES takes no letters beyond ASCII before the @ of an address')
  const mail = mailOf(content)
  const body = {
    FromEmailAddress: mailboxIn('from', mail.from ?? sender),
    Destination: { ToAddresses: [recipient] },
    ...(mail.replyTo && { ReplyToAddresses: [mailboxIn('replyTo', mail.replyTo)] }),
    Content: {
      Simple: {
        Subject: textOf(mail.subject),
        Body: {
          ...(mail.text !== undefined && { Text: textOf(mail.text) }),
          ...(mail.html !== undefined && { Html: textOf(mail.html) }),
        },
        ...(mail.headers && { Headers: Object.entries(mail.headers).map(headerOf) }),
      },
    },
  }
  return mergeFields(content.vendor?.ses ?? {}, body)
}

// SES takes text for 7-bit ASCII where nothing else is said.
function textOf(text: string): JsonObject {
  return { Data: text, Charset: 'UTF-8' }
}

function headerOf([name, value]: readonly [string, string]): JsonObject {
  if (name.length <= 126 && /^[ -~]{1,870}$/.test(value)) return { Name: name, Value: value }
  throw refused(`headers.${printable(name)}`, 'must have a name of at most 126 characters, and 1 to 870 of printable ASCII')
}

function mailboxIn(field: string, { name, address }: Mailbox): string {
  const ascii = asciiOf(address)
  if (ascii === undefined) throw refused(field, 'has letters beyond ASCII before its @, which SES does not take')
  return isAscii(name) ? written({ name, address: ascii }) : `${encodedWords(name)} <${ascii}>`
}

/** An address as SES takes it, its domain in Punycode; undefined where that is not possible. */
function asciiOf(address: string): string | undefined {
  const [local = '', domain = ''] = address.split('@')
  if (isAscii(address)) return address
  const host = URL.parse(`http://${domain}`)?.hostname
  return isAscii(local) && host ? `${local}@${host}` : undefined
}

/** A name in words of RFC 2047, each at most 75 characters long. */
function encodedWords(name: string): string {
  const parts: string[] = ['']
  for (const char of name) {
    const longer = `${parts.at(-1)}${char}`
    if (bytesOf(longer).length > 45) parts.push(char)
    else parts[parts.length - 1] = longer
  }
  return parts.map((part) => `=?UTF-8?B?${base64Of(bytesOf(part))}?=`).join(' ')
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}
