import { AwsV4Signer } from 'aws4fetch'
import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { Awaitable, JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf, wordOf } from '../wire/json.ts'
import { fromRule, mailboxOf } from '../wire/mail.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { noReason, vendorWords } from '../wire/redact.ts'
import { messageOf } from './ses/message.ts'
import { tagName, tagOf } from './ses/tag.ts'

export { type SesEvent, type SesWebhookOptions, sesWebhook } from './ses/webhook.ts'

/** Credentials of AWS, as its SDK has them too. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of a role's credentials, which pass. */
  readonly sessionToken?: string
}

/** Options of `ses`. */
export interface SesOptions extends HttpOptions {
  /** Such as `eu-central-1`. */
  readonly region: string
  /** May `ses:SendEmail`. A function is asked before each send: a role's credentials change (`fromNodeProviderChain()` of the AWS SDK is one). */
  readonly credentials: AwsCredentials | (() => Awaitable<AwsCredentials>)
  /** The sender where the content names none, a verified identity. */
  readonly from: string
  /** The set whose events are published; with it the attempt's key travels as a tag. */
  readonly configurationSet?: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail through Amazon SES (API v2, `SendEmail`), signed by `aws4fetch` (1.0.20 or later, a peer dependency). Fields of `content.vendor.ses` join
 * the body. Source: docs.aws.amazon.com/ses, API reference v2.
 */
export function ses(options: SesOptions): ChannelProvider<'email'> {
  checkSesOptions(options)
  const { region, credentials, from, configurationSet, name = 'ses', limits, fetch } = options
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const { baseUrl = `https://email.${region}.${domain}` } = options
  const sender = mailboxOf(from)!
  const http = createHttp('Amazon SES', { baseUrl, fetch })
  const keysOf = (key: string) => (configurationSet !== undefined && tagOf(key) !== undefined ? [key] : [])
  return {
    name,
    channels: ['email'],
    receipts: 'full',
    ...(limits && { limits }),
    keys: ({ idempotencyKey }) => keysOf(idempotencyKey),
    async send({ to, content, idempotencyKey }, { signal }) {
      const message = messageOf(content, to, sender)
      const body = JSON.stringify(configurationSet === undefined ? message : tagged(message, configurationSet, idempotencyKey))
      const own = await credentialsOf(credentials)
      const signer = new AwsV4Signer({ ...own, region, service: 'ses', url: `${baseUrl.replace(/\/+$/, '')}/${path}`, body })
      const signed = await signer.sign()
      const headers = { ...Object.fromEntries(signed.headers), 'content-type': 'application/json' }
      const answer = await http(path, { headers, body, signal })
      return resultOf(answer, keysOf(idempotencyKey), [...Object.values(own), String(to)])
    },
  }
}

const path = 'v2/email/outbound-emails'

function checkSesOptions(options: SesOptions): void {
  checkNames('ses', options, ['region', 'credentials', 'from', 'configurationSet', 'name', 'limits', 'baseUrl', 'fetch'])
  const { region, credentials, from, configurationSet: set }: Partial<SesOptions> = options ?? {}
  const areCredentials = typeof credentials === 'function' || isCredentials(credentials)
  checkOptions('ses', [
    ['region', region, isText(region, /^[a-z]{2}(-[a-z]+)+-\d$/), 'be a region, such as eu-central-1'],
    [
      'credentials',
      credentials,
      areCredentials,
      'be { accessKeyId, secretAccessKey, sessionToken? } or a function that gives them',
    ],
    ['configurationSet', set, set === undefined || isText(set, /^[\w-]{1,64}$/), 'be the name of a configuration set'],
    fromRule(from),
  ])
}

function isCredentials(given: Partial<AwsCredentials> | undefined): given is AwsCredentials {
  const { accessKeyId, secretAccessKey, sessionToken } = given ?? {}
  const isSecret = (text: unknown) => isText(text, /^[!-~]+$/)
  return isText(accessKeyId, /^\w+$/) && isSecret(secretAccessKey) && (sessionToken === undefined || isSecret(sessionToken))
}

async function credentialsOf(source: SesOptions['credentials']): Promise<AwsCredentials> {
  let given: AwsCredentials | undefined
  try {
    given = typeof source === 'function' ? await source() : source
  } catch {
    // What it threw may hold what it read.
    throw new SendError('transient', 'the function that gives the AWS credentials has failed')
  }
  if (!isCredentials(given)) throw new SendError('configuration', 'the function that gives the AWS credentials has given none')
  const { accessKeyId, secretAccessKey, sessionToken } = given
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}

function tagged(message: JsonObject, configurationSet: string, key: string): JsonObject {
  const { EmailTags: own } = message
  const value = tagOf(key)
  const tags = [...(Array.isArray(own) ? own : []), ...(value === undefined ? [] : [{ Name: tagName, Value: value }])]
  return { ...message, ConfigurationSetName: configurationSet, EmailTags: tags }
}

// SendEmail's own errors, and those common to AWS; both with and without "Exception" at the end.
const kinds: Readonly<Record<FailureKind, readonly string[]>> = {
  transient: ['TooManyRequests', 'Throttling', 'LimitExceeded', 'InternalServiceError', 'InternalFailure', 'ServiceUnavailable'],
  content: ['BadRequest', 'MessageRejected', 'Validation', 'ValidationError', 'RequestEntityTooLarge'],
  configuration: [
    ...['MailFromDomainNotVerified', 'AccountSuspended', 'SendingPaused', 'NotFound', 'AccessDenied', 'NotAuthorized'],
    ...['UnrecognizedClient', 'InvalidClientTokenId', 'InvalidSignature', 'SignatureDoesNotMatch', 'IncompleteSignature'],
    ...['MissingAuthenticationToken', 'ExpiredToken', 'RequestExpired', 'OptInRequired', 'UnknownOperation'],
  ],
  recipient: [],
  unknown: [],
}
const kindsByType = new Map(Object.entries(kinds).flatMap(([kind, all]) => all.map((type) => [type, kind as FailureKind])))

function resultOf(answer: HttpAnswer, keys: readonly string[], secrets: readonly string[]): SendResult {
  const { MessageId: id, message: words, Message: text = words, __type: inBody } = fieldsOf(answer.json)
  if (answer.ok && isText(id)) return { messageId: id, ...(keys.length > 0 && { keys }) }
  // A name may have its namespace before it, and a link after it.
  const type = /^(?:[\w.]+#)?([A-Za-z]{3,60})(?::|$)/.exec(answer.headers.get('x-amzn-errortype') ?? wordOf(inBody))?.[1]
  if (answer.ok || type === undefined) throw unexpectedAnswer('Amazon SES', answer)
  const isUnverified = type === 'MessageRejected' && /not verified/i.test(wordOf(text))
  const kind = isUnverified ? 'configuration' : (kindsByType.get(type.replace(/Exception$/, '')) ?? kindOfStatus(answer.status))
  throw new SendError(kind, vendorWords(isText(text) ? text : '', secrets) || noReason, {
    code: type,
    retryAfter: answer.retryAfter,
  })
}
