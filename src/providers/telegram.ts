import * as z from 'zod/mini'
import type { TelegramContent } from '../contract/content.ts'
import { RequestError, SendError, WebhookParseError, WebhookVerificationError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { matchesSecret } from '../wire/constant-time.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../wire/http.ts'
import { vendorWords } from '../wire/redact.ts'

/** Options of `telegram`. */
export interface TelegramOptions extends HttpOptions {
  /** As @BotFather gives it. */
  readonly token: string
  readonly name?: string
  /** Default 30 messages a second, which is what Telegram allows a bot for free. */
  readonly limits?: ProviderLimits
}

/**
 * Sends through a Telegram bot (Bot API `sendMessage`, or `sendPhoto` where the content has an `imageUrl`). Telegram reports
 * neither delivery nor reading. The message id is `<chat>:<message_id>`. Fields of `content.vendor.telegram` join the call's body.
 */
export function telegram(options: TelegramOptions): ChannelProvider<'telegram'> {
  const { token, name = 'telegram', limits = { rate: { count: 30, per: '1s' } } } = options
  if (!/^[\w:-]+$/.test(token)) {
    throw new RequestError('telegram', [{ path: 'token', message: 'must be the token that @BotFather gave, and nothing else' }])
  }
  const http = createHttp('Telegram', { baseUrl: 'https://api.telegram.org', ...options })

  return {
    name,
    channels: ['telegram'],
    receipts: 'none',
    limits,
    async send(request, { signal }) {
      const [method, body] = callOf(request.content)
      const call = (chat: number | string) => http(`bot${token}/${method}`, { json: { ...body, chat_id: chat }, signal })
      let answer = await call(chatOf(request.to))
      // A group that became a supergroup has a new id, and nothing was sent to the old one.
      const moved = failureIn.safeParse(answer.json).data?.parameters?.migrate_to_chat_id
      if (moved !== undefined) answer = await call(moved)
      return resultOf(answer, [token, addressOf(request)])
    },
  }
}

const textLimit = 4096
const captionLimit = 1024
const parseModes = { html: 'HTML', markdownV2: 'MarkdownV2' } as const

/** The Bot API's method for a content, and its body but for the chat. */
function callOf(content: TelegramContent): ['sendMessage' | 'sendPhoto', JsonObject] {
  const { text, imageUrl, buttons = [], format, silent, vendor } = content
  const own = vendor?.telegram ?? {}
  if (format === undefined && own.parse_mode === undefined) checkLength(text, imageUrl === undefined ? textLimit : captionLimit)
  if (text === '' && imageUrl === undefined) throw new SendError('content', 'Telegram takes no empty text', { field: 'text' })
  const shared: JsonObject = {
    ...(format && { parse_mode: parseModes[format] }),
    ...(silent && { disable_notification: true }),
    ...(buttons.length > 0 && { reply_markup: { inline_keyboard: buttons.map(({ text, url }) => [{ text, url }]) } }),
    ...own,
  }
  if (imageUrl === undefined) return ['sendMessage', { ...shared, text }]
  return ['sendPhoto', { ...shared, photo: imageUrl, ...(text !== '' && { caption: text }) }]
}

/** Only plain text can be counted here: Telegram counts marked-up text once it has parsed it, and says so if it is too long. */
function checkLength(text: string, limit: number): void {
  const length = [...text].length
  if (length > limit) {
    throw new SendError('content', `Telegram takes at most ${limit} characters here, the text has ${length}`, { field: 'text' })
  }
}

function chatOf(to: SendRequest['to']): number | string {
  if (typeof to === 'number' && Number.isSafeInteger(to)) return to
  if (typeof to === 'string' && /^-?\d{1,15}$/.test(to)) return Number(to)
  if (typeof to === 'string' && /^@\w+$/.test(to)) return to
  throw new SendError('recipient', 'a Telegram address is a chat id or @channelname, and this is neither')
}

function addressOf({ to }: SendRequest): string | undefined {
  return typeof to === 'object' ? undefined : String(to)
}

const sent = z.object({
  ok: z.literal(true),
  result: z.object({ message_id: z.number(), chat: z.object({ id: z.number() }) }),
})
const failureIn = z.object({
  ok: z.literal(false),
  error_code: z.number(),
  description: z.optional(z.string()),
  parameters: z.optional(z.object({ retry_after: z.optional(z.number()), migrate_to_chat_id: z.optional(z.number()) })),
})

function resultOf(answer: HttpAnswer, secrets: readonly (string | undefined)[]): SendResult {
  const success = sent.safeParse(answer.json).data?.result
  if (success && answer.ok) return { messageId: `${success.chat.id}:${success.message_id}` }
  const failure = failureIn.safeParse(answer.json).data
  if (!failure) throw unexpectedAnswer('Telegram', answer)
  const { error_code: code, description = '', parameters } = failure
  const wait = parameters?.retry_after
  throw new SendError(kindOf(code, description), `Telegram refused the message: ${vendorWords(description, secrets)}`, {
    code,
    retryAfter: wait === undefined ? answer.retryAfter : wait * 1000,
    field: fieldOf(description),
  })
}

const chatAtFault =
  /chat not found|chat was migrated|user not found|peer_id_invalid|group (chat )?(is|was) deactivated|not enough rights|no rights to send/i
// Seen to come and go, so it must not cost an address (a field report; not in Telegram's documentation).
const passing = /bot can't send messages to the user/i

/** Telegram's descriptions are prose and may change; what matches none of them is told by its code alone. */
function kindOf(code: number, description: string): FailureKind {
  if (code === 429 || code >= 500) return 'transient'
  if (code === 403) return passing.test(description) ? 'transient' : 'recipient'
  if (code === 400) return chatAtFault.test(description) ? 'recipient' : 'content'
  if (code === 401 || code === 404 || code === 409) return 'configuration'
  return code >= 400 ? 'content' : 'unknown'
}

function fieldOf(description: string): string | undefined {
  if (/entities|text is empty|(message|caption) is too long/i.test(description)) return 'text'
  if (/button/i.test(description)) return 'buttons'
  if (/file identifier|file id|http url|web page content|photo|file is too big/i.test(description)) return 'imageUrl'
  return undefined
}

/** What a bot's webhook tells about its users. `chat` is the address to suppress, or to use again. */
export type TelegramEvent =
  | { readonly event: 'blocked' | 'unblocked'; readonly updateId: number; readonly chat: number; readonly at: number }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** Options of `telegramWebhook`. */
export interface TelegramWebhookOptions {
  /** The `secret_token` given to `setWebhook`; several while one is rotated. */
  readonly secretToken: string | readonly string[]
  /** Name of the provider. */
  readonly name?: string
}

const membership = z.object({
  update_id: z.number(),
  my_chat_member: z.object({
    chat: z.object({ id: z.number() }),
    date: z.number(),
    new_chat_member: z.object({ status: z.string() }),
  }),
})

/**
 * A bot's webhook (`setWebhook` with `allowed_updates: ['my_chat_member']`): who blocked the bot, and who let it back in. Other
 * updates are kept as `unknown`. Nothing in it is about a message, so it gives no receipts. Telegram may send an update twice.
 */
export function telegramWebhook(options: TelegramWebhookOptions): WebhookSource<TelegramEvent> {
  const secrets = [options.secretToken].flat()
  if (secrets.length === 0 || secrets.some((secret) => !/^[\w-]{1,256}$/.test(secret))) {
    throw new RequestError('telegramWebhook', [{ path: 'secretToken', message: 'must be 1 to 256 of A-Z a-z 0-9 _ -' }])
  }
  return {
    provider: options.name ?? 'telegram',
    async verify({ headers }) {
      if (!matchesSecret(headers.get('x-telegram-bot-api-secret-token'), secrets)) {
        throw new WebhookVerificationError(
          'X-Telegram-Bot-Api-Secret-Token is missing or wrong: give setWebhook the same secret_token',
        )
      }
    },
    parse: ({ body }) => ({ events: [eventOf(body)], errors: [] }),
    receipts: () => [],
  }
}

function eventOf(body: Uint8Array): TelegramEvent {
  let raw: unknown
  try {
    raw = JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw new WebhookParseError('telegram', 'the body is not JSON')
  }
  if (typeof raw !== 'object' || raw === null || !('update_id' in raw)) {
    throw new WebhookParseError('telegram', 'an update has an update_id', { path: 'update_id' })
  }
  const update = membership.safeParse(raw).data
  const status = update?.my_chat_member.new_chat_member.status
  if (update && (status === 'kicked' || status === 'member')) {
    const { chat, date } = update.my_chat_member
    const event = status === 'kicked' ? 'blocked' : 'unblocked'
    return { event, updateId: update.update_id, chat: chat.id, at: date * 1000 }
  }
  return { event: 'unknown', raw }
}
