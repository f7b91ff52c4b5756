import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { createHandle } from './handle.ts'
import { absoluteUrl, answerFields, fieldsOf, unread } from './message.ts'
import type { WebhookOptions } from './options.ts'

export type { SharedSecret, WebhookOptions } from './options.ts'

const advice =
  'a preParsing hook took it before this handler. Let that hook pass webhooks by, or hand on a stream that holds the same bytes'

/**
 * A plugin for a Fastify app (5) that ingests a vendor's webhooks into `sink`; `prefix` of `register` is their path. It reads the raw body
 * in a context of its own, and leaves the parsers of the app's other routes as they are. Always answers itself, never throws to the app's error
 * handler. Throws `RequestError` for options that cannot work.
 */
export function fastifyWebhook<E>(
  sink: ReceiptSink,
  source: WebhookSource<E>,
  options: WebhookOptions<NoInfer<E>, FastifyRequest> = {},
): (app: FastifyInstance) => Promise<void> {
  const handle = createHandle('fastifyWebhook', sink, source, options)
  return async (app) => {
    app.removeAllContentTypeParsers()
    // The stream as it is: a parser that reads would answer by its own limits, and before the secret is looked at.
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.all('/', async (request, reply) => {
      const answer = await handle({
        request,
        method: request.method,
        url: () => absoluteUrl(request.protocol, request.host, request.originalUrl),
        headers: fieldsOf(request.headers),
        body: () => unread((request.body as typeof request.raw | undefined) ?? request.raw, advice),
      })
      if (reply.sent) return reply
      reply.code(answer.status).headers(answerFields(answer, request.raw))
      // As bytes: to the type of a text Fastify would add its charset.
      return reply.send(answer.body === '' ? undefined : Buffer.from(answer.body))
    })
  }
}
