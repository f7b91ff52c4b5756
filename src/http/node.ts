import type { ReceiptSink } from '../contract/receipt.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { createHandle } from './handle.ts'
import { absoluteUrl, fieldsOf, hostOf, type NodeRequest, type NodeResponse, protocolOf, unread, write } from './message.ts'
import type { WebhookOptions } from './options.ts'

export type { NodeRequest, NodeResponse } from './message.ts'
export type { SharedSecret, WebhookOptions } from './options.ts'

const advice = 'something ran before this handler and took it. Call the handler first, and read the events in `onEvents`'

/**
 * A handler for a server of `node:http`, `node:https` or `node:http2` that ingests a vendor's webhooks into `sink`, for the paths that the
 * app gives to it. It needs the body unread, and answers 500 naming the cause if it is not. Always answers itself, never rejects.
 * Throws `RequestError` for options that cannot work.
 */
export function nodeWebhook<E>(
  sink: ReceiptSink,
  source: WebhookSource<E>,
  options: WebhookOptions<NoInfer<E>, NodeRequest> = {},
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  const handle = createHandle('nodeWebhook', sink, source, options)
  return async (request, response) => {
    const answer = await handle({
      request,
      method: request.method ?? '',
      url: () => absoluteUrl(protocolOf(request), hostOf(request), request.url),
      headers: fieldsOf(request.headers),
      body: () => unread(request, advice),
    })
    write(request, response, answer)
  }
}
