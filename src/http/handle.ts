import { isOmnicascadeError, RequestError, type WebhookParseError, type WebhookVerificationError } from '../contract/errors.ts'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { ParsedWebhook, WebhookRequest, WebhookSource } from '../contract/webhook.ts'
import { systemClock } from '../wire/clock.ts'
import { matchesSecret } from '../wire/constant-time.ts'
import { readBody, tooLarge } from './body.ts'
import { checkOptions, type SharedSecret, type WebhookOptions } from './options.ts'
import { WebhookRefusal } from './refusal.ts'

/** A request as an edge (Express, fetch) hands it over. Nothing is read from it before it is asked for. */
export interface Incoming<R> {
  /** The framework's own request. */
  readonly request: R
  readonly method: string
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>
  /** Absolute, as far as the framework can tell. */
  url(): string
  /** Throws a `WebhookRefusal` if someone else has read the body already. */
  body(): AsyncIterator<Uint8Array>
}

/** What an edge writes back. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The one core of every edge: method, secret, media type, size, body, signature, events, receipts. Never rejects.
 * A 500 is answered only to what is worth sending again; nothing that the request brought is echoed.
 */
export function createHandle<E, R>(
  subject: string,
  sink: ReceiptSink,
  source: WebhookSource<E>,
  options: WebhookOptions<E, R>,
): (incoming: Incoming<R>) => Promise<Answer> {
  if (typeof sink?.ingest !== 'function')
    throw new RequestError(
      subject,
      [{ path: 'sink', message: 'is no notifier: it comes first, then the source' }],
      'invalid-options',
    )
  if (typeof source?.parse !== 'function')
    throw new RequestError(
      subject,
      [{ path: 'source', message: 'is no webhook source: call it, as in telegramWebhook({ … })' }],
      'invalid-options',
    )
  checkOptions(subject, options, source.verify !== undefined)
  const secret = options.secret || undefined
  const { limit = 256 * 1024, timeout = 10_000, clock = systemClock, onError = printed } = options
  const contentTypes = options.contentTypes ?? source.contentTypes ?? ['application/json']
  const methods = source.methods ?? ['POST']

  async function receive(incoming: Incoming<R>): Promise<{ request: WebhookRequest; parsed: ParsedWebhook<E> }> {
    const { method, headers } = incoming
    if (!methods.includes(method))
      throw new WebhookRefusal(405, `webhooks are sent with ${methods.join(' or ')}`, { allow: methods.join(', ') })
    const called = urlOf(incoming.url())
    refuseStranger(secret, called, headers)
    if (method !== 'GET') refuseMedia(headers, contentTypes)
    if (Number(headers.get('content-length')) > limit) throw tooLarge(limit)
    const body = method === 'GET' ? new Uint8Array() : await readBody(incoming.body(), { limit, timeout, clock })
    const request = { method, url: publicUrlOf(called, incoming.request, options.publicUrl), headers, body }
    await source.verify?.(request, clock.now())
    const read = { ...request, url: withoutSecret(request.url, secret) }
    const parsed = source.parse(read)
    if (parsed.events.length === 0 && parsed.errors[0]) throw parsed.errors[0]
    return { request: read, parsed }
  }

  async function store({ events, errors }: ParsedWebhook<E>): Promise<void> {
    await sink.ingest(source.receipts(events))
    const suppressions = source.suppressions?.(events) ?? []
    if (suppressions.length > 0) await sink.suppress?.(suppressions)
    await source.remember?.(events)
    await options.onEvents?.(events, { errors })
  }

  async function report(error: unknown, status: number): Promise<void> {
    try {
      await onError(error, { provider: source.provider, status })
    } catch (failure) {
      printed(failure, { provider: source.provider, status: 500 })
    }
  }

  return async (incoming) => {
    let received = false
    try {
      const { request, parsed } = await receive(incoming)
      received = true
      await store(parsed)
      for (const error of parsed.errors) await report(error, 200)
      return answerOf(source, request, parsed.events)
    } catch (error) {
      // The host's own code runs in `store`: whatever it throws is worth another delivery.
      const answer = received ? sendAgain : refusalOf(error)
      await report(error, answer.status)
      return answer
    }
  }
}

function urlOf(url: string): URL {
  if (!URL.canParse(url)) throw new WebhookRefusal(400, 'the Host field and the path of the request make no URL')
  return new URL(url)
}

function publicUrlOf<R>(called: URL, request: R, publicUrl: WebhookOptions<unknown, R>['publicUrl']): URL {
  if (publicUrl === undefined) return called
  const url = new URL(typeof publicUrl === 'string' ? publicUrl : publicUrl(request))
  if (url.search === '') url.search = called.search
  return url
}

function refuseStranger(secret: SharedSecret | undefined, url: URL, headers: ReadonlyMap<string, string>): void {
  if (secret === undefined) return
  const given = secret.header === undefined ? url.searchParams.get(secret.query) : headers.get(secret.header.toLowerCase())
  if (!matchesSecret(given, secret.values)) {
    throw new WebhookRefusal(401, given == null ? 'the shared secret is missing' : 'the shared secret is wrong')
  }
}

/** Events may hold all that was in the query. */
function withoutSecret(url: URL, secret: SharedSecret | undefined): URL {
  if (secret?.query === undefined) return url
  const clean = new URL(url)
  clean.searchParams.delete(secret.query)
  return clean
}

function refuseMedia(headers: ReadonlyMap<string, string>, contentTypes: readonly string[]): void {
  // Parameters do not count: JSON is UTF-8 whatever `charset` says (RFC 8259, 8.1 and 11).
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!contentTypes.some((accepted) => matchesType(type, accepted.toLowerCase()))) {
    throw new WebhookRefusal(415, `Content-Type must be ${contentTypes.join(' or ')}`, { accept: contentTypes.join(', ') })
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() || 'identity'
  if (encoding !== 'identity')
    throw new WebhookRefusal(415, 'Content-Encoding must be identity', { 'accept-encoding': 'identity' })
}

/** `application/json` stands for every `+json` type too (RFC 6839, 3.1). */
function matchesType(type: string, accepted: string): boolean {
  return accepted === '*/*' || type === accepted || (accepted === 'application/json' && type.endsWith('+json'))
}

const sendAgain = answerWith(500, { error: 'the events were not taken; send them again' })

function refusalOf(error: unknown): Answer {
  if (error instanceof WebhookRefusal) return answerWith(error.status, { error: error.message }, error.headers)
  if (!isOmnicascadeError(error)) return sendAgain
  if (error.code === 'webhook-verification')
    return (error as WebhookVerificationError).sendAgain ? sendAgain : answerWith(401, { error: 'the signature does not verify' })
  if (error.code !== 'webhook-parse') return sendAgain
  const { message, path, line, column } = error as WebhookParseError
  return answerWith(400, { error: message, path, line, column })
}

function answerWith(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

function answerOf<E>({ answer = {} }: WebhookSource<E>, request: WebhookRequest, events: readonly E[]): Answer {
  const {
    status = 200,
    body = '',
    contentType = 'text/plain; charset=utf-8',
  } = typeof answer === 'function' ? answer(request, events) : answer
  return { status, headers: body === '' ? {} : { 'content-type': contentType }, body }
}

function printed(error: unknown, { provider, status }: { readonly provider: string; readonly status: number }): void {
  if (status >= 500) console.error(`omnicascade: a webhook of ${provider} was answered 500:`, error)
}
