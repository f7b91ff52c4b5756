import type { MessengerContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { JsonValue } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'
import { vkKindOf, vkVersion } from '../wire/vk.ts'

export { type VkEvent, type VkWebhookOptions, vkWebhook } from './vk/webhook.ts'

/** Options of `vk`. */
export interface VkOptions extends HttpOptions {
  /** A token of the community, with the right to its messages. */
  readonly accessToken: string
  readonly name?: string
  /** Default 20 calls a second, which is what VK allows a community. */
  readonly limits?: ProviderLimits
}

/**
 * Sends messages of a VKontakte community (`messages.send`, VK API 5.199). Who is written to must have written first, or have allowed messages. VK
 * reports no delivery; reading is told by the Callback API. The attempt's key becomes VK's `random_id`, which VK sends once. Fields of
 * `content.vendor.vk` join the call's parameters. Source: VKCOM/vk-api-schema.
 */
export function vk(options: VkOptions): ChannelProvider<'vk'> {
  checkNames('vk', options, ['accessToken', 'name', 'limits', 'baseUrl', 'fetch'])
  const { accessToken, baseUrl = 'https://api.vk.com', fetch } = options
  const { name = 'vk', limits = { rate: { count: 20, per: '1s' } } } = options
  checkOptions('vk', [
    ['accessToken', accessToken, isText(accessToken, /^[\x21-\x7e]+$/), 'be an access token, and nothing else'],
  ])
  const http = createHttp('VK', { baseUrl, fetch })
  return {
    name,
    channels: ['vk'],
    receipts: 'none',
    idempotent: true,
    limits,
    async send({ to, content, idempotencyKey }, { signal }) {
      const peer = peerOf(to)
      const body = new URLSearchParams({
        ...parametersOf(content),
        peer_id: peer,
        random_id: String(await randomIdOf(idempotencyKey)),
        v: vkVersion,
        access_token: accessToken,
      })
      return resultOf(await http('method/messages.send', { body, signal }), peer, [accessToken, peer])
    },
  }
}

// [U] The schema says 9000, what VK takes is said to be 4096.
const longest = 4096
const longestLabel = 40

/** A picture must be uploaded to VK before: here its link ends the text, and VK shows it. */
function parametersOf({ text, imageUrl, buttons = [], vendor }: MessengerContent): Record<string, string> {
  const message = [text, imageUrl].filter((part) => part !== undefined && part !== '').join('\n')
  const own = Object.fromEntries(Object.entries(vendor?.vk ?? {}).map(([name, value]) => [name, parameterOf(value)]))
  if (message === '' && own.message === undefined && own.attachment === undefined)
    throw new SendError('content', 'the text is empty', { field: 'text' })
  if ([...message].length > longest)
    throw new SendError('content', `the text has ${[...message].length} characters, and VK takes ${longest}`, { field: 'text' })
  if (buttons.some((button) => button.text === '' || button.text.length > longestLabel))
    throw new SendError('content', `a VK button takes 1 to ${longestLabel} characters`, { field: 'buttons' })
  const rows = buttons.map(({ text: label, url: link }) => [{ action: { type: 'open_link', link, label } }])
  return {
    ...(message !== '' && { message }),
    // In a chat `@all` would call everybody.
    disable_mentions: '1',
    ...(rows.length > 0 && { keyboard: JSON.stringify({ inline: true, buttons: rows }) }),
    ...own,
  }
}

function parameterOf(value: JsonValue): string {
  return typeof value === 'string' ? value : typeof value === 'boolean' ? (value ? '1' : '0') : JSON.stringify(value)
}

function peerOf(to: SendRequest['to']): string {
  if (typeof to === 'number' && Number.isSafeInteger(to)) return String(to)
  if (isText(to, /^-?\d{1,15}$/)) return to
  throw new SendError('recipient', 'a VK address is the id of a user or peer, and this is none')
}

/** The same for the same key: a signed 32-bit number that is not 0, which VK takes for none. */
async function randomIdOf(key: string): Promise<number> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  return new DataView(digest).getInt32(0) || 1
}

/** VK answers 200 to everything; its code decides. `request_params`, which repeat the message, are left out. */
function resultOf(answer: HttpAnswer, peer: string, secrets: readonly string[]): SendResult {
  const { response, error } = fieldsOf(answer.json)
  if (answer.ok && typeof response === 'number' && Number.isSafeInteger(response)) return { messageId: `${peer}:${response}` }
  const { error_code: code, error_msg: words } = fieldsOf(error)
  if (typeof code !== 'number' || answer.status >= 500) throw unexpectedAnswer('VK', answer)
  throw new SendError(vkKindOf(code), vendorWords(typeof words === 'string' ? words : '', secrets) || noReason, {
    code,
    retryAfter: answer.retryAfter,
    field: fieldOf(code),
  })
}

function fieldOf(code: number): string | undefined {
  return code === 910 || code === 914 ? 'text' : code === 911 ? 'buttons' : undefined
}
