import { SendError } from '../contract/errors.ts'
import { hash } from '../contract/hash.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, PollRequest, ProviderLimits, SendRequest } from '../contract/provider.ts'
import type { Receipt } from '../contract/receipt.ts'
import { withButtons } from '../wire/buttons.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf, wordOf } from '../wire/json.ts'
import { mergeFields } from '../wire/merge.ts'
import { momentOfSeconds } from '../wire/moment.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { channelsOf, type Senders, sendersRule } from '../wire/senders.ts'
import { jsonOf } from './smsc/answer.ts'
import { keyOf, statusOf } from './smsc/status.ts'

export { type SmscEvent, type SmscWebhookOptions, smscWebhook } from './smsc/webhook.ts'

/** The channels of an SMSC account that are sent on here. */
export type SmscChannel = 'sms' | 'viber'

/** How to log in: with an API key, or with login and password (or the password's MD5). */
export type SmscAuth = { readonly apiKey: string } | { readonly login: string; readonly password: string }

/** Options of `smsc`. */
export interface SmscOptions<C extends SmscChannel = SmscChannel> extends HttpOptions {
  readonly auth: SmscAuth
  /** What it sends on, and under which of the account's names. */
  readonly senders: Readonly<Record<C, string>>
  /** `false` where `smscWebhook` is told what becomes of messages; else SMSC is asked. */
  readonly poll?: boolean
  readonly name?: string
  /** Default 15 calls at a time, which is what SMSC takes. */
  readonly limits?: ProviderLimits
}

const channels: readonly SmscChannel[] = ['sms', 'viber']

/**
 * Sends SMS and Viber texts through SMSC.ru, or one of its mirrors (`baseUrl`: smsc.kz, smscentre.com), on those channels that `senders`
 * names. The message id is `<id>:<digits of the number>`, as SMSC tells messages apart. Fields of `content.vendor.smsc` join the body.
 */
export function smsc<C extends SmscChannel>(options: SmscOptions<C>): ChannelProvider<C> {
  checkNames('smsc', options, ['auth', 'senders', 'poll', 'name', 'limits', 'baseUrl', 'fetch'])
  const senders: Senders<SmscChannel> = options?.senders ?? {}
  const { poll = true, name = 'smsc', limits = { concurrency: 15 } } = options ?? {}
  const { baseUrl = 'https://smsc.ru', fetch } = options ?? {}
  const login = loginOf(options?.auth)
  checkOptions('smsc', [
    ['auth', options?.auth, login !== undefined, 'have an apiKey, or a login and a password'],
    sendersRule(options?.senders, channels),
    ['poll', poll, typeof poll === 'boolean', 'be true or false'],
  ])
  const http = createHttp('SMSC', { baseUrl, fetch })
  const secrets = Object.values(login ?? {})

  return {
    name,
    channels: channelsOf(senders, channels) as C[],
    receipts: 'full',
    limits,
    async send(request, { signal }) {
      const digits = digitsOf('SMSC', request.to)
      const body = { ...bodyOf(request as SendRequest<SmscChannel>, senders), ...login }
      const answer = await http('rest/send/', { json: body, signal })
      const { id } = fieldsOf(jsonOf(answer, [...secrets, digits]))
      if (typeof id !== 'number' && (typeof id !== 'string' || id === '')) throw unexpectedAnswer('SMSC', answer)
      return { messageId: keyOf(id, digits) }
    },
    keys: ({ to, idempotencyKey }) => (typeof to === 'string' ? [keyOf(idOf(idempotencyKey), to)] : []),
    ...(poll && {
      async poll(messages, { signal }) {
        const asked = messages.flatMap(partsOf)
        if (asked.length === 0) return []
        const body = new URLSearchParams({ ...login, ...listsOf(asked), fmt: '3', charset: 'utf-8' })
        const answer = await http('sys/status.php', { body, signal })
        return receiptsOf(name, asked, jsonOf(answer, secrets), answer)
      },
    }),
  }
}

function loginOf(auth: SmscAuth | undefined): Readonly<Record<string, string>> | undefined {
  if (auth !== undefined && 'apiKey' in auth) return isText(auth.apiKey) ? { apikey: auth.apiKey } : undefined
  return isText(auth?.login) && isText(auth.password) ? { login: auth.login, psw: auth.password } : undefined
}

const longest = 1000
const longestValid = 24 * 60

function bodyOf(request: SendRequest<SmscChannel>, senders: Senders<SmscChannel>): JsonObject {
  const { channel, content, within, idempotencyKey } = request
  const text = channel === 'sms' ? content.text : withButtons(content.text, content.buttons ?? [])
  if (channel === 'viber' && content.imageUrl !== undefined) {
    throw new SendError('content', 'SMSC takes no picture by its link', { field: 'imageUrl' })
  }
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  if (text.length > longest) {
    throw new SendError('content', `the text has ${text.length} characters, and SMSC takes ${longest}`, { field: 'text' })
  }
  const minutes = Math.max(1, Math.min(longestValid, Math.floor(within / 60_000)))
  return mergeFields(content.vendor?.smsc ?? {}, {
    // With its plus a number is not "corrected".
    phones: `+${digitsOf('SMSC', request.to)}`,
    mes: text,
    sender: (channel === 'sms' ? content.sender : undefined) ?? senders[channel] ?? '',
    id: idOf(idempotencyKey),
    valid: [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':'),
    ...(channel === 'viber' && { viber: 1 }),
    charset: 'utf-8',
    fmt: 3,
  })
}

/** The client's own id: SMSC takes 1 to 2147483647, and asks for no uniqueness beyond the number that it is sent to. */
function idOf(idempotencyKey: string): number {
  return 1 + (Number.parseInt(hash(idempotencyKey), 36) % 2_147_483_647)
}

type Asked = readonly [id: string, phone: string]

function partsOf({ messageId }: PollRequest): readonly Asked[] {
  const [id = '', phone = ''] = messageId?.split(':') ?? []
  return id === '' || phone === '' ? [] : [[id, phone]]
}

/** A comma behind a single one makes the answer a list too. */
function listsOf(asked: readonly Asked[]): { readonly id: string; readonly phone: string } {
  const more = asked.length === 1 ? ',' : ''
  return { id: asked.map(([id]) => id).join(',') + more, phone: asked.map(([, phone]) => phone).join(',') + more }
}

/** One row for each message that was asked about, in that order ([U]; where a row names its message, it is looked at). */
function receiptsOf(provider: string, asked: readonly Asked[], rows: unknown, answer: HttpAnswer): readonly Receipt[] {
  if (!Array.isArray(rows) || rows.length !== asked.length) throw unexpectedAnswer('SMSC', answer)
  return asked.flatMap(([id, phone], at) => {
    const { status: code, last_timestamp: seconds, err, id: ownId = id, phone: ownPhone = phone } = fieldsOf(rows[at])
    const status = statusOf(Number(wordOf(code) || Number.NaN))
    const moment = momentOfSeconds(seconds)
    const key = keyOf(id, phone)
    const isOther = keyOf(wordOf(ownId), wordOf(ownPhone)) !== key
    if (isOther || status === undefined || status === 'pending' || moment === undefined) return []
    const isFailure = status === 'failed' || status === 'expired'
    const reason = isFailure && Number(wordOf(err)) > 0 ? { reason: `err ${err}` } : {}
    return [{ provider, keys: [key], status, at: moment, raw: wordOf(code), ...reason }]
  })
}
