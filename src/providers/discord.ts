import type { MessengerContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { withButtons } from '../wire/buttons.ts'
import { createHttp, type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

/** Options of `discord`. */
export interface DiscordOptions {
  /** The whole URL that Discord gives for a channel's webhook. It is a secret. */
  readonly webhookUrl: string
  /** The id of a thread of that channel. */
  readonly threadId?: string
  readonly name?: string
  readonly limits?: ProviderLimits
  readonly fetch?: typeof globalThis.fetch | undefined
}

const longest = 2000

/**
 * Posts to one Discord channel through its webhook, and waits until Discord has kept the message (`wait=true`). Text is escaped and mentions nobody;
 * a picture becomes an embed, buttons become lines with their links. Fields of `content.vendor.discord` join the body as they are, a `content` in
 * Discord's own markup among them. Discord reports nothing later. Source: discord-api-docs, resources/webhook.
 */
export function discord(options: DiscordOptions): ChannelProvider<'chat'> {
  checkNames('discord', options, ['webhookUrl', 'threadId', 'name', 'limits', 'fetch'])
  const { webhookUrl, threadId, name = 'discord', limits, fetch } = options
  checkOptions('discord', [
    ['webhookUrl', webhookUrl, isHttpUrl(webhookUrl), 'be the whole https URL that Discord gave'],
    ['threadId', threadId, threadId === undefined || isText(threadId, /^\d{1,20}$/), 'be the id of a thread, in digits'],
  ])
  const http = createHttp('Discord', { baseUrl: webhookUrl, fetch }, 'webhookUrl')
  return {
    name,
    channels: ['chat'],
    receipts: 'none',
    addresses: { chat: 'fixed' },
    ...(limits && { limits }),
    async send({ content }, { signal }) {
      const answer = await http('', { query: { wait: true, thread_id: threadId }, json: bodyOf(content), signal })
      return resultOf(answer, webhookUrl)
    },
  }
}

function bodyOf({ text, imageUrl, buttons = [], vendor }: MessengerContent): JsonObject {
  const content = escapeDiscord(withButtons(text, buttons))
  const body: JsonObject = {
    ...(content !== '' && { content }),
    ...(imageUrl !== undefined && { embeds: [{ image: { url: imageUrl } }] }),
    allowed_mentions: { parse: [] },
    ...vendor?.discord,
  }
  if (Object.keys(body).every((field) => field === 'allowed_mentions'))
    throw new SendError('content', 'the text is empty', { field: 'text' })
  if (typeof body.content === 'string' && [...body.content].length > longest)
    throw new SendError('content', `Discord takes ${longest} characters, marks of escaping included`, { field: 'text' })
  return body
}

/** Links stay as they are: an escaped one would lead elsewhere. They end where markup could begin: `https://a.example/[here](https://b.example)`. */
function escapeDiscord(text: string): string {
  return text.replace(
    /(https?:\/\/[^\s<>[\]|`\\]+)|[\\*_~|>#\-[\]()`]/g,
    (special, url: string | undefined) => url ?? `\\${special}`,
  )
}

// topics/opcodes-and-status-codes: what is wrong with the one channel of a webhook is the operator's to mend.
const kinds: Readonly<Record<number, FailureKind>> = {
  10003: 'configuration',
  10015: 'configuration',
  50006: 'content',
  50013: 'configuration',
  50027: 'configuration',
  50035: 'content',
  220001: 'configuration',
}

function resultOf(answer: HttpAnswer, webhookUrl: string): SendResult {
  const { id, code, message, retry_after: wait } = fieldsOf(answer.json)
  if (answer.ok && isText(id, /^\d+$/)) return { messageId: id }
  const isOwn = typeof code === 'number' || typeof wait === 'number'
  if (answer.ok || !isOwn || answer.status >= 500) throw unexpectedAnswer('Discord', answer)
  const known = typeof code === 'number' ? kinds[code] : undefined
  const words =
    typeof message === 'string' ? vendorWords(message, [webhookUrl, new URL(webhookUrl).pathname.split('/').at(-1)]) : ''
  throw new SendError(known ?? kindOfStatus(answer.status), words || noReason, {
    code: typeof code === 'number' && code !== 0 ? code : answer.status,
    // Discord's body is more precise than its header, which counts whole seconds.
    retryAfter: typeof wait === 'number' ? Math.ceil(wait * 1000) : answer.retryAfter,
    field: code === 50006 ? 'text' : undefined,
  })
}
