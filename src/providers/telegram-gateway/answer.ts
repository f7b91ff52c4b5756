import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import { type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf, lookUp } from '../../wire/json.ts'
import { isText } from '../../wire/options.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

const vendor = 'Telegram Gateway'

// [U] Telegram's reference names ACCESS_TOKEN_INVALID alone; the others stand in public code (apifonica/tg-gateway-go).
const kinds: Readonly<Record<string, FailureKind>> = {
  ACCESS_TOKEN_INVALID: 'configuration',
  ACCESS_TOKEN_REQUIRED: 'configuration',
  BALANCE_NOT_ENOUGH: 'configuration',
  CALLBACK_URL_INVALID: 'configuration',
  SENDER_NOT_OWNED: 'configuration',
  SENDER_NOT_VERIFIED: 'configuration',
  SENDER_USERNAME_INVALID: 'configuration',
  UNKNOWN_METHOD: 'configuration',
  PHONE_NUMBER_INVALID: 'recipient',
  PHONE_NUMBER_NOT_AVAILABLE: 'recipient',
  PHONE_NUMBER_NOT_FOUND: 'recipient',
}

/** What an answer says about a message: its `RequestStatus`, and the id that is in it. Throws a `SendError`. */
export function statusIn(
  answer: HttpAnswer,
  secrets: readonly unknown[],
): { readonly messageId: string; readonly raw: JsonObject } {
  const { ok, result, error } = fieldsOf(answer.json)
  const raw = fieldsOf(result)
  const { request_id: messageId } = raw
  if (answer.ok && ok === true && isText(messageId)) return { messageId, raw }
  if (ok !== false || !isText(error) || answer.status >= 500) throw unexpectedAnswer(vendor, answer)
  const isCode = /^[A-Z][A-Z\d_]{1,60}$/.test(error)
  const [isFlood, seconds] = /FLOOD_WAIT(?:_(\d{1,6}))?/.exec(error) ?? []
  const kind = isFlood ? 'transient' : lookUp(kinds, error)
  throw new SendError(kind ?? (answer.ok ? 'content' : kindOfStatus(answer.status)), wordsOf(error, secrets), {
    code: isCode ? error : answer.status,
    retryAfter: seconds === undefined ? answer.retryAfter : Number(seconds) * 1000,
  })
}

/** Whether the answer says that a request has been used to send before. */
export function isSpent({ json }: HttpAnswer): boolean {
  return fieldsOf(json).error === 'MESSAGE_ALREADY_SENT'
}

function wordsOf(error: string, secrets: readonly unknown[]): string {
  return (
    vendorWords(
      error,
      secrets.filter((secret) => isText(secret)),
    ) || noReason
  )
}
