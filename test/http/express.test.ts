import type { RequestListener } from 'node:http'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressWebhook } from 'omnicascade/http/express'
import { describe, expect, test } from 'vitest'
import { acme, batch, call, deferred, express4, memorySink, raw, serve, signature } from './support.ts'

const rawBody = (request: object, _response: unknown, bytes: Buffer) => void Object.assign(request, { rawBody: bytes })
const quiet = { onError: () => {} }

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('on %s, behind body parsers', (_, framework) => {
  async function behind(...parsers: RequestHandler[]) {
    const source = acme(signature)
    const errors: unknown[] = []
    const onError = (error: unknown, { status }: { readonly status: number }) => void errors.push([status, error])
    const app = framework()
    for (const parser of parsers) app.use(parser)
    app.post('/hooks', expressWebhook(memorySink(), source, { onError }))
    return { port: await serve(app), source, errors }
  }
  const genuine = { body: batch, headers: { 'x-signature': 'genuine' } }

  test('a body that express.json() has eaten is a 500 that names the cause and the cure', async () => {
    const { port, source, errors } = await behind(framework.json())
    const answer = await call(port, genuine)
    expect(answer.status).toBe(500)
    expect(answer.json()).toEqual({
      error: expect.stringMatching(/express\.json\(\) ran before this handler.*verify:.*rawBody = buf/),
    })
    expect(errors).toEqual([[500, expect.objectContaining({ code: 'webhook-refused' })]])
    expect(source.seen).toEqual([])
  })

  test('so is one that a middleware has drained without keeping it', async () => {
    const { port } = await behind((request, _response, next) => void request.resume().on('end', next))
    expect((await call(port, genuine)).status).toBe(500)
  })

  test('so is one that a middleware has begun to read', async () => {
    const { port } = await behind((request, _response, next) => {
      request.once('data', () => {
        request.pause()
        next()
      })
    })
    expect((await call(port, genuine)).status).toBe(500)
  })

  test('an empty body that express.json() has seen is one too', async () => {
    const { port } = await behind(framework.json())
    expect((await call(port, { ...genuine, headers: { ...genuine.headers, 'content-length': '0' }, body: '' })).status).toBe(500)
  })

  test('a parser for another type leaves the body alone', async () => {
    const { port, source } = await behind(
      framework.urlencoded({ extended: false }),
      framework.raw({ type: 'image/png' }),
      framework.text(),
    )
    expect((await call(port, genuine)).status).toBe(200)
    expect(Buffer.from(source.seen[0]?.body ?? []).toString()).toBe(batch)
  })

  test.each([
    ['express.json() with a verify that keeps the bytes', framework.json({ verify: rawBody })],
    ['express.raw()', framework.raw({ type: '*/*' })],
    ['express.text()', framework.text({ type: '*/*' })],
  ])('%s is enough', async (_name, parser) => {
    const { port, source } = await behind(parser)
    const body = '[{"id":"\u010d","status":"delivered"} ]'
    expect((await call(port, { ...genuine, body })).status).toBe(200)
    expect(Buffer.from(source.seen[0]?.body ?? []).toString()).toBe(body)
  })

  test('the limit holds for bytes that a parser has kept', async () => {
    const app = framework()
      .use(framework.raw({ type: '*/*' }))
      .post('/hooks', expressWebhook(memorySink(), acme(), { limit: 10, ...quiet }))
    const { answer } = raw(await serve(app), ['Transfer-Encoding: chunked'], '0b\r\n[         ]\r\n0\r\n\r\n')
    expect(await answer).toContain(' 413 ')
  })

  test('an app whose express.json() comes after the webhook keeps both', async () => {
    const app = framework().post('/hooks', expressWebhook(memorySink(), acme()))
    app.use(framework.json()).post('/orders', (request, response) => void response.json(request.body))
    const port = await serve(app)
    expect((await call(port, { body: batch })).status).toBe(200)
    expect((await call(port, { path: '/orders', body: '{"a":1}' })).json()).toEqual({ a: 1 })
  })
})

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('on %s, behind a proxy', (_, framework) => {
  async function urlSeen(
    trust: boolean,
    headers: Record<string, string>,
    publicUrl?: (request: { originalUrl?: string }) => string,
  ) {
    const source = acme()
    const app = framework().set('trust proxy', trust)
    app.use('/api', framework.Router().post('/hooks', expressWebhook(memorySink(), source, publicUrl && { publicUrl })))
    await call(await serve(app), { path: '/api/hooks?a=1', body: batch, headers })
    return source.seen[0]?.url.href
  }
  const forwarded = { host: 'inner:3000', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.org:8443' }

  test('X-Forwarded-Proto and -Host count where `trust proxy` says so, the port included', async () => {
    expect(await urlSeen(true, forwarded)).toBe('https://api.example.org:8443/api/hooks?a=1')
    expect(await urlSeen(true, { ...forwarded, 'x-forwarded-host': 'api.example.org, middle' })).toBe(
      'https://api.example.org/api/hooks?a=1',
    )
  })

  test('and are ignored where it does not', async () => {
    expect(await urlSeen(false, forwarded)).toBe('http://inner:3000/api/hooks?a=1')
    expect(await urlSeen(false, { ...forwarded, 'x-forwarded-host': 'inner:9999' })).toBe('http://inner:3000/api/hooks?a=1')
  })

  test('an IPv6 host keeps its brackets and port', async () => {
    expect(await urlSeen(false, { host: '[::1]:3000' })).toBe('http://[::1]:3000/api/hooks?a=1')
  })

  test('the host may build the public URL from the request', async () => {
    const url = await urlSeen(false, forwarded, ({ originalUrl }) => `https://public.example.org/v1${originalUrl}`)
    expect(url).toBe('https://public.example.org/v1/api/hooks?a=1')
  })
})

describe('an Express handler', () => {
  test('refuses a request whose Host and path make no URL', async () => {
    const port = await serve(expressWebhook(memorySink(), acme(), quiet))
    expect((await call(port, { body: batch, headers: { host: 'a b' } })).status).toBe(400)
    expect(
      (await call(port, { body: batch, path: 'http://elsewhere.example/hooks', headers: { host: 'localhost' } })).status,
    ).toBe(400)
  })

  test('closes the connection of a body that it does not read to its end, and no other', async () => {
    const port = await serve(expressWebhook(memorySink(), acme(), { limit: 10, ...quiet }))
    const tooLong = raw(port, ['Content-Length: 11'], '')
    expect((await tooLong.answer).toLowerCase()).toContain('connection: close')
    const taken = raw(port, ['Content-Length: 2'], '[]')
    expect((await taken.answer).toLowerCase()).toContain('connection: keep-alive')
  })

  test('leaves an answer alone that something of the host has already given', async () => {
    const ingesting = deferred()
    const stored = deferred()
    const sink = memorySink()
    const ingest = sink.ingest
    sink.ingest = async (receipts) => {
      ingesting.resolve()
      await stored.promise
      return ingest(receipts)
    }
    const handler = expressWebhook(sink, acme({ answer: { body: 'taken' } }), quiet)
    const handled = deferred()
    const listener: RequestListener = async (request, response) => {
      void ingesting.promise.then(() => response.writeHead(503).end())
      await handler(request, response)
      handled.resolve()
    }
    const answer = await call(await serve(listener), { body: batch })
    stored.resolve()
    await handled.promise
    expect([answer.status, sink.stored.length]).toEqual([503, 2])
  })

  test('never hands an error to the error handlers of the app', async () => {
    const seen: unknown[] = []
    const handler: ErrorRequestHandler = (error, _request, _response, next) => {
      seen.push(error)
      next(error)
    }
    const app = express()
      .use(expressWebhook(memorySink(), acme(), { publicUrl: () => 'not absolute', ...quiet }))
      .use(handler)
    expect((await call(await serve(app), { body: batch })).status).toBe(500)
    expect(seen).toEqual([])
  })
})
