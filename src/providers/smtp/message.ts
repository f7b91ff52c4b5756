import type { EmailContent } from '../../contract/content.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import { checkLine, type Mail, mailOf, printable, refused } from '../../wire/mail.ts'

/** A message as nodemailer takes it, but for its sender's default, its recipient and its id. */
export interface MailFields extends Mail {
  readonly vendor: JsonObject
}

const vendorFields = ['priority', 'list', 'dsn']

/** Checks a content before anything is connected. Throws a `SendError` of kind `content` that names the field. */
export function fieldsOf(content: EmailContent): MailFields {
  return { ...mailOf(content), vendor: checkVendor(content.vendor?.smtp ?? {}) }
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
