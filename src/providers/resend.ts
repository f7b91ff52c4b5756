import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf, lookUp } from '../wire/json.ts'
import { fromRule, mailboxOf, mailOf, recipientOf, written } from '../wire/mail.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

export { type ResendEvent, type ResendWebhookOptions, resendWebhook } from './resend/webhook.ts'

/** Options of `resend`. */
export interface ResendOptions extends HttpOptions {
  /** `re_…` */
  readonly apiKey: string
  /** The sender where the content names none, on a verified domain. */
  readonly from: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail through Resend (`POST /emails`). Resend takes the attempt's key as `Idempotency-Key` and sends it once. Fields of `content.vendor.resend` join
 * the body. Source: resend-openapi; resend.com/docs.
 */
export function resend(options: ResendOptions): ChannelProvider<'email'> {
  checkNames('resend', options, ['apiKey', 'from', 'name', 'limits', 'baseUrl', 'fetch'])
  const { apiKey, from, name = 'resend', limits, baseUrl = 'https://api.resend.com', fetch } = options
  checkOptions('resend', [['apiKey', apiKey, isText(apiKey, /^re_\w+$/), 'be an API key, which begins with re_'], fromRule(from)])
  const sender = mailboxOf(from)!
  const http = createHttp('Resend', { baseUrl, fetch })
  return {
    name,
    channels: ['email'],
    receipts: 'full',
    idempotent: true,
    ...(limits && { limits }),
    async send({ to, content, idempotencyKey }, { signal }) {
      const { address } = recipientOf(to)
      const mail = mailOf(content)
      const body = {
        from: written(mail.from ?? sender),
        to: [address],
        subject: mail.subject,
        ...(mail.text !== undefined && { text: mail.text }),
        ...(mail.html !== undefined && { html: mail.html }),
        ...(mail.replyTo && { reply_to: written(mail.replyTo) }),
        ...(mail.headers && { headers: mail.headers }),
      }
      const json = mergeFields(content.vendor?.resend ?? {}, body)
      const headers = { authorization: `Bearer ${apiKey}`, 'idempotency-key': idempotencyKey }
      return resultOf(await http('emails', { headers, json, signal }), [apiKey, address])
    },
  }
}

// resend.com/docs/api-reference/errors. [U] Those of idempotency.
const kinds: Readonly<Record<string, FailureKind>> = {
  application_error: 'transient',
  concurrent_idempotent_requests: 'transient',
  daily_quota_exceeded: 'configuration',
  internal_server_error: 'transient',
  invalid_api_key: 'configuration',
  invalid_from_address: 'configuration',
  invalid_idempotency_key: 'content',
  invalid_idempotent_request: 'content',
  method_not_allowed: 'configuration',
  missing_api_key: 'configuration',
  monthly_quota_exceeded: 'configuration',
  not_found: 'configuration',
  rate_limit_exceeded: 'transient',
  restricted_api_key: 'configuration',
}
const fields: Readonly<Record<string, string>> = { invalid_from_address: 'from', invalid_attachment: 'vendor.resend' }

function resultOf(answer: HttpAnswer, secrets: readonly string[]): SendResult {
  const { id, name, message } = fieldsOf(answer.json)
  if (answer.ok && isText(id)) return { messageId: id }
  if (answer.ok || !isText(name, /^[a-z][a-z_]{2,60}$/)) throw unexpectedAnswer('Resend', answer)
  throw new SendError(
    lookUp(kinds, name) ?? kindOfStatus(answer.status),
    vendorWords(isText(message) ? message : '', secrets) || noReason,
    {
      code: name,
      retryAfter: answer.retryAfter,
      field: lookUp(fields, name),
    },
  )
}
