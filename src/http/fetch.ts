import type { ReceiptSink } from '../contract/receipt.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { createHandle } from './handle.ts'
import type { WebhookOptions } from './options.ts'
import { WebhookRefusal } from './refusal.ts'

export type { SharedSecret, WebhookOptions } from './options.ts'

/**
 * A handler for any Web-standard runtime (Hono, Next, Bun, Deno, Workers) that ingests a vendor's webhooks into `sink`. It needs
 * the body unread, and answers 500 naming the cause if it is not. Never rejects. Throws `RequestError` for options that cannot work.
 */
export function fetchWebhook<E>(
  sink: ReceiptSink,
  source: WebhookSource<E>,
  options: WebhookOptions<NoInfer<E>, Request> = {},
): (request: Request) => Promise<Response> {
  const handle = createHandle('fetchWebhook', sink, source, options)
  return async (request) => {
    const { status, headers, body } = await handle({
      request,
      method: request.method,
      url: () => request.url,
      headers: new Map(request.headers),
      body: () => bodyOf(request),
    })
    return new Response(body || null, { status, headers })
  }
}

function bodyOf(request: Request): AsyncIterator<Uint8Array> {
  if (request.bodyUsed || request.body?.locked) {
    throw new WebhookRefusal(
      500,
      'the body was already read, by request.json() or a middleware that calls it, before this handler. Pass the request on unread, ' +
        'or read a request.clone() instead',
    )
  }
  return chunksOf(request.body)
}

// Not `for await` over the stream: not every runtime's ReadableStream is async iterable. A body given up half-way is left to
// the runtime: cancelling Node's `Readable.toWeb(request)`, which adapters use, makes it throw where nobody can catch it.
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  for (;;) {
    const next = await reader?.read()
    if (next === undefined || next.done) return
    yield next.value
  }
}
