import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { SendResult } from '../../contract/provider.ts'
import { parseJsonExactly } from '../../webhooks/json.ts'
import { type HttpAnswer, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'
import { tokenOf } from './token.ts'

/** What the answer to `send_message` says: HTTP 200 whatever became of it. Throws a `SendError`. */
export function resultOf(answer: HttpAnswer, secrets: readonly string[]): SendResult {
  const { status, status_message: words, message_token: token } = exactFieldsOf(answer)
  const messageId = tokenOf(token)
  if (answer.ok && status === 0 && messageId !== undefined) return { messageId }
  if (!answer.ok || typeof status !== 'number' || status === 0) throw unexpectedAnswer('Viber', answer)
  throw new SendError(kindOf(status), (typeof words === 'string' && vendorWords(words, secrets)) || noReason, {
    code: status,
    retryAfter: answer.retryAfter,
  })
}

function exactFieldsOf({ text }: HttpAnswer): JsonObject {
  try {
    return fieldsOf(parseJsonExactly('viber', text))
  } catch {
    return {}
  }
}

/** By Viber's table of error codes; [U] 21 to 24, which stand in public code alone. */
function kindOf(status: number): FailureKind {
  switch (status) {
    case 5: // receiverNotRegistered
    case 6: // receiverNotSubscribed
    case 11: // receiverNoSuitableDevice
    case 21: // unsupportedCountry
      return 'recipient'
    case 3: // badData
    case 4: // missingData
    case 13: // apiVersionNotSupported: this message needs a newer app than the person has
    case 14: // incompatibleWithVersion
      return 'content'
    case 1: // invalidUrl
    case 2: // invalidAuthToken
    case 7: // publicAccountBlocked
    case 8: // publicAccountNotFound
    case 9: // publicAccountSuspended
    case 10: // webhookNotSet
    case 15: // publicAccountNotAuthorized
    case 16: // inchatReplyMessageNotAllowed
    case 17: // publicAccountIsNotInline
    case 18: // noPublicChat
    case 19: // cannotSendBroadcast
    case 20: // broadcastNotAllowed
    case 22: // paymentUnsupported
    case 23: // freeMessagesExceeded
    case 24: // noBalance
      return 'configuration'
    // 12 is tooManyRequests, and any other "general error".
    default:
      return 'transient'
  }
}
