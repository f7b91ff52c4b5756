import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { SendResult } from '../../contract/provider.ts'
import { type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf, wordOf } from '../../wire/json.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

/** The name of the status of a message whose id was used before: the first one is the message. */
export const duplicate = 'REJECTED_DUPLICATE_MESSAGE_ID'

type Secrets = readonly (string | undefined)[]

/** What an answer says of the one message of a call: a 200 may refuse it. Throws a `SendError`. */
export function resultOf(answer: HttpAnswer, secrets: Secrets): SendResult {
  if (!answer.ok) throw refusalOf(answer, secrets)
  const { messages } = fieldsOf(answer.json)
  const { messageId, status } = fieldsOf(Array.isArray(messages) ? messages[0] : answer.json)
  const { groupName, name, description } = fieldsOf(status)
  const isTaken = /^(OK|ACCEPTED|PENDING|DELIVERED)$/.test(wordOf(groupName)) || name === duplicate
  if (isTaken && typeof messageId === 'string' && messageId !== '') return { messageId }
  if (isTaken || !/^(REJECTED|UNDELIVERABLE|EXPIRED)$/.test(wordOf(groupName)) || typeof name !== 'string') {
    throw unexpectedAnswer('Infobip', answer)
  }
  throw new SendError(kindOf(name), wordsOf(description, secrets), { code: vendorWords(name, secrets), field: fieldOfName(name) })
}

/** The kind of a refusal by the name of its status. Source: Infobip's "Response status and error codes", general status codes. */
function kindOf(name: string): FailureKind {
  switch (name) {
    case 'REJECTED_SOURCE':
    case 'REJECTED_NOT_ENOUGH_CREDITS':
    case 'REJECTED_SENDER':
    case 'REJECTED_PREPAID_PACKAGE_EXPIRED':
    case 'REJECTED_DESTINATION_NOT_REGISTERED':
    case 'REJECTED_ROUTE_NOT_AVAILABLE':
      return 'configuration'
    // The account does not reach this network: neither a reason to give up the person, nor to stop what goes to others.
    case 'REJECTED_NETWORK':
      return 'content'
    case 'REJECTED_PREFIX_MISSING':
    case 'REJECTED_DND':
    case 'REJECTED_DESTINATION_BLOCKLISTED':
    case 'REJECTED_DESTINATION':
    case 'MISSING_TO':
    case 'SIGNALS_BLOCKED':
    case 'UNDELIVERABLE_NOT_DELIVERED':
      return 'recipient'
    case 'REJECTED_FLOODING_FILTER':
    case 'REJECTED_SYSTEM_ERROR':
    case 'UNDELIVERABLE_REJECTED_OPERATOR':
    case 'UNDELIVERABLE_REJECTED_PLATFORM':
    case 'UNDELIVERABLE_NOT_SENT':
      return 'transient'
    default:
      return 'content'
  }
}

function fieldOfName(name: string): string | undefined {
  return name === 'REJECTED_MESSAGE_TOO_LONG' ? 'text' : undefined
}

/** SMS and Viber answer with `errorCode` and `violations`, WhatsApp with a `serviceException`. */
function refusalOf(answer: HttpAnswer, secrets: Secrets): SendError {
  const { errorCode, description, violations, requestError } = fieldsOf(answer.json)
  const { messageId, text, validationErrors } = fieldsOf(fieldsOf(requestError).serviceException)
  const code = errorCode ?? messageId
  if (typeof code !== 'string') return unexpectedAnswer('Infobip', answer)
  const at = pathAtFault(violations, fieldsOf(validationErrors))
  const kind = answer.status === 400 && /(^|\.)to$/.test(at) ? 'recipient' : kindOfStatus(answer.status)
  const words = wordsOf(description ?? text, secrets)
  return new SendError(kind, at === '' ? words : `${words} (${vendorWords(at, secrets)})`, {
    code: vendorWords(code, secrets),
    retryAfter: answer.retryAfter,
    field: kind === 'content' ? fieldAt(at) : undefined,
  })
}

/** The first of the paths that Infobip finds fault with. */
function pathAtFault(violations: unknown, validationErrors: JsonObject): string {
  const { property } = fieldsOf(Array.isArray(violations) ? violations[0] : undefined)
  return typeof property === 'string' ? property : (Object.keys(validationErrors)[0] ?? '')
}

function fieldAt(path: string): string | undefined {
  if (/template|language/i.test(path)) return 'approved'
  if (/mediaUrl/.test(path)) return 'imageUrl'
  if (/button/i.test(path)) return 'buttons'
  if (/(text|caption)$/.test(path)) return 'text'
  return /(^|\.)(sender|from)$/.test(path) ? 'sender' : undefined
}

function wordsOf(text: unknown, secrets: Secrets): string {
  return (typeof text === 'string' && vendorWords(text, secrets)) || noReason
}
