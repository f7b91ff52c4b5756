import type { EmailContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../contract/provider.ts'
import {
  sendiosMailAddressKey,
  sendiosMailUserKey,
  sendiosMetaField,
  sendiosMetaKey,
  sendiosSmsKey,
  sendiosUserKey,
} from '../webhooks/sendios-keys.ts'
import { base64Of, joined } from '../wire/bytes.ts'
import { sha1Hex } from '../wire/digest.ts'
import { createHttp, type Http, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf, isObject } from '../wire/json.ts'
import { checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'

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

/**
 * How SMS are sent. No public source shows the body of `v1/sms/send/system`, so the app builds it. `templateId` or `smsId` is needed:
 * an SMS that no report can find would count as delivered though it was lost.
 */
export interface SendiosSmsOptions {
  /** The whole body, as your account manager describes it. */
  readonly body: (request: SendRequest<'sms'>) => JsonObject
  /**
   * The template that `body` names: with the recipient's `userId`, which `body` gives as `client_user_id`, it is how `sms_*` events
   * find the attempt.
   */
  readonly templateId?: number | string | ((request: SendRequest<'sms'>) => number | string)
  /**
   * Finds `sms_id` in the answer's `data`, so that people without `userId` can be sent SMS too. Whether it is there is not public:
   * left out, a field of that name is used where there is one, and nothing is sent that depends on it.
   */
  readonly smsId?: (data: JsonObject) => JsonValue | undefined
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
  checkSendiosOptions(options)
  const { email, sms, name = 'sendios', limits, baseUrl = 'https://api.sendios.io', fetch } = options
  const channels = [...(email ? (['email'] as const) : []), ...(sms ? (['sms'] as const) : [])]
  const post = poster(createHttp('Sendios', { baseUrl, fetch }), options.auth)

  return {
    name,
    channels,
    receipts: { ...(email && { email: 'failures' }), ...(sms && { sms: 'failures' }) },
    ...(limits && { limits }),
    keys: (request) => (request.channel === 'email' ? mailKeys(options, request) : knownSmsKeys(sms, request)),
    async send(request, { signal }) {
      if (request.channel === 'email' && email) {
        const path = `v1/push/${email.api}`
        await post(path, mailBody(options, email, request), String(request.to), signal)
        return { keys: mailKeys(options, request) }
      }
      if (request.channel === 'sms' && sms) {
        const keys = smsKeys(sms, request)
        if (keys.length === 0 && !sms.smsId) throw unfindable(request)
        const data = await post('v1/sms/send/system', smsBody(sms, request), String(request.to), signal)
        return smsResult(sms, keys, data)
      }
      throw new SendError('configuration', `the option ${request.channel} is not given`)
    },
  }
}

function checkSendiosOptions(options: SendiosOptions): void {
  const { auth, projectId, email, sms }: Partial<SendiosOptions> = options ?? {}
  const clientId = auth?.clientId
  const { apiKey, sdkKey } = keysOf(auth)
  const [keyName, key] = apiKey === undefined && sdkKey !== undefined ? ['sdkKey', sdkKey] : ['apiKey', apiKey]
  const isClient = Number.isInteger(clientId) || isText(clientId, /^[^:\s]+$/)
  const isFindable = !sms || typeof sms.templateId === 'function' || isId(sms.templateId) || sms.smsId !== undefined
  checkOptions('sendios', [
    ['auth.clientId', clientId, isClient, 'be the number of your client at Sendios'],
    [`auth.${keyName}`, key, isText(key), 'be the API key (or `sdkKey` the SDK key) that Sendios gave'],
    ['projectId', projectId, Number.isInteger(projectId), 'be the number of your project at Sendios'],
    ['email', email, Boolean(email ?? sms), 'be given, or `sms`, or both: they say what to send'],
    ['email.api', email?.api, !email || email.api === 'system' || email.api === 'trigger', "be 'system' or 'trigger'"],
    ['sms.body', sms?.body, !sms || typeof sms.body === 'function', 'be a function that builds the body'],
    ['sms.templateId', sms?.templateId, isFindable, 'be given, or `sms.smsId`: a report finds its SMS by nothing else'],
  ])
}

function keysOf(auth: SendiosAuth | undefined): { readonly apiKey?: string; readonly sdkKey?: string } {
  return auth ?? {}
}

function typeOf({ typeId }: SendiosOptions, { vendor }: EmailContent): number | string {
  const own = vendor?.sendios?.type_id ?? typeId
  if (isId(own)) return own
  throw new SendError('content', 'neither the option typeId nor vendor.sendios.type_id says which type of e-mail this is', {
    field: 'vendor.sendios.type_id',
  })
}

function mailBody(options: SendiosOptions, email: SendiosEmailOptions, request: SendRequest<'email'>): JsonObject {
  const { content, recipient, to, idempotencyKey } = request
  const own = content.vendor?.sendios ?? {}
  const { subject, text, html } = content
  const type_id = typeOf(options, content)
  const project_id = options.projectId
  const user: JsonObject = {
    ...(email.user && calling('email.user', () => email.user?.(request))),
    ...fieldsOf(own.user),
    // Last, for it is a correlation key as well.
    ...(recipient.userId != null && { client_user_id: recipient.userId }),
  }
  const meta: JsonObject = { ...fieldsOf(own.meta), [sendiosMetaField]: idempotencyKey }
  const variables: JsonObject = {
    subject,
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    ...fieldsOf(own.data),
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
  if (!isId(type)) return [sendiosMetaKey(idempotencyKey)]
  return [
    sendiosMetaKey(idempotencyKey),
    ...(recipient.userId == null ? [] : [sendiosMailUserKey(recipient.userId, type)]),
    sendiosMailAddressKey(String(to), type),
  ]
}

function smsBody(sms: SendiosSmsOptions, request: SendRequest<'sms'>): JsonObject {
  return fieldsOf(calling('sms.body', () => sms.body(request)))
}

/** The key that is known before the call; none where user or template is not known. */
function smsKeys({ templateId }: SendiosSmsOptions, request: SendRequest<'sms'>): readonly string[] {
  const { userId } = request.recipient
  const template = typeof templateId === 'function' ? calling('sms.templateId', () => templateId(request)) : templateId
  return isId(userId) && isId(template) ? [sendiosUserKey(userId, template)] : []
}

/** `keys` is asked before the attempt is on record, and must not throw: `send` says what is wrong. */
function knownSmsKeys(sms: SendiosSmsOptions | undefined, request: SendRequest<'sms'>): readonly string[] {
  try {
    return sms ? smsKeys(sms, request) : []
  } catch {
    return []
  }
}

/** Of kind `content`, for neither the number nor the account is at fault, and the next channel is to be tried at once. */
function unfindable({ recipient }: SendRequest<'sms'>): SendError {
  return new SendError(
    'content',
    'not sent, for no report could find this SMS, and it would count as delivered though it was lost: ' +
      'give to.userId and sms.templateId, or sms.smsId',
    { field: isId(recipient.userId) ? 'sms.templateId' : 'to.userId' },
  )
}

function smsResult(sms: SendiosSmsOptions, keys: readonly string[], data: JsonObject): SendResult {
  const id = smsIdIn(sms, data)
  if (isId(id)) return { messageId: String(id), keys: [sendiosSmsKey(id), ...keys] }
  if (keys.length > 0) return { keys }
  // It has been taken. But what becomes of it can never be known, and silence is not to pass for delivery.
  throw new SendError('unknown', 'sent, but sms.smsId found no id in the answer, so no report can find this SMS', {
    field: 'sms.smsId',
  })
}

function isId(value: unknown): value is number | string {
  return Number.isFinite(value) || isText(value)
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
    throw new SendError('content', `the option ${option} threw (${what})`)
  }
}

type Post = (path: string, body: JsonObject, address: string, signal: AbortSignal) => Promise<JsonObject>

function poster(http: Http, auth: SendiosAuth): Post {
  const { apiKey, sdkKey = '' } = keysOf(auth)
  const key = apiKey === undefined ? sha1Hex(sdkKey) : apiKey
  return async (path, body, address, signal) => {
    const password = await key
    const credentials = base64Of(joined([`${auth.clientId}:${password}`]))
    const answer = await http(path, { json: body, headers: { authorization: `Basic ${credentials}` }, signal })
    return dataOf(answer, [password, credentials, address])
  }
}

/** The answer's `data`. A 200 may carry `data.error`, and then nothing was taken. */
function dataOf(answer: HttpAnswer, secrets: readonly string[]): JsonObject {
  const { data } = fieldsOf(answer.json)
  const { error, queued } = fieldsOf(data)
  if (error) {
    const words = typeof error === 'string' ? vendorWords(error, secrets) : ''
    const refusedLogin = /authorization/i.test(words)
    const kind = refusedLogin ? 'configuration' : answer.ok ? 'content' : kindOfStatus(answer.status)
    throw new SendError(kind, words || noReason, { code: answer.status, retryAfter: answer.retryAfter })
  }
  if (answer.status !== 200 || !isObject(data) || queued === false) throw unexpectedAnswer('Sendios', answer)
  return data
}
