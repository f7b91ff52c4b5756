import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { SendResult } from '../../contract/provider.ts'
import { type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { isText } from '../../wire/options.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

// twilio.com/docs/api/errors. [U] 21617, 30004, 63001, 63005, 63007 and 63020.
const codes: Readonly<Record<FailureKind, readonly number[]>> = {
  transient: [20429, 30001, 30003, 30008, 63012, 63018, 63021],
  recipient: [21211, 21214, 21217, 21610, 21614, 30004, 30005, 30006, 63003, 63024, 63032],
  content: [21408, 21602, 21605, 21612, 21617, 21620, 21623, 30007, 63013, 63016, 63027, 63028, 63029, 63030],
  configuration: [10001, 20003, 20404, 21212, 21603, 21606, 21608, 63001, 63005, 63007, 63020],
  unknown: [],
}
const kinds = new Map(Object.entries(codes).flatMap(([kind, all]) => all.map((code) => [code, kind as FailureKind])))
const templateAtFault = [63016, 63027, 63028, 63029, 63030]

/** What the answer to a send says. Throws a `SendError`. */
export function resultOf(answer: HttpAnswer, secrets: readonly (string | undefined)[]): SendResult {
  const { sid, code, message } = fieldsOf(answer.json)
  if (answer.ok && isText(sid, /^(SM|MM)\w+$/)) return { messageId: sid }
  if (answer.ok || typeof code !== 'number' || !isText(message)) throw unexpectedAnswer('Twilio', answer)
  throw new SendError(kinds.get(code) ?? kindOfStatus(answer.status), vendorWords(message, secrets) || noReason, {
    code,
    retryAfter: answer.retryAfter,
    field: templateAtFault.includes(code) ? 'approved' : code === 21617 || code === 21602 ? 'text' : undefined,
  })
}
