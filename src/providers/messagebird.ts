import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf, lookUp } from '../wire/json.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

export { type MessageBirdEvent, type MessageBirdWebhookOptions, messagebirdWebhook } from './messagebird/webhook.ts'

/** Options of `messagebird`. */
export interface MessageBirdOptions extends HttpOptions {
  /** A live access key. */
  readonly accessKey: string
  /** Number or name of the sender where the content names none. */
  readonly sender: string
  /** Where MessageBird reports statuses, with GET: the address of `messagebirdWebhook`. Left out, the account's own counts. */
  readonly reportUrl?: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

// Of MessageBird's `reference`.
const longestReference = 60
// [U] Nine parts of 153 characters.
const longestText = 1377

/**
 * Sends SMS through MessageBird (classic REST API, `POST /messages`). The attempt's key travels as `reference`, and comes back with each report. Fields of
 * `content.vendor.messagebird` join the body. Source: developers.messagebird.com; messagebird-nodejs.
 */
export function messagebird(options: MessageBirdOptions): ChannelProvider<'sms'> {
  checkNames('messagebird', options, ['accessKey', 'sender', 'reportUrl', 'name', 'limits', 'baseUrl', 'fetch'])
  const { accessKey, sender, reportUrl, name = 'messagebird', limits, baseUrl = 'https://rest.messagebird.com', fetch } = options
  checkOptions('messagebird', [
    ['accessKey', accessKey, isText(accessKey, /^[\x21-\x7e]+$/), 'be an access key, and nothing else'],
    ['sender', sender, isText(sender, /^(\+?\d{3,17}|[\w .-]{1,11})$/), 'be a number, or a name of at most 11 characters'],
    ['reportUrl', reportUrl, reportUrl === undefined || isHttpUrl(reportUrl), 'be an absolute URL'],
  ])
  const http = createHttp('MessageBird', { baseUrl, fetch })
  const keysOf = (key: string) => (key.length <= longestReference ? [key] : [])
  return {
    name,
    channels: ['sms'],
    receipts: 'full',
    ...(limits && { limits }),
    keys: ({ idempotencyKey }) => keysOf(idempotencyKey),
    async send({ to, content, within, idempotencyKey }, { signal }) {
      const digits = digitsOf('MessageBird', to)
      if (content.text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
      if (content.text.length > longestText)
        throw new SendError('content', `the text has ${content.text.length} characters, and MessageBird takes ${longestText}`, {
          field: 'text',
        })
      const keys = keysOf(idempotencyKey)
      const body = {
        originator: content.sender ?? sender,
        recipients: [digits],
        body: content.text,
        datacoding: 'auto',
        validity: Math.max(1, Math.floor(within / 1000)),
        ...(keys.length > 0 && { reference: idempotencyKey }),
        ...(reportUrl !== undefined && { reportUrl }),
      }
      const json = mergeFields(content.vendor?.messagebird ?? {}, body)
      return resultOf(await http('messages', { headers: { authorization: `AccessKey ${accessKey}` }, json, signal }), keys, [
        accessKey,
        digits,
      ])
    },
  }
}

// developers.messagebird.com, API errors. [U] 20 and 98.
const kinds: Readonly<Record<number, FailureKind>> = {
  2: 'configuration',
  9: 'content',
  10: 'content',
  20: 'configuration',
  21: 'content',
  25: 'configuration',
  98: 'configuration',
  99: 'transient',
}
const fields: Readonly<Record<string, string>> = { body: 'text', originator: 'sender' }

function resultOf(answer: HttpAnswer, keys: readonly string[], secrets: readonly string[]): SendResult {
  const { id, errors } = fieldsOf(answer.json)
  if (answer.ok && isText(id)) return { messageId: id, keys }
  const { code, description, parameter } = fieldsOf(Array.isArray(errors) ? errors[0] : undefined)
  if (answer.ok || typeof code !== 'number' || answer.status >= 500) throw unexpectedAnswer('MessageBird', answer)
  // What is wrong with the one recipient of a call is the recipient.
  const isRecipient = (code === 9 || code === 10) && (parameter === 'recipient' || parameter === 'recipients')
  const kind = isRecipient ? 'recipient' : answer.status === 429 ? 'transient' : (kinds[code] ?? kindOfStatus(answer.status))
  throw new SendError(kind, vendorWords(isText(description) ? description : '', secrets) || noReason, {
    code,
    retryAfter: answer.retryAfter,
    field: isText(parameter) ? lookUp(fields, parameter) : undefined,
  })
}
