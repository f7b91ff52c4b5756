import type { MessengerContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

export { type OkEvent, type OkWebhookOptions, okWebhook } from './ok/webhook.ts'

/** Options of `ok`. */
export interface OkOptions extends HttpOptions {
  /** The access key of the group's messages. It ends after 30 days without a call. */
  readonly accessToken: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends messages of an Odnoklassniki group (Graph API of apiok.ru). The address is a chat (`chat:C…`) or a person (`user:…`) who has allowed the
 * group's messages. Odnoklassniki reports nothing later. Fields of `content.vendor.ok` join the message. [U] The answer to a single message
 * (`message_id`) is taken from webhooks and public code.
 */
export function ok(options: OkOptions): ChannelProvider<'ok'> {
  checkNames('ok', options, ['accessToken', 'name', 'limits', 'baseUrl', 'fetch'])
  const { accessToken, name = 'ok', limits, baseUrl = 'https://api.ok.ru', fetch } = options
  checkOptions('ok', [
    ['accessToken', accessToken, isText(accessToken, /^[\w:.-]+$/), 'be the access key of the group, and nothing else'],
  ])
  const http = createHttp('OK', { baseUrl, fetch })
  return {
    name,
    channels: ['ok'],
    receipts: 'none',
    ...(limits && { limits }),
    async send({ to, content }, { signal }) {
      const { path, recipient, id } = targetOf(to)
      const message = mergeFields(content.vendor?.ok ?? {}, messageOf(content))
      const headers = { 'content-type': 'application/json;charset=utf-8' }
      const call = { query: { access_token: accessToken }, headers, body: JSON.stringify({ recipient, message }), signal }
      return resultOf(await http(`graph/${path}/messages`, call), [accessToken, id])
    },
  }
}

function messageOf({ text, imageUrl, buttons = [], vendor }: MessengerContent): JsonObject {
  const image = imageUrl === undefined ? [] : [{ type: 'IMAGE', payload: { url: imageUrl } }]
  const rows = buttons.map(({ text, url }) => [{ type: 'LINK', text, url }])
  const keyboard = rows.length === 0 ? [] : [{ type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons: rows } } }]
  const attachments = [...image, ...keyboard]
  if (text === '' && attachments.length === 0 && vendor?.ok === undefined)
    throw new SendError('content', 'the text is empty', { field: 'text' })
  return {
    ...(text !== '' && { text }),
    ...(attachments.length === 1 && { attachment: attachments[0]! }),
    ...(attachments.length > 1 && { attachments }),
  }
}

function targetOf(to: SendRequest['to']): { readonly path: string; readonly recipient: JsonObject; readonly id: string } {
  const [, kind, id] = isText(to, /^(chat|user):[\w-]{1,64}$/) ? /^(chat|user):(.+)$/.exec(to)! : []
  if (kind === 'chat') return { path: String(to), recipient: { chat_id: String(to) }, id: id! }
  if (kind === 'user') return { path: 'me', recipient: { user_id: String(to) }, id: id! }
  throw new SendError('recipient', 'an OK address is chat:… or user:…, and this is neither')
}

// Of apiok.ru, as public code lists them.
const codes: Readonly<Record<FailureKind, readonly number[]>> = {
  transient: [1, 2, 8, 11, 26, 30, 31, 704, 5000, 9999],
  recipient: [7, 22, 25, 110, 300, 455, 456, 457, 458, 705, 706, 801, 802, 1102, 1103],
  content: [4, 100, 140, 454, 2001],
  configuration: [3, 9, 10, 50, 101, 102, 103, 104, 160, 200, 210, 401, 402, 403, 451, 453],
  unknown: [],
}
const kinds = new Map(Object.entries(codes).flatMap(([kind, all]) => all.map((code) => [code, kind as FailureKind])))

function resultOf(answer: HttpAnswer, secrets: readonly string[]): SendResult {
  const { message_id: id, error_code: code, error_msg: words } = fieldsOf(answer.json)
  if (answer.ok && code === undefined && isText(id, /^mid:\S{1,200}$/)) return { messageId: id }
  if (typeof code !== 'number' || answer.status >= 500) throw unexpectedAnswer('OK', answer)
  throw new SendError(kinds.get(code) ?? 'content', vendorWords(typeof words === 'string' ? words : '', secrets) || noReason, {
    code,
    retryAfter: answer.retryAfter,
    field: code === 454 ? 'text' : undefined,
  })
}
