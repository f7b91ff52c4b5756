import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import fastify, { type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { fastifyWebhook } from 'omnicascade/http/fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { acme, batch, call, deferred, memorySink, raw, routed, serve, signature } from './support.ts'

const quiet = { onError: () => {} }
const genuine = { body: batch, headers: { 'x-signature': 'genuine' } }

describe('beside the other routes of an app', () => {
  test('its own JSON parser keeps working, before and after, and so does that of a vendor beside it', async () => {
    const source = acme(signature)
    const app = fastify()
    app.post('/before', async ({ body }) => body)
    app.register(fastifyWebhook(memorySink(), source), { prefix: '/hooks' })
    app.register(fastifyWebhook(memorySink(), acme({ answer: { body: 'other' } })), { prefix: '/hooks/other' })
    app.post('/after', async ({ body }) => body)
    const port = await serve(await routed(app))
    const body = '[ {"id":"\u010d","status":"delivered"} ]'
    expect((await call(port, { ...genuine, body })).status).toBe(200)
    expect(Buffer.from(source.seen[0]?.body ?? []).toString()).toBe(body)
    expect((await call(port, { path: '/hooks/other', body })).text).toBe('other')
    for (const path of ['/before', '/after']) expect((await call(port, { path, body: '{"a":1}' })).json()).toEqual({ a: 1 })
    expect((await call(port, { path: '/after', headers: { 'content-type': 'text/csv' }, body: 'a' })).status).toBe(415)
  })

  test('a parser of the app for any type does not get the webhook', async () => {
    const app = fastify()
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(new Error('not for you')))
    app.register(fastifyWebhook(memorySink(), acme()), { prefix: '/hooks' })
    expect((await call(await serve(await routed(app)), { body: batch })).status).toBe(200)
  })

  test('a smaller bodyLimit of the app does not cut a webhook short: its own limit holds', async () => {
    const app = fastify({ bodyLimit: 10 })
    app.register(fastifyWebhook(memorySink(), acme(), { limit: 1000, ...quiet }), { prefix: '/hooks' })
    const port = await serve(await routed(app))
    expect((await call(port, { body: batch })).status).toBe(200)
    expect((await raw(port, ['Content-Length: 1001'], '').answer).toLowerCase()).toContain('connection: close')
  })

  test('the app’s error handler hears nothing, its hooks see the request and the answer', async () => {
    const seen: unknown[] = []
    const app = fastify()
    app.setErrorHandler((error) => void seen.push(error))
    app.addHook('onSend', async (_request, reply) => void seen.push(reply.statusCode))
    app.register(fastifyWebhook(memorySink(), acme(), { publicUrl: () => 'not absolute', ...quiet }), { prefix: '/hooks' })
    expect((await call(await serve(await routed(app)), { body: batch })).status).toBe(500)
    expect(seen).toEqual([500])
  })

  test('an answer that something of the host has already given is left alone', async () => {
    const given = deferred()
    const sink = memorySink()
    const app = fastify()
    app.addHook('preHandler', async (_request, reply) => {
      const { ingest } = sink
      sink.ingest = async (receipts) => {
        reply.code(503).send('late')
        given.resolve()
        return ingest(receipts)
      }
    })
    app.register(fastifyWebhook(sink, acme({ answer: { body: 'taken' } }), quiet), { prefix: '/hooks' })
    const answer = await call(await serve(await routed(app)), { body: batch })
    await given.promise
    expect([answer.status, answer.text, sink.stored.length]).toEqual([503, 'late', 2])
  })
})

describe('a preParsing hook of the app', () => {
  async function statusBehind(hook: (payload: Readable) => Promise<Readable | undefined>) {
    const app = fastify()
    app.addHook('preParsing', async (_request, _reply, payload) => hook(payload as Readable) as Promise<never>)
    app.register(fastifyWebhook(memorySink(), acme(), quiet), { prefix: '/hooks' })
    return call(await serve(await routed(app)), { body: batch })
  }

  test('that takes the body away leads to a 500 that names the cause', async () => {
    const answer = await statusBehind(async (payload) => {
      for await (const _ of payload);
      return undefined
    })
    expect([answer.status, answer.json()]).toEqual([500, { error: expect.stringMatching(/already read: a preParsing hook/) }])
  })

  test('that hands on another stream is heard', async () => {
    const answer = await statusBehind(async (payload) => {
      const parts: Buffer[] = []
      for await (const part of payload) parts.push(part as Buffer)
      return Readable.from(parts)
    })
    expect(answer.status).toBe(200)
  })
})

describe('behind a proxy', () => {
  async function urlSeen(options: FastifyServerOptions, publicUrl?: (request: FastifyRequest) => string) {
    const source = acme()
    const app = fastify(options)
    app.register(fastifyWebhook(memorySink(), source, publicUrl && { publicUrl }), { prefix: '/api/hooks' })
    const headers = { host: 'inner:3000', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.org:8443' }
    await call(await serve(await routed(app)), { path: '/api/hooks?a=1', body: batch, headers })
    return source.seen[0]?.url.href
  }

  test('X-Forwarded-Proto and -Host count where `trustProxy` says so, and are ignored where it does not', async () => {
    expect(await urlSeen({ trustProxy: true })).toBe('https://api.example.org:8443/api/hooks?a=1')
    expect(await urlSeen({})).toBe('http://inner:3000/api/hooks?a=1')
  })

  test('the host may build the public URL from the request', async () => {
    expect(await urlSeen({}, ({ originalUrl }) => `https://public.example.org/v1${originalUrl}`)).toBe(
      'https://public.example.org/v1/api/hooks?a=1',
    )
  })

  test('a request whose Host and path make no URL is refused', async () => {
    const app = fastify().register(fastifyWebhook(memorySink(), acme(), quiet), { prefix: '/hooks' })
    expect((await call(await serve(await routed(app)), { body: batch, headers: { host: 'a b' } })).status).toBe(400)
  })
})

test('app.inject() reaches it, for tests without a socket', async () => {
  const sink = memorySink()
  const app = fastify().register(fastifyWebhook(sink, acme()), { prefix: '/hooks' })
  const answer = await app.inject({
    method: 'POST',
    url: '/hooks',
    headers: { 'content-type': 'application/json' },
    payload: batch,
  })
  expect([answer.statusCode, sink.stored.length]).toEqual([200, 2])
  expect((await app.inject({ method: 'POST', url: '/hooks/', payload: JSON.parse(batch) as object })).statusCode).toBe(200)
})

test('over HTTP/2 it is the same, without the field that HTTP/2 does not know', async () => {
  const source = acme()
  const app = fastify({ http2: true })
  app.register(fastifyWebhook(memorySink(), source, { limit: 100, ...quiet }), { prefix: '/hooks' })
  onTestFinished(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const client = connect(url)
  onTestFinished(() => client.destroy())
  const answerTo = async (body: string) => {
    const stream = client.request({ ':method': 'POST', ':path': '/hooks', 'content-type': 'application/json' })
    stream.resume().end(body)
    const [fields] = (await once(stream, 'response')) as [Record<string, unknown>]
    return [fields[':status'], fields.connection]
  }
  expect(await answerTo(batch)).toEqual([200, undefined])
  expect(await answerTo('x'.repeat(101))).toEqual([413, undefined])
  expect(source.seen[0]?.url.href).toBe(`${url}/hooks`)
})

test('the adapter loads nothing of Fastify', () => {
  for (const file of ['fastify', 'message']) {
    const code = readFileSync(new URL(`../../src/http/${file}.ts`, import.meta.url), 'utf8')
    expect(code.match(/^import (?!type).*$/gm)?.filter((line) => !/from '\.\.?\//.test(line)) ?? []).toEqual([])
  }
})
