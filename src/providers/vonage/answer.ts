import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { SendResult } from '../../contract/provider.ts'
import { type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf, lookUp } from '../../wire/json.ts'
import { isText } from '../../wire/options.ts'
import { noReason, vendorWords } from '../../wire/redact.ts'

// developer.vonage.com/api-errors/messages, with the meanings given there. 14xx are what a call is refused with, the others come later.
const kinds: ReadonlyMap<string, FailureKind> = new Map(
  (
    [
      ['transient', [1000, 1030, 1100, 1180, 1220, 1230, 1241, 1331, 1472]],
      ['recipient', [1040, 1050, 1170, 1190, 1200, 1240, 1250, 1251, 1260, 1270, 1280, 1290, 1300, 1310, 1430, 1461, 1470, 1473]],
      ['content', [1010, 1020, 1021, 1022, 1090, 1150, 1210, 1282, 1340, 1380, 1381, 1382, 1410, 1440, 1450, 1451]],
      [
        'configuration',
        [1060, 1070, 1080, 1110, 1120, 1130, 1140, 1160, 1350, 1370, 1400, 1420, 1460, 1480, 1481, 1482, 1483, 1484],
      ],
    ] as const
  ).flatMap(([kind, codes]) => codes.map((code) => [String(code), kind] as const)),
)
// Older versions (1.4) refuse a call with numbers that mean something else above: there the title counts.
const titles: ReadonlyMap<unknown, FailureKind> = new Map([
  ['Invalid recipient', 'recipient'],
  ['Invalid sender', 'configuration'],
  ['Unsupported channel', 'configuration'],
  ['Invalid channel parameters', 'content'],
  ['Invalid message type', 'content'],
  ['Invalid client reference', 'content'],
] as const)
const fields: Readonly<Record<string, string>> = { text: 'text', from: 'sender', image: 'imageUrl', template: 'approved' }

/** What an answer comes to. `secrets` are kept out of the vendor's words. Throws `SendError`. */
export function resultOf(answer: HttpAnswer, keys: readonly string[], secrets: readonly (string | undefined)[]): SendResult {
  const { message_uuid: id, title, detail, invalid_parameters: invalid } = fieldsOf(answer.json)
  if (answer.ok && isText(id)) return { messageId: id, keys }
  const code = codeOf(answer.json)
  if (answer.ok || code === undefined || answer.status >= 500) throw unexpectedAnswer('Vonage', answer)
  const { name: path } = fieldsOf(Array.isArray(invalid) ? invalid[0] : undefined)
  const name = isText(path) ? path.split('.')[0]! : ''
  const words = [title, detail].filter((part) => isText(part)).join(': ')
  const named = answer.status === 429 ? 'transient' : (titles.get(title) ?? kinds.get(code) ?? kindOfStatus(answer.status))
  throw new SendError(named === 'content' && name === 'to' ? 'recipient' : named, vendorWords(words, secrets) || noReason, {
    code: vendorWords(code, secrets),
    retryAfter: answer.retryAfter,
    field: lookUp(fields, name),
  })
}

/** The code of an error (RFC 7807): what its `type` ends with; in older ones `code`. */
export function codeOf(error: unknown): string | undefined {
  const { type, code } = fieldsOf(error)
  if (typeof code === 'number' || isText(code, /^[\w-]{1,40}$/)) return String(code)
  return isText(type) ? /[#/]([\w-]{1,40})$/.exec(type)?.[1] : undefined
}
