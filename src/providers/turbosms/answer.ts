import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import { type HttpAnswer, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf, isObject } from '../../wire/json.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

type Secrets = readonly string[]

// 507 is a request that was seen before: the results are those of the first one.
const taken: readonly unknown[] = [0, 800, 801, 802, 803, 507]

/** The `response_result` of an answer, which is always HTTP 200. Throws a `SendError` if the whole request was refused. */
export function rowsOf(answer: HttpAnswer, secrets: Secrets): readonly JsonObject[] {
  const fields = fieldsOf(answer.json)
  const { response_code: code, response_result: rows } = fields
  if (typeof code !== 'number' || (!answer.ok && taken.includes(code))) throw unexpectedAnswer('TurboSMS', answer)
  if (!taken.includes(code)) throw refusalOf(fields, secrets, answer.retryAfter)
  if (!Array.isArray(rows)) throw unexpectedAnswer('TurboSMS', answer)
  return (rows as readonly unknown[]).filter(isObject)
}

/** The message's id; throws a `SendError` if the request was taken and its one recipient was not. */
export function messageIdOf(answer: HttpAnswer, secrets: Secrets): string {
  const [row = {}] = rowsOf(answer, secrets)
  const { response_code: code, message_id: id } = row
  if (typeof code === 'number' && !taken.includes(code)) throw refusalOf(row, secrets, undefined)
  if (typeof code !== 'number' || typeof id !== 'string' || id === '') throw unexpectedAnswer('TurboSMS', answer)
  return id
}

const duplicate = 427
const duplicateFor = 90_000

function refusalOf({ response_code, response_status }: JsonObject, secrets: Secrets, retryAfter: number | undefined): SendError {
  const code = Number(response_code)
  const words = typeof response_status === 'string' ? response_status.toLowerCase().replaceAll('_', ' ') : ''
  return new SendError(kindOf(code), vendorWords(words, secrets) || noReason, {
    code,
    retryAfter: code === duplicate ? duplicateFor : retryAfter,
    field: fieldOf(code),
  })
}

/** Source: the table of response codes of turbosms.ua/en/api.html. */
function kindOf(code: number): FailureKind {
  switch (code) {
    case 103:
    case 105:
    case 106:
    case 203:
    case 301:
    case 302:
    case 400:
    case 401:
    case 415:
    case 421:
    case 425:
    case 426:
      return 'configuration'
    case 305:
    case 404:
      return 'recipient'
    // A country that the account does not send to: neither a reason to give up the person, nor to stop what goes to others.
    case 406:
      return 'content'
    // The result could not be put into words, so something may have been sent.
    case 500:
    case 501:
      return 'unknown'
    case duplicate:
    case 503:
    case 504:
    case 999:
      return 'transient'
    default:
      return 'content'
  }
}

function fieldOf(code: number): string | undefined {
  switch (code) {
    case 201:
    case 304:
    case 412:
    case 413:
    case 416:
      return 'text'
    case 204:
    case 205:
    case 206:
    case 408:
      return 'buttons'
    case 402:
    case 417:
    case 418:
    case 419:
    case 420:
    case 505:
      return 'imageUrl'
    default:
      return undefined
  }
}
