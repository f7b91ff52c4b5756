import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import { countSegments } from '../text/sms.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { noReason, vendorWords } from '../wire/redact.ts'
import { headersOf, isHeaderValue } from './kannel/message.ts'

export { type KannelEvent, type KannelWebhookOptions, kannelWebhook } from './kannel/webhook.ts'

/** Options of `kannel`. */
export interface KannelOptions extends Omit<HttpOptions, 'baseUrl'> {
  /** Where smsbox takes messages, for example `http://kannel:13013/cgi-bin/sendsms`. */
  readonly url: string
  /** Of a `sendsms-user` group. */
  readonly username: string
  readonly password: string
  /** Where the content names none; left out where the `sendsms-user` group has one. */
  readonly sender?: string
  /** The app's address of `kannelWebhook` as Kannel can reach it, with its `token`. Without it there are no receipts. */
  readonly dlrUrl?: string
  /** The `smsc` by which Kannel chooses the connection. */
  readonly smsc?: string
  /** The `max-messages` of the `sendsms-user` group, whose default is 1 too. Kannel cuts off what takes more parts, so it is refused here. */
  readonly maxMessages?: number
  readonly name?: string
  readonly limits?: ProviderLimits
}

const names = ['url', 'username', 'password', 'sender', 'dlrUrl', 'smsc', 'maxMessages', 'name', 'limits', 'fetch']

/**
 * Sends SMS through a Kannel gateway (`sendsms` of smsbox, with POST). Kannel gives no id, so receipts come under the idempotency key, which is put
 * into the callback's address. `content.vendor.kannel` takes what sendsms does, such as `priority` and `meta-data`, by the names of its CGI variables.
 */
export function kannel(options: KannelOptions): ChannelProvider<'sms'> {
  checkNames('kannel', options, names)
  const { url, username, password, sender, dlrUrl, smsc, maxMessages = 1 }: Partial<KannelOptions> = options ?? {}
  const { name = 'kannel', limits, fetch } = options ?? {}
  const header = 'be one line of ASCII'
  checkOptions('kannel', [
    ['username', username, isHeaderValue(username), header],
    ['password', password, isHeaderValue(password), header],
    ['sender', sender, sender === undefined || isHeaderValue(sender), header],
    ['smsc', smsc, smsc === undefined || isHeaderValue(smsc), header],
    ['dlrUrl', dlrUrl, dlrUrl === undefined || isCallback(dlrUrl), 'be an http or https URL with a `token` in its query'],
    ['maxMessages', maxMessages, Number.isInteger(maxMessages) && maxMessages > 0, 'be a whole number, at least 1'],
  ])
  const http = createHttp('Kannel', { baseUrl: url, fetch }, 'url')

  return {
    name,
    channels: ['sms'],
    receipts: dlrUrl === undefined ? 'none' : 'full',
    ...(limits && { limits }),
    keys: ({ idempotencyKey }) => [idempotencyKey],
    async send(request, { signal }) {
      const digits = digitsOf('Kannel', request.to)
      const { text } = request.content
      checkText(text, maxMessages)
      const headers = {
        ...headersOf(request, { digits, sender, dlrUrl, smsc }),
        'x-kannel-username': options.username,
        'x-kannel-password': options.password,
      }
      const answer = await http('', { method: 'POST', headers, body: text, signal })
      return resultOf(answer, request, [username, password, dlrUrl, digits])
    },
  }
}

function isCallback(dlrUrl: unknown): boolean {
  return isHttpUrl(dlrUrl) && isText(new URL(dlrUrl).searchParams.get('token'))
}

function checkText(text: string, most: number): void {
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  const { segments } = countSegments(text)
  if (segments <= most) return
  const cure = 'raise max-messages of the sendsms-user group, and maxMessages here'
  throw new SendError('content', `the text takes ${segments} parts, and Kannel cuts off after ${most}: ${cure}`, {
    field: 'text',
  })
}

// Kannel's own words (smsbox.c); "Sent." where it answers before bearerbox has taken the message.
const taken = /^(0: Accepted|3: Queued|Sent\.)/

function resultOf(answer: HttpAnswer, { idempotencyKey }: SendRequest, secrets: readonly (string | undefined)[]): SendResult {
  if (answer.ok) {
    if (taken.test(answer.text)) return { messageId: idempotencyKey }
    throw unexpectedAnswer('Kannel', answer)
  }
  const { status: code, retryAfter, text } = answer
  throw new SendError(kindOf(code, text), vendorWords(text, secrets) || noReason, { code, retryAfter })
}

/** What went wrong by Kannel's words, which differ a little from version to version, else by the status. */
function kindOf(status: number, words: string): FailureKind {
  if (/denied by white|receiver/i.test(words)) return 'recipient'
  if (/^not routable/i.test(words)) return 'content'
  if (/sender missing/i.test(words)) return 'configuration'
  return kindOfStatus(status)
}
