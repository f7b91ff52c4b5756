import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { fromRule, mailboxOf, mailOf, recipientOf, written } from '../wire/mail.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

export { type PostmarkCredentials, type PostmarkEvent, type PostmarkWebhookOptions, postmarkWebhook } from './postmark/webhook.ts'

/** Options of `postmark`. */
export interface PostmarkOptions extends HttpOptions {
  /** A server's API token. */
  readonly serverToken: string
  /** The sender where the content names none, with a confirmed signature or domain. */
  readonly from: string
  /** Default `outbound`, the server's transactional stream. */
  readonly messageStream?: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail through Postmark (`POST /email`). The attempt's key travels as metadata, and comes back with each event. Fields of
 * `content.vendor.postmark` join the body. Source: postmarkapp.com/developer.
 */
export function postmark(options: PostmarkOptions): ChannelProvider<'email'> {
  checkNames('postmark', options, ['serverToken', 'from', 'messageStream', 'name', 'limits', 'baseUrl', 'fetch'])
  const { serverToken, from, messageStream = 'outbound', baseUrl = 'https://api.postmarkapp.com', fetch } = options
  const { name = 'postmark', limits } = options
  checkOptions('postmark', [
    ['serverToken', serverToken, isText(serverToken, /^[\w-]+$/), "be a server's API token, and nothing else"],
    fromRule(from),
    ['messageStream', messageStream, isText(messageStream, /^[\w-]+$/), 'be the id of a message stream'],
  ])
  const sender = mailboxOf(from)!
  const http = createHttp('Postmark', { baseUrl, fetch })
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
        From: written(mail.from ?? sender),
        To: address,
        Subject: mail.subject,
        ...(mail.text !== undefined && { TextBody: mail.text }),
        ...(mail.html !== undefined && { HtmlBody: mail.html }),
        ...(mail.replyTo && { ReplyTo: written(mail.replyTo) }),
        ...(mail.headers && { Headers: Object.entries(mail.headers).map(([Name, Value]) => ({ Name, Value })) }),
        MessageStream: messageStream,
        Metadata: { omnicascade: idempotencyKey },
      }
      const json = mergeFields(content.vendor?.postmark ?? {}, body)
      const headers = { 'x-postmark-server-token': serverToken, accept: 'application/json' }
      return resultOf(await http('email', { headers, json, signal }), idempotencyKey, [serverToken, address])
    },
  }
}

// postmarkapp.com/developer/api/overview, error codes.
const kinds: Readonly<Record<number, FailureKind>> = {
  10: 'configuration',
  100: 'transient',
  300: 'content',
  400: 'configuration',
  401: 'configuration',
  402: 'content',
  403: 'content',
  405: 'configuration',
  406: 'recipient',
  409: 'content',
  410: 'content',
  411: 'content',
  412: 'configuration',
  413: 'configuration',
  429: 'transient',
}

function resultOf(answer: HttpAnswer, key: string, secrets: readonly string[]): SendResult {
  const { ErrorCode: code, MessageID: id, Message: words } = fieldsOf(answer.json)
  if (answer.ok && code === 0 && isText(id)) return { messageId: id, keys: [key] }
  if (typeof code !== 'number' || code === 0 || answer.status >= 500) throw unexpectedAnswer('Postmark', answer)
  throw new SendError(
    kinds[code] ?? kindOfStatus(answer.status),
    vendorWords(typeof words === 'string' ? words : '', secrets) || noReason,
    {
      code,
      retryAfter: answer.retryAfter,
    },
  )
}
