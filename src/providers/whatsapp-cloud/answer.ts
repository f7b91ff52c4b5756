import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { SendResult } from '../../contract/provider.ts'
import { type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

/** Meta's error codes, in answers and in webhooks alike (developers.facebook.com, WhatsApp error codes). */
const codes: Readonly<Record<FailureKind, readonly number[]>> = {
  transient: [1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004],
  recipient: [131021, 131026],
  content: [
    33, 100, 130472, 131030, 131008, 131009, 131047, 131049, 131050, 131051, 131052, 131053, 132000, 132001, 132005, 132007,
    132012, 132015, 132016, 132068, 132069,
  ],
  configuration: [0, 3, 10, 190, 368, 130497, 131005, 131031, 131042, 131045, 133010],
  unknown: [],
}
const kinds = new Map(Object.entries(codes).flatMap(([kind, all]) => all.map((code) => [code, kind as FailureKind])))
const aboutTemplates = /^132\d{3}$/

/** The kind of a code; undefined if it is not known. */
export function kindOf(code: number): FailureKind | undefined {
  return kinds.get(code) ?? (code >= 200 && code < 300 ? 'configuration' : undefined)
}

/** What the answer to a send says. Throws a `SendError`. */
export function resultOf(answer: HttpAnswer, keys: readonly string[], secrets: readonly string[]): SendResult {
  const { messages, error } = fieldsOf(answer.json)
  const { id } = fieldsOf(Array.isArray(messages) ? messages[0] : undefined)
  if (answer.ok && typeof id === 'string' && id !== '') return { messageId: id, keys }
  const { code, message, error_data: data } = fieldsOf(error)
  if (typeof code !== 'number' || answer.ok) throw unexpectedAnswer('WhatsApp', answer)
  const { details } = fieldsOf(data)
  const words = [message, details].filter((text) => typeof text === 'string').join(': ')
  throw new SendError(kindOf(code) ?? kindOfStatus(answer.status), vendorWords(words, secrets) || noReason, {
    code,
    retryAfter: answer.retryAfter,
    field:
      code === 131047 || aboutTemplates.test(String(code))
        ? 'approved'
        : code === 131052 || code === 131053
          ? 'imageUrl'
          : undefined,
  })
}
