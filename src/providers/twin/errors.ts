import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import { type HttpAnswer, kindOfStatus } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'
import type { TwinItemError } from './message-types.ts'

/**
 * The kind of a TWIN answer by its HTTP status: 400 and 422 are the message's fault, 401, 403, 404 and 405 the account's or the
 * set-up's, 429 and 5xx pass, and 504 may have sent.
 */
function kindOfTwinStatus(status: number): FailureKind {
  return status === 405 ? 'configuration' : kindOfStatus(status)
}

/** The `SendError` for an answer other than 2xx, with TWIN's `error` text or plain-text body and the names of the fields in `details`. */
export function answerError(answer: HttpAnswer, secrets: readonly string[]): SendError {
  const words = vendorWords(errorText(answer), secrets)
  return new SendError(kindOfTwinStatus(answer.status), words || `TWIN answered HTTP ${answer.status}`, {
    code: answer.status,
    retryAfter: answer.retryAfter,
  })
}

/** The `SendError` for a message that TWIN refused inside a 2xx answer. Its codes are not public: see `errorKind` of `twin`. */
export function itemError(error: TwinItemError, kind: FailureKind, secrets: readonly string[]): SendError {
  return new SendError(kind, vendorWords(error.message, secrets) || noReason)
}

function errorText({ json, text, headers }: HttpAnswer): string {
  if (typeof json === 'object' && json !== null) {
    const { error, details } = fieldsOf(json)
    const named = Object.keys(fieldsOf(details))
    return `${typeof error === 'string' ? error : ''}${named.length > 0 ? ` (details: ${named.join(', ')})` : ''}`
  }
  const page = /html/i.test(headers.get('content-type') ?? '') || text.trimStart().startsWith('<')
  return page ? '' : text
}
