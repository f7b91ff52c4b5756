import { SendError } from '../contract/errors.ts'
import type { JsonValue } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { basicOf } from '../wire/basic.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { fromRule, mailboxOf, mailOf, recipientOf, written } from '../wire/mail.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

export { type MailgunEvent, type MailgunWebhookOptions, mailgunWebhook } from './mailgun/webhook.ts'

/** Options of `mailgun`. */
export interface MailgunOptions extends HttpOptions {
  /** A key that may send for the domain. */
  readonly apiKey: string
  /** The sending domain, such as `mg.example.org`. */
  readonly domain: string
  /** The sender where the content names none. */
  readonly from: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail through Mailgun (`POST /v3/<domain>/messages`). The attempt's key travels as a custom variable, and comes back with each event. Fields of
 * `content.vendor.mailgun` join the form (`o:tag`, `v:order`, `template`). `baseUrl` is `https://api.eu.mailgun.net` for domains in the EU. [U] The names of
 * form fields are Mailgun's documented ones, not checked against a live account. Source: documentation.mailgun.com.
 */
export function mailgun(options: MailgunOptions): ChannelProvider<'email'> {
  checkNames('mailgun', options, ['apiKey', 'domain', 'from', 'name', 'limits', 'baseUrl', 'fetch'])
  const { apiKey, domain, from, name = 'mailgun', limits, baseUrl = 'https://api.mailgun.net', fetch } = options
  checkOptions('mailgun', [
    ['apiKey', apiKey, isText(apiKey, /^[\x21-\x7e]+$/), 'be an API key, and nothing else'],
    ['domain', domain, isText(domain, /^[\w.-]+$/), 'be the name of the sending domain'],
    fromRule(from),
  ])
  const sender = mailboxOf(from)!
  const http = createHttp('Mailgun', { baseUrl, fetch })
  const authorization = basicOf('api', apiKey)
  return {
    name,
    channels: ['email'],
    receipts: 'full',
    ...(limits && { limits }),
    keys: ({ idempotencyKey }) => [idempotencyKey],
    async send({ to, content, idempotencyKey }, { signal }) {
      const { address } = recipientOf(to)
      const mail = mailOf(content)
      const body = new URLSearchParams()
      for (const [field, value] of Object.entries(content.vendor?.mailgun ?? {}))
        for (const one of [value].flat()) body.append(field, textOf(one))
      const own = {
        from: written(mail.from ?? sender),
        to: address,
        subject: mail.subject,
        ...(mail.text !== undefined && { text: mail.text }),
        ...(mail.html !== undefined && { html: mail.html }),
        ...(mail.replyTo && { 'h:Reply-To': written(mail.replyTo) }),
        'v:omnicascade': idempotencyKey,
      }
      for (const [field, value] of Object.entries(own)) body.set(field, value)
      for (const [header, value] of Object.entries(mail.headers ?? {})) body.set(`h:${header}`, value)
      const answer = await http(`v3/${domain}/messages`, { headers: { authorization }, body, signal })
      return resultOf(answer, idempotencyKey, [apiKey, authorization, address])
    },
  }
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The id comes in angle brackets; webhooks have it without. */
function resultOf(answer: HttpAnswer, key: string, secrets: readonly string[]): SendResult {
  const { id, message } = fieldsOf(answer.json)
  if (answer.ok && isText(id, /^<?[^<>\s]+>?$/)) return { messageId: id.replace(/^<|>$/g, ''), keys: [key] }
  if (answer.ok || answer.status >= 500 || !isText(message)) throw unexpectedAnswer('Mailgun', answer)
  throw new SendError(kindOfStatus(answer.status), vendorWords(message, secrets) || noReason, {
    code: answer.status,
    retryAfter: answer.retryAfter,
  })
}
