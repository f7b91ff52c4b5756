import type { TelegramContent } from '../contract/content.ts'
import { SendError, WebhookParseError, WebhookVerificationError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { parseJson, textOf } from '../webhooks/json.ts'
import { matchesSecret } from '../wire/constant-time.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { momentOfSeconds } from '../wire/moment.ts'
import { checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

/** Options of `telegram`. */
export interface TelegramOptions extends HttpOptions {
  /** As `@BotFather` gives it. */
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
  const isToken = isText(options?.token, /^[\w:-]+$/)
  checkOptions('telegram', [['token', options?.token, isToken, 'be the token that @BotFather gave, and nothing else']])
  const { token, baseUrl = 'https://api.telegram.org', fetch } = options
  const { name = 'telegram', limits = { rate: { count: 30, per: '1s' } } } = options
  const http = createHttp('Telegram', { baseUrl, fetch })

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
      const { migrate_to_chat_id: moved } = fieldsOf(fieldsOf(answer.json).parameters)
      if (typeof moved === 'number') answer = await call(moved)
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
  if (text === '' && imageUrl === undefined) throw new SendError('content', 'the text is empty', { field: 'text' })
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
    throw new SendError('content', `the text has ${length} characters, and Telegram takes ${limit}`, { field: 'text' })
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

function resultOf(answer: HttpAnswer, secrets: readonly (string | undefined)[]): SendResult {
  const { ok, result, error_code: code, description, parameters } = fieldsOf(answer.json)
  if (answer.ok && ok === true) {
    const { message_id: message, chat } = fieldsOf(result)
    const { id } = fieldsOf(chat)
    if (typeof message === 'number' && typeof id === 'number') return { messageId: `${id}:${message}` }
  }
  if (ok !== false || typeof code !== 'number') throw unexpectedAnswer('Telegram', answer)
  const words = typeof description === 'string' ? description : ''
  const { retry_after: wait } = fieldsOf(parameters)
  throw new SendError(kindOf(code, words), vendorWords(words, secrets) || noReason, {
    code,
    retryAfter: typeof wait === 'number' ? wait * 1000 : answer.retryAfter,
    field: fieldOf(words),
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

/**
 * A bot's webhook (`setWebhook` with `allowed_updates: ['my_chat_member']`): who blocked the bot, and who let it back in. Other
 * updates are kept as `unknown`. Nothing in it is about a message, so it gives no receipts, but suppressions. Telegram may send an update twice.
 */
export function telegramWebhook(options: TelegramWebhookOptions): WebhookSource<TelegramEvent> {
  const secrets = [options?.secretToken ?? []].flat()
  const areSecrets = secrets.length > 0 && secrets.every((secret) => isText(secret, /^[\w-]{1,256}$/))
  checkOptions('telegramWebhook', [['secretToken', options?.secretToken, areSecrets, 'be 1 to 256 of A-Z a-z 0-9 _ -']])
  const provider = options.name ?? 'telegram'
  return {
    provider,
    signature: 'X-Telegram-Bot-Api-Secret-Token (shared secret)',
    async verify({ headers }) {
      if (!matchesSecret(headers.get('x-telegram-bot-api-secret-token'), secrets)) {
        throw new WebhookVerificationError(
          'X-Telegram-Bot-Api-Secret-Token is missing or wrong: give setWebhook the same secret_token',
        )
      }
    },
    parse: ({ body }) => ({ events: [eventOf(body)], errors: [] }),
    receipts: () => [],
    suppressions: (events) =>
      events.flatMap((event) =>
        event.event === 'unknown'
          ? []
          : {
              state: event.event === 'blocked' ? 'suppressed' : 'restored',
              provider,
              channel: 'telegram',
              address: event.chat,
              reason: 'blocked',
              at: event.at,
              raw: event.event === 'blocked' ? 'kicked' : 'member',
            },
      ),
  }
}

function eventOf(body: Uint8Array): TelegramEvent {
  const raw = parseJson('telegram', textOf('telegram', body))
  const { update_id: updateId, my_chat_member: change } = fieldsOf(raw)
  if (typeof updateId !== 'number') throw new WebhookParseError('telegram', 'must be a number', { path: 'update_id' })
  const { chat, date, new_chat_member: member } = fieldsOf(change)
  const { id } = fieldsOf(chat)
  const { status } = fieldsOf(member)
  const event = status === 'kicked' ? 'blocked' : status === 'member' ? 'unblocked' : undefined
  const at = momentOfSeconds(date)
  if (event === undefined || typeof id !== 'number' || !Number.isSafeInteger(id) || at === undefined)
    return { event: 'unknown', raw }
  return { event, updateId, chat: id, at }
}
