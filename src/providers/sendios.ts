import type { EmailContent } from '../contract/content.ts'
import { RequestError, SendError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import {
  sendiosMailAddressKey,
  sendiosMailUserKey,
  sendiosMetaField,
  sendiosMetaKey,
  sendiosSmsKey,
  sendiosUserKey,
} from '../webhooks/sendios-keys.ts'
import { createHttp, type Http, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { vendorWords } from '../wire/redact.ts'

/**
 * How to log in (HTTP Basic). Sendios's documentation sends the API key as it was issued; its SDKs send the SHA-1 of a separate
 * "SDK key", which the account manager gives.
 */
export type SendiosAuth =
  | { readonly clientId: number | string; readonly apiKey: string }
  | { readonly clientId: number | string; readonly sdkKey: string }

/** How e-mail is sent. */
export interface SendiosEmailOptions {
  /** `system` (category 1) for what a user's action brought about, `trigger` (category 2) for the rest. */
  readonly api: 'system' | 'trigger'
  /**
   * Which of two published body layouts to send, for they contradict each other: `sdk` (default) is that of the PHP SDK of 2024,
   * `readme` that of the README of 2021, with `email` inside `data.user`, and `meta`, `category` and `client_id` at the top.
   */
  readonly layout?: 'sdk' | 'readme'
  /** Further fields of the user: `name`, `gender`, `platform_id`, `country_id`, `language_id`, `age`, `vip` and so on. */
  readonly user?: (request: SendRequest<'email'>) => JsonObject
}

/** How SMS are sent. No public source shows the body of `v1/sms/send/system`, so the app builds it. */
export interface SendiosSmsOptions {
  /** The whole body, as your account manager describes it. */
  readonly body: (request: SendRequest<'sms'>) => JsonObject
  /** The template that `body` names: with the recipient's `userId` it is how `sms_*` events find the attempt. */
  readonly templateId?: number | string | ((request: SendRequest<'sms'>) => number | string)
  /** Finds `sms_id` in the answer's `data`. Default: a field of that name, if there is one; whether there is, is not public. */
  readonly smsId?: (data: JsonObject) => number | string | undefined
}

/** Options of `sendios`. At least one of `email` and `sms` is needed. */
export interface SendiosOptions extends HttpOptions {
  readonly auth: SendiosAuth
  readonly projectId: number
  /** `type_id` of e-mails whose content does not name one in `vendor.sendios.type_id`. */
  readonly typeId?: number
  readonly email?: SendiosEmailOptions
  readonly sms?: SendiosSmsOptions
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail (`v1/push/system` or `v1/push/trigger`) and SMS (`v1/sms/send/system`) through Sendios. Both answer before they
 * have sent; what became of a message comes by webhook, and only a failure is certain to: `receipts` is `failures`.
 * E-mail is rendered by a template at Sendios: `subject`, `text` and `html` reach it as variables, and `content.vendor.sendios` may
 * hold `type_id`, `data` (further variables), `user`, `meta` and `transactional_mail_settings`.
 */
export function sendios(options: SendiosOptions): ChannelProvider<'email' | 'sms'> {
  const { email, sms, name = 'sendios', limits } = options
  const channels = [...(email ? (['email'] as const) : []), ...(sms ? (['sms'] as const) : [])]
  if (channels.length === 0) throw new RequestError('sendios', [{ path: '', message: 'at least one of email and sms is needed' }])
  checkAuth(options.auth)
  const http = createHttp('Sendios', { baseUrl: 'https://api.sendios.io', ...options })
  const post = poster(http, options.auth)

  return {
    name,
    channels,
    receipts: { ...(email && { email: 'failures' }), ...(sms && { sms: 'failures' }) },
    ...(limits && { limits }),
    keys: (request) => (request.channel === 'email' ? mailKeys(options, request) : smsKeys(sms, request)),
    async send(request, { signal }) {
      if (request.channel === 'email' && email) {
        const path = `v1/push/${email.api}`
        await post(path, mailBody(options, email, request), String(request.to), signal)
        return { keys: mailKeys(options, request) }
      }
      if (request.channel === 'sms' && sms) {
        const data = await post('v1/sms/send/system', smsBody(sms, request), String(request.to), signal)
        return smsResult(sms, request, data)
      }
      throw new SendError('configuration', `sendios: the option ${request.channel} is not given`)
    },
  }
}

function checkAuth(auth: SendiosAuth): void {
  const key = 'apiKey' in auth ? auth.apiKey : auth.sdkKey
  if (!key || !/^[^:\s]+$/.test(String(auth.clientId))) {
    throw new RequestError('sendios', [{ path: 'auth', message: 'needs clientId and either apiKey or sdkKey' }])
  }
}

function typeOf({ typeId }: SendiosOptions, { vendor }: EmailContent): number | string {
  const own = vendor?.sendios?.type_id ?? typeId
  if (typeof own === 'number' || typeof own === 'string') return own
  throw new SendError(
    'content',
    'sendios: neither the option typeId nor vendor.sendios.type_id says which type of e-mail this is',
    {
      field: 'vendor.sendios.type_id',
    },
  )
}

function mailBody(options: SendiosOptions, email: SendiosEmailOptions, request: SendRequest<'email'>): JsonObject {
  const { content, recipient, to, idempotencyKey } = request
  const own = content.vendor?.sendios ?? {}
  const { subject, text, html } = content
  const type_id = typeOf(options, content)
  const project_id = options.projectId
  const user: JsonObject = {
    ...(email.user && calling('email.user', () => email.user?.(request))),
    ...objectOf(own.user),
    // Last, for it is a correlation key as well.
    ...(recipient.userId != null && { client_user_id: recipient.userId }),
  }
  const meta: JsonObject = { ...objectOf(own.meta), [sendiosMetaField]: idempotencyKey }
  const variables: JsonObject = {
    subject,
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    ...objectOf(own.data),
  }
  const settings = own.transactional_mail_settings
  const shared = { type_id, project_id, ...(settings !== undefined && { transactional_mail_settings: settings }) }
  const address = String(to)
  if (email.layout !== 'readme') return { ...shared, email: address, data: { ...variables, user, meta } }
  const category = email.api === 'system' ? 1 : 2
  return {
    ...shared,
    category,
    client_id: options.auth.clientId,
    data: { ...variables, user: { ...user, email: address } },
    meta,
  }
}

/** Events with our `meta` carry the first key alone; a rejected address has been seen without it. */
function mailKeys(options: SendiosOptions, { content, recipient, to, idempotencyKey }: SendRequest<'email'>): readonly string[] {
  const type = content.vendor?.sendios?.type_id ?? options.typeId
  if (typeof type !== 'number' && typeof type !== 'string') return [sendiosMetaKey(idempotencyKey)]
  return [
    sendiosMetaKey(idempotencyKey),
    ...(recipient.userId == null ? [] : [sendiosMailUserKey(recipient.userId, type)]),
    sendiosMailAddressKey(String(to), type),
  ]
}

function smsBody(sms: SendiosSmsOptions, request: SendRequest<'sms'>): JsonObject {
  return objectOf(calling('sms.body', () => sms.body(request)))
}

function smsKeys(sms: SendiosSmsOptions | undefined, request: SendRequest<'sms'>): readonly string[] {
  const { userId } = request.recipient
  const { templateId } = sms ?? {}
  const template = typeof templateId === 'function' ? calling('sms.templateId', () => templateId(request)) : templateId
  return userId == null || template === undefined ? [] : [sendiosUserKey(userId, template)]
}

function smsResult(sms: SendiosSmsOptions, request: SendRequest<'sms'>, data: JsonObject): SendResult {
  const id = smsIdIn(sms, data)
  const keys = smsKeys(sms, request)
  if (typeof id !== 'number' && typeof id !== 'string') return { keys }
  return { messageId: String(id), keys: [sendiosSmsKey(id), ...keys] }
}

/** The message has been taken by now, so an option that throws must not make it look as if it had not. */
function smsIdIn({ smsId }: SendiosSmsOptions, data: JsonObject): unknown {
  if (!smsId) return data.sms_id
  try {
    return smsId(data)
  } catch {
    return undefined
  }
}

/** An option of the app's that throws has sent nothing. What it threw may hold the recipient, so only its name is told. */
function calling<T>(option: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    const what = error instanceof Error ? error.name : typeof error
    throw new SendError('content', `sendios: the option ${option} threw (${what})`)
  }
}

type Post = (path: string, body: JsonObject, address: string, signal: AbortSignal) => Promise<JsonObject>

function poster(http: Http, auth: SendiosAuth): Post {
  const key = 'apiKey' in auth ? Promise.resolve(auth.apiKey) : sha1(auth.sdkKey)
  return async (path, body, address, signal) => {
    const password = await key
    const credentials = base64(`${auth.clientId}:${password}`)
    const answer = await http(path, { json: body, headers: { authorization: `Basic ${credentials}` }, signal })
    return dataOf(answer, [password, credentials, address])
  }
}

/** The answer's `data`. A 200 may carry `data.error`, and then nothing was taken. */
function dataOf(answer: HttpAnswer, secrets: readonly string[]): JsonObject {
  const data = dataIn(answer.json)
  if (data?.error) {
    const words = typeof data.error === 'string' ? vendorWords(data.error, secrets) : 'no reason given'
    const refusedLogin = /authorization/i.test(words)
    const kind = refusedLogin ? 'configuration' : answer.ok ? 'content' : kindOfStatus(answer.status)
    throw new SendError(kind, `Sendios refused the message: ${words}`, { code: answer.status, retryAfter: answer.retryAfter })
  }
  if (answer.status !== 200 || !data || data.queued === false) throw unexpectedAnswer('Sendios', answer)
  return data
}

function dataIn(json: unknown): JsonObject | undefined {
  const { data } = (typeof json === 'object' && json !== null ? json : {}) as { data?: unknown }
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : undefined
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
