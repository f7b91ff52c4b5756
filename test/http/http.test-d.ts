import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import express, { type Request, type RequestHandler, type Response } from 'express'
import fastify from 'fastify'
import { expressWebhook } from 'omnicascade/http/express'
import { fastifyWebhook } from 'omnicascade/http/fastify'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { OmnicascadeModule } from 'omnicascade/http/nest'
import { nodeWebhook } from 'omnicascade/http/node'
import { type SendiosEvent, sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { pino } from 'pino'
import { expectTypeOf, test } from 'vitest'
import { type AcmeEvent, acme, memorySink } from './support.ts'

test('an Express handler fits where Express takes one', () => {
  expressWebhook(memorySink(), acme()) satisfies RequestHandler
  expectTypeOf(expressWebhook(memorySink(), acme())).toBeCallableWith({} as Request, {} as Response)
  express().all('/hooks/:tenant', expressWebhook(memorySink(), acme()))
})

test('a fetch handler takes a Request alone', () => {
  expectTypeOf(fetchWebhook(memorySink(), acme())).toEqualTypeOf<(request: globalThis.Request) => Promise<globalThis.Response>>()
})

test('the hook of the app gets the events of its source', () => {
  expressWebhook(memorySink(), acme(), { onEvents: (events) => expectTypeOf(events).toEqualTypeOf<readonly AcmeEvent[]>() })
  fetchWebhook(memorySink(), acme(), { publicUrl: (request) => request.url })
  // @ts-expect-error: a secret is asked for in one place
  fetchWebhook(memorySink(), acme(), { secret: { header: 'a', query: 'b', values: ['c'] } })
})

test('a Fastify plugin fits where Fastify takes one, whatever the server', () => {
  fastify().register(fastifyWebhook(memorySink(), acme()), { prefix: '/hooks' })
  fastify({ http2: true }).register(fastifyWebhook(memorySink(), acme()), { prefix: '/hooks' })
  fastify({ loggerInstance: pino() }).register(fastifyWebhook(memorySink(), acme()), { prefix: '/hooks' })
  fastifyWebhook(memorySink(), acme(), { publicUrl: ({ originalUrl }) => originalUrl })
})

test('a handler of Node fits both of its servers', () => {
  createServer(nodeWebhook(memorySink(), acme()))
  createHttp2Server(nodeWebhook(memorySink(), acme()))
})

test('each webhook of a Nest module has the events of its own source', () => {
  const notifier = { ...memorySink(), close: async () => {} }
  OmnicascadeModule.forRoot({
    notifier,
    webhooks: [
      { path: 'a', source: acme(), onEvents: (events) => expectTypeOf(events).toEqualTypeOf<readonly AcmeEvent[]>() },
      {
        path: 'b',
        source: sendiosWebhook(),
        onEvents: (events) => expectTypeOf(events).toEqualTypeOf<readonly SendiosEvent[]>(),
      },
    ],
  })
  OmnicascadeModule.forRootAsync({
    inject: ['secret'],
    useFactory: (secret: string) => ({
      notifier,
      webhooks: [{ path: 'a', source: acme(), secret: { query: 'token', values: [secret] } }],
    }),
  })
  // @ts-expect-error: a notifier is what it is for
  OmnicascadeModule.forRoot({ webhooks: [] })
  // @ts-expect-error: of another vendor
  OmnicascadeModule.forRoot({ notifier, webhooks: [{ path: 'a', source: acme(), onEvents: (_: readonly SendiosEvent[]) => {} }] })
})
