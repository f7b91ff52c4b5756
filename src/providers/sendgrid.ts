import { SendError } from '../contract/errors.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { fromRule, type Mailbox, mailboxOf, mailOf, recipientOf } from '../wire/mail.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

export { type SendGridEvent, type SendGridWebhookOptions, sendgridWebhook } from './sendgrid/webhook.ts'

/** Options of `sendgrid`. */
export interface SendGridOptions extends HttpOptions {
  /** `SG.…`, with the right to send mail. */
  readonly apiKey: string
  /** The sender where the content names none, a verified one: `a@example.org` or `Name <a@example.org>`. */
  readonly from: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail through SendGrid (`POST /v3/mail/send`). The message id is `X-Message-Id`; the attempt's key travels as a custom argument, and comes back
 * with each event. Fields of `content.vendor.sendgrid` join the body. `baseUrl` is `https://api.eu.sendgrid.com` for accounts in the EU.
 * Source: docs.sendgrid.com, Mail Send.
 */
export function sendgrid(options: SendGridOptions): ChannelProvider<'email'> {
  checkNames('sendgrid', options, ['apiKey', 'from', 'name', 'limits', 'baseUrl', 'fetch'])
  const { apiKey, from, name = 'sendgrid', limits, baseUrl = 'https://api.sendgrid.com', fetch } = options
  checkOptions('sendgrid', [
    ['apiKey', apiKey, isText(apiKey, /^SG\.[\w.-]+$/), 'be an API key, which begins with SG.'],
    fromRule(from),
  ])
  const sender = mailboxOf(from)!
  const http = createHttp('SendGrid', { baseUrl, fetch })
  return {
    name,
    channels: ['email'],
    receipts: 'full',
    ...(limits && { limits }),
    keys: ({ idempotencyKey }) => [idempotencyKey],
    async send({ to, content, idempotencyKey }, { signal }) {
      const { address } = recipientOf(to)
      const mail = mailOf(content)
      const body = {
        personalizations: [{ to: [{ email: address }] }],
        from: personOf(mail.from ?? sender),
        ...(mail.replyTo && { reply_to: personOf(mail.replyTo) }),
        subject: mail.subject,
        content: [
          ...(mail.text === undefined ? [] : [{ type: 'text/plain', value: mail.text }]),
          ...(mail.html === undefined ? [] : [{ type: 'text/html', value: mail.html }]),
        ],
        ...(mail.headers && { headers: mail.headers }),
        custom_args: { omnicascade: idempotencyKey },
      }
      const json = mergeFields(content.vendor?.sendgrid ?? {}, body)
      const headers = { authorization: `Bearer ${apiKey}` }
      return resultOf(await http('v3/mail/send', { headers, json, signal }), idempotencyKey, [apiKey, address])
    },
  }
}

function personOf({ name, address }: Mailbox): { readonly email: string; readonly name?: string } {
  return { email: address, ...(name !== '' && { name }) }
}

function resultOf(answer: HttpAnswer, key: string, secrets: readonly string[]): SendResult {
  const id = answer.headers.get('x-message-id')
  if (answer.status === 202 && id !== null && id !== '') return { messageId: id, keys: [key] }
  const { errors } = fieldsOf(answer.json)
  const { message, field } = fieldsOf(Array.isArray(errors) ? errors[0] : undefined)
  if (answer.ok || answer.status >= 500 || typeof message !== 'string') throw unexpectedAnswer('SendGrid', answer)
  throw new SendError(kindOfStatus(answer.status), vendorWords(message, secrets) || noReason, {
    code: answer.status,
    retryAfter: answer.retryAfter,
    field: fieldIn(field),
  })
}

/** SendGrid's path of a field, as the content has it. */
function fieldIn(field: unknown): string | undefined {
  if (!isText(field, /^[\w.[\]]{1,80}$/)) return undefined
  if (/^(subject|from|reply_to|headers)/.test(field)) return field.startsWith('reply_to') ? 'replyTo' : /^\w+/.exec(field)?.[0]
  return field.startsWith('content') ? 'text' : undefined
}
