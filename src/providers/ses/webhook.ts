import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { Duration } from '../../contract/time.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { lenientJson, parseJson, textOf } from '../../webhooks/json.ts'
import { createHttp, type HttpOptions, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf, wordOf } from '../../wire/json.ts'
import { mailboxOf } from '../../wire/mail.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { checkFresh, toleranceRule } from '../../wire/replay.ts'
import { isSignedBySns, isSnsCertificate, isSnsUrl } from '../../wire/sns.ts'
import { keyIn, tagName } from './tag.ts'

/** One message of the topic. `type` is SES's own word: `Delivery`, `Bounce`, … A `subscription` is confirmed by the source. */
export type SesEvent =
  | {
      readonly event: 'mail'
      readonly type: string
      readonly messageId: string
      /** The attempt's key, as the provider tagged it. */
      readonly key?: string
      readonly to: readonly string[]
      /** Unix milliseconds. */
      readonly at: number
      readonly reason?: string
      readonly link?: string
      readonly raw: JsonObject
    }
  | { readonly event: 'subscription'; readonly subscribeUrl: string; readonly raw: JsonObject }
  | { readonly event: 'unknown'; readonly raw: JsonObject }

type MailEvent = SesEvent & { readonly event: 'mail' }

/** Options of `sesWebhook`. */
export interface SesWebhookOptions {
  /** `arn:aws:sns:…`; several where there are. Whoever has an AWS account can have messages signed: what tells the app's own is the topic. */
  readonly topicArn: string | readonly string[]
  /** How old a message may be. Default an hour, which is how long SNS may go on trying. */
  readonly tolerance?: Duration
  /** Name of the provider. */
  readonly name?: string
  /** Gets the certificate, and confirms the subscription. */
  readonly fetch?: HttpOptions['fetch']
}

/**
 * Events of Amazon SES, published to an SNS topic that the app's endpoint subscribes to (HTTPS, no raw message delivery). The signature is in the message; the
 * certificate is fetched from Amazon SNS and kept. A subscription to the topic is confirmed.
 * Source: docs.aws.amazon.com/ses, event publishing; aws-js-sns-message-validator.
 */
export function sesWebhook(options: SesWebhookOptions): WebhookSource<SesEvent> {
  checkNames('sesWebhook', options, ['topicArn', 'tolerance', 'name', 'fetch'])
  const { tolerance = '1h', name: provider = 'ses', fetch } = options
  const topics = [options?.topicArn ?? []].flat()
  const areTopics = topics.length > 0 && topics.every((topic) => isText(topic, /^arn:aws[\w-]*:sns:[a-z\d-]+:\d{12}:[\w-]+$/))
  checkOptions('sesWebhook', [
    ['topicArn', options?.topicArn, areTopics, 'be the ARN of the topic, arn:aws:sns:…, or a list of them'],
    toleranceRule(tolerance),
  ])
  const got = async (url: string): Promise<string> => {
    const answer = await createHttp('Amazon SNS', { baseUrl: url, fetch })('', { signal: AbortSignal.timeout(10_000) })
    if (answer.ok) return answer.text
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429)
      throw new WebhookVerificationError('Amazon SNS knows no such certificate or subscription')
    throw unexpectedAnswer('Amazon SNS', answer)
  }
  const certificateAt = kept(got)
  return {
    provider,
    contentTypes: ['text/plain', 'application/json'],
    signature: 'Signature of Amazon SNS (RSA)',
    async verify({ body }, now) {
      const message = fieldsOf(lenientJson(body))
      const { TopicArn: topic, Timestamp: time, SigningCertURL: url } = message
      if (!isText(topic) || !topics.includes(topic))
        throw new WebhookVerificationError('TopicArn is missing or names another topic')
      checkFresh('Timestamp', String(Date.parse(wordOf(time)) / 1000), now, tolerance)
      if (!isSnsCertificate(url))
        throw new WebhookVerificationError('SigningCertURL is missing or leads elsewhere than to Amazon SNS')
      if (await isSignedBySns(message, await certificateAt(url))) return
      throw new WebhookVerificationError('Signature is missing or wrong')
    },
    parse: ({ body }) => ({ events: [eventOf(fieldsOf(parseJson('ses', textOf('ses', body)) as JsonValue))], errors: [] }),
    receipts: (events) => events.flatMap((event) => (event.event === 'mail' ? receiptOf(provider, event) : [])),
    suppressions: (events) => events.flatMap((event) => (event.event === 'mail' ? suppressionsOf(provider, event) : [])),
    async remember(events) {
      for (const event of events) if (event.event === 'subscription') await got(event.subscribeUrl)
    },
  }
}

/** Amazon changes its certificates once a year or so; whoever names others must not fill the memory. */
function kept(get: (url: string) => Promise<string>): (url: string) => Promise<string> {
  const texts = new Map<string, string>()
  return async (url) => {
    const text = texts.get(url) ?? (await get(url))
    if (texts.size >= 20) texts.clear()
    texts.set(url, text)
    return text
  }
}

// Where the details of an event are, and what it says about its mail.
const kinds: Readonly<Record<string, readonly [details: string, status?: ReceiptStatus]>> = {
  Send: ['send', 'sent'],
  DeliveryDelay: ['deliveryDelay', 'sent'],
  Delivery: ['delivery', 'delivered'],
  Open: ['open', 'read'],
  Click: ['click', 'clicked'],
  Bounce: ['bounce', 'failed'],
  Reject: ['reject', 'failed'],
  'Rendering Failure': ['failure', 'failed'],
  Complaint: ['complaint'],
  Subscription: ['subscription'],
}

function eventOf(raw: JsonObject): SesEvent {
  const { Type: kind, Message: text, SubscribeURL: subscribeUrl } = raw
  if (typeof kind !== 'string') throw new WebhookParseError('ses', 'must be a text', { path: 'Type' })
  if (kind === 'SubscriptionConfirmation' && isSnsUrl(subscribeUrl)) return { event: 'subscription', subscribeUrl, raw }
  const message = fieldsOf(kind === 'Notification' && isText(text) ? lenientJson(new TextEncoder().encode(text)) : null)
  return mailIn(message) ?? { event: 'unknown', raw }
}

function mailIn(raw: JsonObject): MailEvent | undefined {
  const { notificationType, eventType: type = notificationType, mail } = raw
  const { messageId, timestamp: sentAt, tags } = fieldsOf(mail)
  if (!isText(type) || !Object.hasOwn(kinds, type) || !isText(messageId)) return undefined
  const details = fieldsOf(raw[kinds[type]![0]])
  const { timestamp = sentAt, link } = details
  const at = Date.parse(wordOf(timestamp))
  if (Number.isNaN(at)) return undefined
  const key = keyIn([fieldsOf(tags)[tagName] ?? []].flat()[0])
  const reason = reasonIn(details)
  return {
    event: 'mail',
    type,
    messageId,
    ...(key !== undefined && { key }),
    to: recipientsOf(fieldsOf(mail), details),
    at,
    ...(reason !== undefined && { reason }),
    ...(isText(link) && { link }),
    raw,
  }
}

/** Whom the mail went to. A bounce may name another, to whom it was passed on; it counts where the mail had several recipients. */
function recipientsOf({ destination }: JsonObject, details: JsonObject): string[] {
  const { bouncedRecipients, complainedRecipients = bouncedRecipients } = details
  const to = Array.isArray(destination) ? destination : []
  const named = Array.isArray(complainedRecipients) && to.length !== 1 ? complainedRecipients : to
  return named.flatMap((one: JsonValue) => mailboxOf(fieldsOf(one).emailAddress ?? one)?.address ?? [])
}

function reasonIn({ reason, errorMessage, bounceSubType, complaintSubType, bouncedRecipients }: JsonObject): string | undefined {
  const { diagnosticCode } = fieldsOf(Array.isArray(bouncedRecipients) ? bouncedRecipients[0] : undefined)
  return [diagnosticCode, reason, errorMessage, bounceSubType, complaintSubType].find((one) => isText(one))
}

function receiptOf(provider: string, event: MailEvent): Receipt[] {
  const { type, messageId, key, at, reason, link } = event
  // Such a complaint is about an earlier mail: this one was not sent.
  const status = isHeldBack(event) ? 'failed' : kinds[type]?.[1]
  if (status === undefined) return []
  const receipt = { provider, keys: key === undefined ? [messageId] : [messageId, key], status, at, raw: type }
  if (status === 'failed') return [{ ...receipt, ...(reason !== undefined && { reason }) }]
  return [{ ...receipt, ...(status === 'clicked' && link !== undefined && { link }) }]
}

function isHeldBack({ type, raw }: MailEvent): boolean {
  return type === 'Complaint' && fieldsOf(raw.complaint).complaintSubType === 'OnAccountSuppressionList'
}

function suppressionsOf(provider: string, event: MailEvent): Suppression[] {
  const [reason, state = 'suppressed'] = verdictOf(event) ?? []
  if (reason === undefined) return []
  return event.to.map((address) => ({ state, provider, channel: 'email', address, reason, at: event.at, raw: event.type }))
}

function verdictOf({ type, raw }: MailEvent): [SuppressionReason, Suppression['state']?] | undefined {
  const { bounceType, complaintFeedbackType, newTopicPreferences, oldTopicPreferences } = fieldsOf(raw[kinds[type]![0]])
  if (type === 'Bounce') return bounceType === 'Permanent' ? ['bounced'] : undefined
  if (type === 'Complaint') return complaintFeedbackType === 'not-spam' ? undefined : ['complained']
  // Leaving one topic of a list says nothing about the others.
  if (fieldsOf(newTopicPreferences).unsubscribeAll === true) return ['opted-out']
  return fieldsOf(oldTopicPreferences).unsubscribeAll === true ? ['opted-out', 'restored'] : undefined
}
