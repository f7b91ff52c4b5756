import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { createHandle } from './handle.ts'
import { absoluteUrl, hostOf as clientsHostOf, fieldsOf, protocolOf, unread, write } from './message.ts'
import type { WebhookOptions } from './options.ts'

export type { SharedSecret, WebhookOptions } from './options.ts'

/** What is used of a request: Express 4 and 5 fit. */
export interface ExpressRequest extends IncomingMessage {
  readonly body?: unknown
  /** The bytes, where a body parser's `verify` has kept them. */
  readonly rawBody?: unknown
  readonly originalUrl?: string
  readonly protocol?: string
  readonly hostname?: string | undefined
}

const advice =
  'a body parser such as express.json() ran before this handler. Mount the webhook before it, or keep ' +
  'the raw body in that parser (express.json, express.urlencoded): { verify: (req, _res, buf) => { req.rawBody = buf } }'

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
  return async (request, response) => {
    const answer = await handle({
      request,
      method: request.method ?? '',
      url: () => absoluteUrl(request.protocol ?? protocolOf(request), hostOf(request), request.originalUrl ?? request.url),
      headers: fieldsOf(request.headers),
      body: () => bodyOf(request),
    })
    write(request, response, answer)
  }
}

/** Express decides by its `trust proxy` whether X-Forwarded-Host counts, but Express 4 then drops the port: it is taken from the field. */
function hostOf(request: ExpressRequest): string {
  const { headers, hostname } = request
  const host = clientsHostOf(request)
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
  return unread(request, advice)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
