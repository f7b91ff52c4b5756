import express, { type Request, type RequestHandler, type Response } from 'express'
import { expressWebhook } from 'omnicascade/http/express'
import { fetchWebhook } from 'omnicascade/http/fetch'
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
