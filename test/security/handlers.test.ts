import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import express from 'express'
import { expressWebhook } from 'omnicascade/http/express'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { onNode } from '../../examples/serve.ts'
import { type AcmeOptions, acme, batch, call, manualClock, memorySink, mounts, raw, serve } from '../http/support.ts'
import { genuineOf } from './genuine.ts'
import { noon, sources } from './subjects/sources.ts'

// Each source is sent megabytes.
vi.setConfig({ testTimeout: 60_000 })

const quiet = { onError: () => {} }
const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024, 0x20))

/** Writes bytes as they are, and waits for the server to end the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  return new Promise((resolve, reject) => {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => resolve(text)).on('error', reject)
    socket.end(bytes)
  })
}

const statusesIn = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)

describe.each(mounts)('a handler on %s', (_, mount) => {
  async function start(options: AcmeOptions = {}, source = acme()) {
    const sink = memorySink()
    return { port: await serve(await mount(sink, source, { ...quiet, ...options })), sink, source }
  }

  test('gives a body its time as a whole: a byte now and then does not lengthen it', async () => {
    const { clock, timers, timing, fire } = manualClock()
    const { port, sink } = await start({ clock, timeout: 1500 })
    const { socket, answer } = raw(port, ['Content-Length: 1000'], '[')
    await timing
    for (let byte = 0; byte < 20; byte++) await new Promise<void>((resolve) => socket.write(' ', () => resolve()))
    expect([...timers.values()]).toEqual([1500])
    fire()
    expect(await answer).toContain(' 408 ')
    expect([sink.stored, timers.size]).toEqual([[], 0])
  })

  test('lets a hundred slow bodies wait, and keeps nothing of them once their time is over', async () => {
    const { clock, timers, fire } = manualClock()
    const { port, sink } = await start({ clock })
    const slow = Array.from({ length: 100 }, () => raw(port, ['Content-Length: 1000'], '['))
    while (timers.size < slow.length) await new Promise((resolve) => setImmediate(resolve))
    expect((await call(port, { body: batch })).status).toBe(200)
    fire()
    for (const { answer } of slow) expect(await answer).toContain(' 408 ')
    expect([sink.stored.length, timers.size]).toEqual([2, 0])
  })

  test('reads of a body in chunks no more than its limit, to the byte', async () => {
    const chunks = (text: string) => `${[...text].map((char) => `1\r\n${char}\r\n`).join('')}0\r\n\r\n`
    const { port, source } = await start({ limit: batch.length })
    expect(await raw(port, ['Transfer-Encoding: chunked'], chunks(batch)).answer).toContain(' 200 ')
    expect(await raw(port, ['Transfer-Encoding: chunked'], chunks(`${batch} `)).answer).toContain(' 413 ')
    expect(source.seen).toHaveLength(1)
  })

  test.each(['-1', '1e9', '0x10', '99999999999999999999', '10, 10', ' ', '+5'])(
    'takes no length of %j on trust',
    async (length) => {
      const { port, source } = await start({ limit: 100 })
      const answer = await exchange(
        port,
        `POST /hooks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(200)}`,
      )
      expect(statusesIn(answer)[0]).toMatch(/^4(00|13)$/)
      expect(source.seen).toEqual([])
    },
  )

  test('takes what is behind a body for no part of it, and no second request for its own', async () => {
    const { port, source } = await start()
    const head = 'POST /hooks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    await exchange(port, `${head}Content-Length: ${batch.length}\r\n\r\n${batch}[{"id":"evil","status":"delivered"}]`)
    expect(source.seen.map(({ body }) => new TextDecoder().decode(body))).toEqual([batch])
    // Both at once is how requests are smuggled past a proxy (RFC 9112, 6.1).
    const both = await exchange(port, `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
    expect(statusesIn(both)).toEqual(['400'])
    expect(source.seen).toHaveLength(1)
  })

  test.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, identity', 'x-gzip', 'GZIP', 'identity, gzip', 'compress'])(
    'inflates nothing: %s is refused before it is read',
    async (encoding) => {
      const { port, source } = await start()
      const answer = await call(port, { body: bomb.subarray(0, 1000), headers: { 'content-encoding': encoding } })
      expect([answer.status, source.seen]).toEqual([415, []])
    },
  )

  test('is never reached by a flood of header fields: Node answers 431', async () => {
    const { port, source } = await start()
    const flood = Array.from({ length: 3000 }, (_item, at) => `X-${at}: y`).join('\r\n')
    const answer = await exchange(port, `POST /hooks HTTP/1.1\r\nHost: x\r\n${flood}\r\nContent-Length: 0\r\n\r\n`)
    expect([statusesIn(answer), source.seen]).toEqual([['431'], []])
  })

  test('takes one secret, not the best of several', async () => {
    const byQuery = await start({ secret: { query: 'token', values: ['right'] } })
    expect((await call(byQuery.port, { body: batch, path: '/hooks?token=wrong&token=right' })).status).toBe(401)
    expect((await call(byQuery.port, { body: batch, path: '/hooks?token[]=right&token[0]=right' })).status).toBe(401)
    const byHeader = await start({ secret: { header: 'x-secret', values: ['right'] } })
    const twice = await exchange(
      byHeader.port,
      `POST /hooks HTTP/1.1\r\nHost: x\r\nX-Secret: wrong\r\nX-Secret: right\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]`,
    )
    expect(statusesIn(twice)).toEqual(['401'])
  })

  test('answers nothing that the request has brought', async () => {
    const { port } = await start({ secret: { query: 'token', values: ['right'] } })
    const marked = '<script>marked</script>'
    for (const request of [
      { path: `/hooks?token=${encodeURIComponent(marked)}` },
      { path: '/hooks?token=right', headers: { 'content-type': marked } },
      { path: '/hooks?token=right', headers: { 'content-encoding': marked } },
      { path: '/hooks?token=right', body: `[{"${marked}":"${marked}"}]` },
      { path: '/hooks?token=right', body: marked },
      { path: '/hooks?token=right', method: 'PUT', body: marked },
    ]) {
      const { status, text, headers } = await call(port, request)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(text + JSON.stringify(headers)).not.toContain('marked')
      expect(headers['content-type']).toMatch(/^application\/json\b/)
    }
  })
})

test('a body that a parser has inflated is refused all the same, and the parser’s own limit holds for it', async () => {
  const verify = (request: object, _: unknown, bytes: Buffer) => void Object.assign(request, { rawBody: bytes })
  const app = express()
    .use(express.json({ verify }))
    .post('/hooks', expressWebhook(memorySink(), acme(), quiet))
  const port = await serve(app)
  expect((await call(port, { body: gzipSync(batch), headers: { 'content-encoding': 'gzip' } })).status).toBe(415)
  expect((await call(port, { body: bomb, headers: { 'content-encoding': 'gzip' } })).status).toBe(413)
})

describe.each(sources)('the webhook of $name', (subject) => {
  test('is answered at once, whatever somebody sends: nothing hangs, nothing is a 500, nothing is stored', async () => {
    const sink = memorySink()
    const { clock } = manualClock(noon)
    const handler = fetchWebhook(sink, subject.create(), {
      clock,
      onError: () => {},
      secret: { query: 'own', values: ['right'] },
    })
    const port = await serve(onNode(handler))
    const { contentType = 'application/json' } = subject
    const hostile = [
      `${'['.repeat(120_000)}${']'.repeat(120_000)}`,
      `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`,
      `{${Array.from({ length: 10_000 }, (_, at) => `"k${at}":${at}`).join(',')}}`,
      `{"a":${'9'.repeat(200_000)}}`,
      `"${'\\u0000'.repeat(40_000)}"`,
      'a=b&'.repeat(60_000),
      '%'.repeat(250_000),
      '\u0000'.repeat(250_000),
    ]
    for (const body of hostile) {
      const signed = await genuineOf({ ...subject, body, query: '' }).catch(() => ({ path: '/hooks', headers: {}, body }))
      for (const sent of [{ headers: {}, path: '/hooks', body }, signed]) {
        const path = `${sent.path}${sent.path.includes('?') ? '&' : '?'}own=right`
        const { status } = await call(port, { ...sent, path, headers: { ...sent.headers, 'content-type': contentType } })
        expect(status === 200 || status === subject.unproven || (status >= 400 && status < 500), String(status)).toBe(true)
      }
    }
    expect(sink.stored).toEqual([])
    expect((await call(port, { body: subject.body, headers: { 'content-type': contentType } })).status).toBe(
      subject.body === '' ? 405 : 401,
    )
  })
})
