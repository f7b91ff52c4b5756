import { gzipSync } from 'node:zlib'
import { WebhookParseError } from 'omnicascade'
import { describe, expect, test, vi } from 'vitest'
import {
  type AcmeEvent,
  type AcmeOptions,
  acme,
  batch,
  call,
  deferred,
  manualClock,
  memorySink,
  mounts,
  raw,
  serve,
  signature,
} from './support.ts'

describe.each(mounts)('a webhook on %s', (_, mount) => {
  const errors: unknown[] = []
  async function start(options: AcmeOptions = {}, source = acme(), sink = memorySink()) {
    errors.length = 0
    const onError = (error: unknown, { status }: { readonly status: number }) => void errors.push([status, error])
    return { port: await serve(await mount(sink, source, { onError, ...options })), source, sink }
  }

  describe('that is taken', () => {
    test('is answered an empty 200 once its receipts are stored', async () => {
      const { port, sink } = await start()
      const answer = await call(port, { body: batch })
      expect([answer.status, answer.text]).toEqual([200, ''])
      expect(sink.stored.map(({ keys, status }) => [keys, status])).toEqual([
        [['m1'], 'delivered'],
        [['m2'], 'failed'],
      ])
      expect(errors).toEqual([])
    })

    test('is answered what the vendor wants to hear', async () => {
      const { port } = await start({}, acme({ answer: { status: 202, body: '<ok/>', contentType: 'text/xml' } }))
      const answer = await call(port, { body: batch })
      expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([202, '<ok/>', 'text/xml'])
    })

    test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.acme+json;v=1'])(
      'may be of type %s',
      async (type) => {
        const { port } = await start()
        expect((await call(port, { body: batch, headers: { 'content-type': type } })).status).toBe(200)
      },
    )

    test('may be of the types its source names, or those the host names instead', async () => {
      const source = acme({ contentTypes: ['application/x-www-form-urlencoded'] })
      const form = { body: batch, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
      expect((await call((await start({}, source)).port, form)).status).toBe(200)
      const { port } = await start({ contentTypes: ['text/plain'] }, source)
      expect((await call(port, form)).status).toBe(415)
      expect((await call(port, { body: batch, headers: { 'content-type': 'text/plain' } })).status).toBe(200)
      const anything = await start({ contentTypes: ['*/*'] })
      expect((await call(anything.port, { body: batch, headers: { 'content-type': undefined } })).status).toBe(200)
    })

    test('reaches the source byte by byte, with its URL and lower-case headers', async () => {
      const { port, source } = await start()
      const body = Buffer.from('[ {"id":"\u010d\u{1f600}","status":"delivered","n":9007199254740993}\r\n]')
      await call(port, { body, path: '/hooks?a=1&b=%20', headers: { 'X-Acme': 'Yes' } })
      const [request] = source.seen
      expect(Buffer.from(request?.body ?? []).equals(body)).toBe(true)
      expect(request?.headers.get('x-acme')).toBe('Yes')
      expect(request?.method).toBe('POST')
      expect(request?.url.href).toBe(`http://127.0.0.1:${port}/hooks?a=1&b=%20`)
    })

    test('may come twice', async () => {
      const { port, sink } = await start()
      const answers = [await call(port, { body: batch }), await call(port, { body: batch })]
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect([sink.stored.length, sink.duplicates]).toEqual([2, 2])
    })

    test('keeps its good events when some are bad, and tells of the bad ones', async () => {
      const heard: unknown[] = []
      const onEvents: AcmeOptions['onEvents'] = (events, context) => void heard.push([events, context.errors])
      const { port, sink } = await start({ onEvents })
      const answer = await call(port, { body: '[{"id":"m1","status":"delivered"},{"no":"id"}]' })
      expect(answer.status).toBe(200)
      expect(sink.stored.map(({ keys }) => keys)).toEqual([['m1']])
      const bad = expect.objectContaining({ name: 'WebhookParseError', path: '1.id' })
      expect(heard).toEqual([[[{ id: 'm1', status: 'delivered' }], [bad]]])
      expect(errors).toEqual([[200, bad]])
    })

    test('may be empty', async () => {
      const { port } = await start()
      expect((await call(port, { body: '[]' })).status).toBe(200)
    })

    test('may be as long as the limit', async () => {
      const { port } = await start({ limit: batch.length })
      expect((await call(port, { body: batch })).status).toBe(200)
    })
  })

  describe('that is refused', () => {
    test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('because its method is %s', async (method) => {
      const { port, sink } = await start()
      const answer = await call(port, { method })
      expect([answer.status, answer.headers.allow, sink.stored]).toEqual([405, 'POST', []])
    })

    test.each([undefined, 'text/plain', 'application/jsonp', 'application/x-www-form-urlencoded'])(
      'because its type is %s',
      async (type) => {
        const { port } = await start()
        const answer = await call(port, { body: batch, headers: { 'content-type': type } })
        expect([answer.status, answer.headers.accept]).toEqual([415, 'application/json'])
        expect(answer.json()).toEqual({ error: 'Content-Type must be application/json' })
        expect(errors).toEqual([[415, expect.objectContaining({ code: 'webhook-refused' })]])
      },
    )

    test('because it is compressed', async () => {
      const { port } = await start()
      const answer = await call(port, { body: gzipSync(batch), headers: { 'content-encoding': 'gzip' } })
      expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'identity'])
      expect((await call(port, { body: batch, headers: { 'content-encoding': 'identity' } })).status).toBe(200)
    })

    test('because it says that it is too long, before it is read', async () => {
      const { port } = await start({ limit: 100 })
      const { answer } = raw(port, ['Content-Length: 101'], '')
      expect(await answer).toContain(' 413 ')
      expect(await answer).toContain('{"error":"the body is longer than 100 bytes"}')
    })

    test('because it turns out too long, before it has ended', async () => {
      const { port, source } = await start({ limit: 100 })
      const { answer } = raw(port, ['Transfer-Encoding: chunked'], `40\r\n${'x'.repeat(64)}\r\n40\r\n${'x'.repeat(64)}\r\n`)
      expect(await answer).toContain(' 413 ')
      expect(source.seen).toEqual([])
    })

    test('because the default limit of 256 KiB is passed', async () => {
      const { port } = await start()
      expect(await raw(port, ['Content-Length: 262145'], '').answer).toContain(' 413 ')
      expect((await call(port, { body: `[${' '.repeat(262_142)}]` })).status).toBe(200)
    })

    test('because it stalls', async () => {
      const { clock, timers, timing, fire } = manualClock()
      const { port, sink } = await start({ clock, timeout: 1500 })
      const { answer } = raw(port, [`Content-Length: ${batch.length}`], batch.slice(0, 10))
      await timing
      expect([...timers.values()]).toEqual([1500])
      fire()
      expect(await answer).toContain(' 408 ')
      expect([sink.stored, timers.size]).toEqual([[], 0])
    })

    test('because its sender goes away', async () => {
      const reported = deferred<unknown>()
      const { timing, clock, timers } = manualClock()
      const { port, sink } = await start({ clock, onError: (error, { status }) => reported.resolve([status, error]) })
      const { socket } = raw(port, [`Content-Length: ${batch.length}`], batch.slice(0, 10))
      await timing
      socket.destroy()
      expect(await reported.promise).toEqual([
        400,
        expect.objectContaining({ message: 'the connection ended before the body did' }),
      ])
      expect([sink.stored, timers.size]).toEqual([[], 0])
    })

    test('because it is not JSON: the answer says where and echoes nothing', async () => {
      const { port } = await start()
      const answer = await call(port, { body: '[tajemstv\u00ed' })
      expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/json'])
      expect(answer.json()).toEqual({ error: 'acme webhook at line 1, column 2: is not JSON', path: '', line: 1, column: 2 })
    })

    test('because none of its events can be read', async () => {
      const onEvents = vi.fn()
      const { port } = await start({ onEvents })
      const answer = await call(port, { body: '[{"no":"secret"}]' })
      expect([answer.status, answer.json()]).toEqual([400, { error: 'acme webhook at 0.id: has no id', path: '0.id' }])
      expect(onEvents).not.toHaveBeenCalled()
    })

    test('because it has no body', async () => {
      const { port } = await start()
      expect((await call(port)).status).toBe(400)
    })

    test('because its signature is wrong: the answer does not say how', async () => {
      const { port, source } = await start({}, acme(signature))
      const answer = await call(port, { body: batch, headers: { 'x-signature': 'forged' } })
      expect([answer.status, answer.json()]).toEqual([401, { error: 'the signature does not verify' }])
      expect(source.seen).toEqual([])
      expect(errors).toEqual([[401, expect.objectContaining({ name: 'WebhookVerificationError' })]])
      expect((await call(port, { body: batch, headers: { 'x-signature': 'genuine' } })).status).toBe(200)
    })
  })

  describe('with a shared secret', () => {
    test.each([
      ['the old one', 'old', 200],
      ['the new one', 'new', 200],
      ['another', 'other', 401],
      ['a longer one', 'newer', 401],
      ['a part of one', 'ne', 401],
      ['an empty one', '', 401],
      ['none', undefined, 401],
    ])('in a header takes or refuses %s', async (_name, given, status) => {
      const { port, sink } = await start({ secret: { header: 'X-Hook-Secret', values: ['old', 'new'] } })
      const answer = await call(port, { body: batch, headers: { 'x-hook-secret': given } })
      expect([answer.status, sink.stored.length]).toEqual([status, status === 200 ? 2 : 0])
    })

    test.each([
      ['?token=n%26w', 200],
      ['?a=1&token=old', 200],
      ['?token=other', 401],
      ['?token=', 401],
      ['?Token=old', 401],
      ['', 401],
    ])('in the URL answers %s with %i', async (query, status) => {
      const { port } = await start({ secret: { query: 'token', values: ['old', 'n&w'] } })
      expect((await call(port, { body: batch, path: `/hooks${query}` })).status).toBe(status)
    })

    test('refuses a stranger before reading the body, and says nothing of the secret to anyone', async () => {
      const { port } = await start({ secret: { header: 'x-hook-secret', values: ['swordfish'] } })
      const { answer } = raw(port, ['Content-Length: 1000', 'X-Hook-Secret: herring'], '')
      expect(await answer).toContain(' 401 ')
      expect(await answer).toContain('{"error":"the shared secret is wrong"}')
      expect(JSON.stringify([errors, await answer, String(errors)])).not.toMatch(/swordfish|herring/)
    })
  })

  describe('that the host fails to take', () => {
    const failing = (message: string) => async () => {
      throw new Error(message)
    }

    test('is answered 500 while the receipts cannot be stored, and 200 once they can', async () => {
      const sink = memorySink()
      const working = sink.ingest
      sink.ingest = failing('connection to db://user:hunter2@host refused')
      const onEvents = vi.fn()
      const { port } = await start({ onEvents }, acme(), sink)
      const refused = await call(port, { body: batch })
      expect([refused.status, refused.json()]).toEqual([500, { error: 'the events were not taken; send them again' }])
      expect(errors).toEqual([[500, expect.objectContaining({ message: expect.stringContaining('hunter2') })]])
      expect(onEvents).not.toHaveBeenCalled()
      sink.ingest = working
      expect((await call(port, { body: batch })).status).toBe(200)
    })

    test('is answered 500 when the hook of the app throws, with the receipts stored all the same', async () => {
      const { port, sink } = await start({ onEvents: failing('no') })
      expect((await call(port, { body: batch })).status).toBe(500)
      expect(sink.stored).toHaveLength(2)
    })

    test('is answered 500 even if what the hook throws looks like bad input', async () => {
      const onEvents = () => {
        throw new WebhookParseError('other', 'is not JSON')
      }
      const { port } = await start({ onEvents })
      expect((await call(port, { body: batch })).status).toBe(500)
    })

    test.each(['verify', 'parse', 'receipts'] as const)('is answered 500 when the source fails in %s', async (part) => {
      const broken = () => {
        throw new TypeError('a bug')
      }
      const { port } = await start({}, acme({ [part]: broken }))
      expect((await call(port, { body: batch })).status).toBe(500)
      expect(errors).toEqual([[500, expect.any(TypeError)]])
    })

    test('is answered 500 when what is thrown is no error at all', async () => {
      const nothing = () => {
        throw null
      }
      const { port } = await start({}, acme({ parse: nothing }))
      expect((await call(port, { body: batch })).status).toBe(500)
      expect(errors).toEqual([[500, null]])
    })

    test('is printed where nobody listens, refusals are not', async () => {
      const print = vi.spyOn(console, 'error').mockImplementation(() => {})
      const port = await serve(await mount(memorySink(), acme(), { onEvents: failing('no') }))
      await call(port, { method: 'GET' })
      await call(port, { body: '[{},{"id":"m1","status":"delivered"}]' })
      expect(print.mock.calls).toEqual([
        ['omnicascade: a webhook of acme was answered 500:', expect.objectContaining({ message: 'no' })],
      ])
    })

    test('is answered the same when the error hook throws too', async () => {
      const print = vi.spyOn(console, 'error').mockImplementation(() => {})
      const { port } = await start({ onError: failing('worse') })
      expect((await call(port, { method: 'GET' })).status).toBe(405)
      expect(print).toHaveBeenCalledWith(expect.any(String), expect.objectContaining({ message: 'worse' }))
    })
  })

  test('the URL given to the source is the public one where the host names it', async () => {
    const source = acme()
    const { port } = await start({ publicUrl: 'https://api.example.org/hooks/acme' }, source)
    await call(port, { body: batch, path: '/hooks?token=1' })
    await call(port, { body: batch })
    const fixed = await start({ publicUrl: 'https://api.example.org/hooks?from=host' }, source)
    await call(fixed.port, { body: batch, path: '/hooks?token=1' })
    expect(source.seen.map(({ url }) => url.href)).toEqual([
      'https://api.example.org/hooks/acme?token=1',
      'https://api.example.org/hooks/acme',
      'https://api.example.org/hooks?from=host',
    ])
  })

  test('the hook of the app hears typed events after they are stored', async () => {
    const sink = memorySink()
    const heard: [readonly AcmeEvent[], number][] = []
    const { port } = await start({ onEvents: (events) => void heard.push([events, sink.stored.length]) }, acme(), sink)
    await call(port, { body: '[{"id":"m1","status":"delivered"}]' })
    expect(heard).toEqual([[[{ id: 'm1', status: 'delivered' }], 1]])
  })
})
