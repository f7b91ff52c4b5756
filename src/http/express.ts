import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { type Answer, createHandle, type Incoming } from './handle.ts'
import type { WebhookOptions } from './options.ts'
import { WebhookRefusal } from './refusal.ts'

export type { SharedSecret, WebhookOptions } from './options.ts'

/** What is used of a request: Express 4 and 5 fit, and so does a bare `node:http` server. */
export interface ExpressRequest extends IncomingMessage {
  readonly body?: unknown
  /** The bytes, where a body parser's `verify` has kept them. */
  readonly rawBody?: unknown
  readonly originalUrl?: string
  readonly protocol?: string
  readonly hostname?: string | undefined
}

/**
 * A handler for an existing Express app (5 or 4) that ingests a vendor's webhooks into `sink`. It needs the raw body, and answers
 * 500 naming the cause if a body parser has eaten it. Always answers itself, never calls `next`, never rejects.
 * Throws `RequestError` for options that cannot work.
 */
export function expressWebhook<E>(
  sink: ReceiptSink,
  source: WebhookSource<E>,
  options: WebhookOptions<NoInfer<E>, ExpressRequest> = {},
): (request: ExpressRequest, response: ServerResponse) => Promise<void> {
  const handle = createHandle('expressWebhook', sink, source, options)
  return async (request, response) => write(request, response, await handle(incomingOf(request)))
}

function incomingOf(request: ExpressRequest): Incoming<ExpressRequest> {
  return {
    request,
    method: request.method ?? '',
    url: () => urlOf(request),
    headers: new Map(Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')])),
    body: () => bodyOf(request),
  }
}

function urlOf(request: ExpressRequest): string {
  const protocol = request.protocol ?? ('encrypted' in request.socket ? 'https' : 'http')
  const path = request.originalUrl ?? request.url ?? ''
  // RFC 9112, 3.2.2: a request line may hold a whole URL; glued to a host it would make another one.
  return path.startsWith('/') ? `${protocol}://${hostOf(request)}${path}` : ''
}

/** Express decides by its `trust proxy` whether X-Forwarded-Host counts, but Express 4 then drops the port: it is taken from the field. */
function hostOf({ headers, hostname }: ExpressRequest): string {
  const host = headers.host ?? 'localhost'
  if (hostname === undefined || hasName(host, hostname)) return host
  const forwarded = [headers['x-forwarded-host']].flat()[0]?.split(',')[0]?.trim() ?? ''
  return hasName(forwarded, hostname) ? forwarded : hostname
}

function hasName(host: string, hostname: string): boolean {
  return host === hostname || host.startsWith(`${hostname}:`)
}

function bodyOf(request: ExpressRequest): AsyncIterator<Uint8Array> {
  const { rawBody, body } = request
  if (rawBody instanceof Uint8Array) return once(rawBody)
  if (body instanceof Uint8Array) return once(body)
  if (typeof body === 'string') return once(new TextEncoder().encode(body))
  if (request.readableDidRead || request.readableEnded) {
    throw new WebhookRefusal(
      500,
      'the body was already read: a body parser such as express.json() ran before this handler. Mount the webhook before it, or keep ' +
        'the raw body in that parser (express.json, express.urlencoded): { verify: (req, _res, buf) => { req.rawBody = buf } }',
    )
  }
  return request[Symbol.asyncIterator]()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function write(request: ExpressRequest, response: ServerResponse, { status, headers, body }: Answer): void {
  // Something of the host's, a time-out say, has answered already.
  if (response.headersSent) return
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // What is left of the body is not waited for (RFC 9110, 15.5.9 and 15.5.14); HTTP/2 has no such field.
  if ((status === 408 || status === 413) && request.httpVersionMajor < 2) response.setHeader('connection', 'close')
  response.end(body)
}
