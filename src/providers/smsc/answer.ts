import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { JsonValue } from '../../contract/json.ts'
import { type HttpAnswer, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

const repeated = 9
const repeatedFor = 60_000

/** The answer's JSON; SMSC says in it what went wrong, with HTTP 200. Throws a `SendError`. */
export function jsonOf(answer: HttpAnswer, secrets: readonly string[]): JsonValue {
  const { error, error_code: given } = fieldsOf(answer.json)
  // The code is a number here and its digits there.
  const code = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
  if (typeof code === 'number') {
    throw new SendError(kindOf(code), (typeof error === 'string' && vendorWords(error, secrets)) || noReason, {
      code,
      retryAfter: code === repeated ? repeatedFor : answer.retryAfter,
    })
  }
  if (!answer.ok || typeof answer.json !== 'object' || answer.json === null) throw unexpectedAnswer('SMSC', answer)
  return answer.json as JsonValue
}

/** Source: the public table of error codes of `send.php`. */
function kindOf(code: number): FailureKind {
  switch (code) {
    case 2:
    case 3:
    case 4:
      return 'configuration'
    case 7:
    case 8:
      return 'recipient'
    case repeated:
      return 'transient'
    default:
      return 'content'
  }
}
