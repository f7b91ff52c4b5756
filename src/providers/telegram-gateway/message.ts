import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { SendRequest } from '../../contract/provider.ts'
import { isText } from '../../wire/options.ts'

const vendorField = 'vendor.telegram-gateway'
const shortestTtl = 30
const longestTtl = 3600
const longestPayload = 128

/** What `sendVerificationMessage` is told, but for the number. Throws a `SendError` (`content`). */
export function messageOf({ content, idempotencyKey, within }: SendRequest<'telegram'>): JsonObject {
  const { imageUrl, buttons = [], silent, vendor } = content
  if (imageUrl !== undefined) throw refused('a picture', 'imageUrl')
  if (buttons.length > 0) throw refused('buttons', 'buttons')
  if (silent) throw refused('a message without a sound', 'silent')
  const own = vendor?.['telegram-gateway'] ?? {}
  checkFields(own)
  const isShort = new TextEncoder().encode(idempotencyKey).byteLength <= longestPayload
  return {
    ...own,
    ...(own.code === undefined && own.code_length === undefined && { code: codeOf(content.text) }),
    ttl: Math.max(shortestTtl, Math.min(longestTtl, Math.floor(within / 1000))),
    // Comes back in reports, which find the attempt by it even if the call's answer is never seen.
    ...(isShort && { payload: idempotencyKey }),
  }
}

function checkFields({ code, code_length: length }: JsonObject): void {
  if (code !== undefined && !isText(code, /^\d{4,8}$/))
    throw new SendError('content', 'a code is a text of 4 to 8 digits', { field: `${vendorField}.code` })
  if (length !== undefined && !(Number.isInteger(length) && Number(length) >= 4 && Number(length) <= 8))
    throw new SendError('content', 'a code has 4 to 8 digits', { field: `${vendorField}.code_length` })
}

function codeOf(text: string): string {
  const code = /^\s*(\d{4,8})\s*$/.exec(text)?.[1]
  if (code !== undefined) return code
  throw new SendError('content', `Telegram Gateway sends codes: let the text be 4 to 8 digits, or give ${vendorField}.code`, {
    field: 'text',
  })
}

function refused(what: string, field: string): SendError {
  return new SendError('content', `Telegram Gateway sends no more than a code, and not ${what}`, { field })
}
