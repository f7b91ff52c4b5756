import { execFileSync } from 'node:child_process'
import { type ClientHttp2Session, connect, createSecureServer, createServer } from 'node:http2'
import { createServer as createTlsServer, request } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { nodeWebhook } from 'omnicascade/http/node'
import { expect, onTestFinished, test } from 'vitest'
import { acme, batch, call, deferred, manualClock, memorySink, serve, signature } from './support.ts'

const quiet = { onError: () => {} }

function selfSigned() {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const pem = execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-subj', '/CN=localhost', '-keyout', '-', '-out', '-', '-days', '2'],
    { encoding: 'utf8', stdio: 'pipe' },
  )
  return { key: pem, cert: pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')) }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

function session(url: string): ClientHttp2Session {
  const client = connect(url, { rejectUnauthorized: false })
  client.on('error', () => {})
  onTestFinished(() => client.destroy())
  return client
}

/** One request over HTTP/2. Without `body` it is left open. */
function exchange(client: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = client.request({ ':method': 'POST', ':path': '/hooks?a=1', 'content-type': 'application/json', ...headers })
  const answer = new Promise<{ status: unknown; connection: unknown; text: string }>((resolve, reject) => {
    let seen = {} as Record<string, unknown>
    let text = ''
    stream.on('response', (fields) => {
      seen = fields
    })
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    stream.on('end', () => resolve({ status: seen[':status'], connection: seen.connection, text })).on('error', reject)
  })
  answer.catch(() => {})
  if (body !== undefined) stream.end(body)
  return { stream, answer }
}

test('HTTP/2 works the same, its pseudo-fields are no headers, and its host is the one that the client named', async () => {
  const source = acme({ answer: { body: 'taken' } })
  const sink = memorySink()
  const port = await listening(createServer(nodeWebhook(sink, source)))
  const client = session(`http://127.0.0.1:${port}`)
  expect(await exchange(client, { 'x-acme': 'yes' }, batch).answer).toMatchObject({ status: 200, text: 'taken' })
  expect(sink.stored).toHaveLength(2)
  const [seen] = source.seen
  expect(seen?.url.href).toBe(`http://127.0.0.1:${port}/hooks?a=1`)
  expect([...(seen?.headers.keys() ?? [])]).toEqual(['content-type', 'x-acme'])
})

test('HTTP/2 is refused like HTTP/1.1, without the field that it does not know', async () => {
  const port = await listening(createServer(nodeWebhook(memorySink(), acme(signature), { limit: 100, ...quiet })))
  const client = session(`http://127.0.0.1:${port}`)
  expect(await exchange(client, {}, batch).answer).toMatchObject({ status: 401 })
  expect(await exchange(client, {}, 'x'.repeat(101)).answer).toMatchObject({ status: 413, connection: undefined })
})

test('a slow HTTP/2 body is a 408', async () => {
  const { clock, timing, fire } = manualClock()
  const port = await listening(createServer(nodeWebhook(memorySink(), acme(), { clock, ...quiet })))
  const slow = exchange(session(`http://127.0.0.1:${port}`), {})
  slow.stream.write('[')
  await timing
  fire()
  expect(await slow.answer).toMatchObject({ status: 408, connection: undefined })
})

test('an HTTP/2 stream that is reset in its middle is a 400 to the app, and nothing is stored', async () => {
  const reported = deferred<unknown>()
  const { clock, timing, timers } = manualClock()
  const sink = memorySink()
  const onError = (error: unknown, { status }: { readonly status: number }) => reported.resolve([status, error])
  const port = await listening(createServer(nodeWebhook(sink, acme(), { clock, onError })))
  const { stream } = exchange(session(`http://127.0.0.1:${port}`), {})
  // What has come would parse: only the reset says that it is not all.
  stream.write(batch)
  await timing
  stream.destroy()
  expect(await reported.promise).toEqual([400, expect.objectContaining({ code: 'webhook-refused' })])
  expect([sink.stored, timers.size]).toEqual([[], 0])
})

test('over TLS the URL is https, by either protocol', async () => {
  const source = acme()
  const handler = nodeWebhook(memorySink(), source)
  const keys = selfSigned()
  const one = await listening(createSecureServer(keys, handler))
  await exchange(session(`https://127.0.0.1:${one}`), {}, batch).answer
  const other = await listening(createTlsServer(keys, handler))
  await new Promise<void>((resolve) => {
    const headers = { 'content-type': 'application/json' }
    const outgoing = request({ port: other, method: 'POST', headers, rejectUnauthorized: false, agent: false }, (answer) =>
      answer.resume().on('end', resolve),
    )
    outgoing.end(batch)
  })
  expect(source.seen.map(({ url }) => url.protocol)).toEqual(['https:', 'https:'])
})

test('a body that something has begun to read before is a 500 that names the cause', async () => {
  const handler = nodeWebhook(memorySink(), acme(), quiet)
  const port = await serve((incoming, response) => {
    incoming.once('data', () => {
      incoming.pause()
      void handler(incoming, response)
    })
  })
  const answer = await call(port, { body: batch })
  expect([answer.status, answer.json()]).toEqual([500, { error: expect.stringMatching(/already read.*Call the handler first/) }])
})

test('a request whose Host and path make no URL is refused', async () => {
  const port = await serve(nodeWebhook(memorySink(), acme(), quiet))
  for (const odd of [{ headers: { host: 'a b' } }, { path: 'http://elsewhere.example/hooks', headers: { host: 'localhost' } }])
    expect((await call(port, { body: batch, ...odd })).status).toBe(400)
})
