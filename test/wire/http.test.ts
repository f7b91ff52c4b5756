import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { inspect } from 'node:util'
import { RequestError, SendError } from 'omnicascade'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttp, kindOfStatus, unexpectedAnswer } from '../../src/wire/http.ts'

const secret = 'token-that-nobody-may-see'
const opened: { close(): unknown }[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()))
})

function keep(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      opened.push({
        close: () =>
          new Promise((done) => {
            server.close(done)
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      })
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    })
  })
}

const serve = (listener: RequestListener) => keep(createServer(listener))

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return body
}

/** A vendor that answers with what it was sent. */
const echo = () =>
  serve(async (request, response) => {
    const body = await bodyOf(request)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, url: request.url, type: request.headers['content-type'], body }))
  })

const failure = async (call: Promise<unknown>): Promise<SendError> => {
  const error = await call.then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(SendError)
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret)
  return error as SendError
}

describe('createHttp', () => {
  test.each([
    ['/v1', 'push/system', '/v1/push/system'],
    ['/v1/', '/push/system', '/v1/push/system'],
    ['', 'a:b/send', '/a:b/send'],
    ['/services/T/B/x', '', '/services/T/B/x'],
    ['/hook?sig=1', '', '/hook?sig=1'],
  ])('puts a path after the base URL %j: %j', async (base, path, url) => {
    const http = createHttp('Vendor', { baseUrl: (await echo()) + base })
    expect((await http(path)).json).toMatchObject({ method: 'GET', url })
  })

  test('sends JSON, a form, a multipart form and a query as what they are', async () => {
    const http = createHttp('Vendor', { baseUrl: await echo() })
    expect((await http('a', { json: { n: 1 } })).json).toMatchObject({
      method: 'POST',
      type: 'application/json',
      body: '{"n":1}',
    })
    expect((await http('a', { body: new URLSearchParams({ to: '+1 2' }) })).json).toMatchObject({
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'to=%2B1+2',
    })
    const form = new FormData()
    form.set('file', new Blob(['x']), 'a.txt')
    const { type, body } = (await http('a', { body: form, method: 'PUT' })).json as { type: string; body: string }
    expect(type).toMatch(/^multipart\/form-data; boundary=/)
    expect(body).toContain(type.split('boundary=')[1])
    expect((await http('a', { query: { q: 'x y', left: undefined, n: 1 } })).json).toMatchObject({ url: '/a?q=x+y&n=1' })
    expect((await http('a', { method: 'DELETE', json: { id: 1 } })).json).toMatchObject({ method: 'DELETE', body: '{"id":1}' })
  })

  test('gives the answer whatever its status, with Retry-After in milliseconds', async () => {
    const baseUrl = await serve((_, response) => response.writeHead(429, { 'retry-after': '1.5' }).end('slow down'))
    expect(await createHttp('Vendor', { baseUrl })('a')).toMatchObject({
      status: 429,
      ok: false,
      text: 'slow down',
      json: undefined,
      retryAfter: 1500,
    })
  })

  test('reads characters that are cut between two packets', async () => {
    const bytes = Buffer.from('"Příliš 🦉"')
    const packets = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const http = createHttp('Vendor', { baseUrl: 'http://vendor.test', fetch: () => Promise.resolve(new Response(packets)) })
    expect(await http('a')).toMatchObject({ json: 'Příliš 🦉', bytes: new Uint8Array(bytes) })
  })

  test('gives a body that is no text as the bytes that came', async () => {
    const file = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7) % 256)
    const baseUrl = await serve((_, response) => response.end(file))
    expect((await createHttp('Vendor', { baseUrl })('a')).bytes).toEqual(file)
    const empty = await serve((_, response) => response.writeHead(204).end())
    expect(await createHttp('Vendor', { baseUrl: empty })('a')).toMatchObject({ bytes: new Uint8Array(), text: '' })
  })

  test.each([
    'api.example.org',
    'ftp://example.org',
    'file:///etc/passwd',
    `https://user:${secret}@example.org`,
    `https://${secret}@example.org`,
    `https://x/#${secret}`,
  ])('refuses the base URL %j without repeating it', (baseUrl) => {
    const make = () => createHttp('Vendor', { baseUrl })
    expect(make).toThrow(RequestError)
    expect(make).toThrow('Vendor: baseUrl: must be an absolute http or https URL without user, password or fragment')
  })

  test('refuses to be made without a base URL, by the name that the adapter has for it', () => {
    expect(() => createHttp('Vendor', {})).toThrow(/^Vendor: baseUrl: is missing/)
    expect(() => createHttp('Vendor', { baseUrl: '' }, 'webhookUrl')).toThrow(/^Vendor: webhookUrl: is missing/)
  })

  test('fails as configuration on a key that no header can carry, without repeating it', async () => {
    const http = createHttp('Vendor', { baseUrl: 'http://vendor.test' })
    const error = await failure(http('a', { headers: { authorization: `Bearer ${secret}\nx` } }))
    expect(error).toMatchObject({ kind: 'configuration', message: expect.stringContaining('line breaks in keys') })
  })

  test('fails as transient where nobody listens or no such host is', async () => {
    const refused = createHttp('Vendor', { baseUrl: await closedBaseUrl() })
    expect(await failure(refused(secret))).toMatchObject({ kind: 'transient', vendorCode: 'ECONNREFUSED' })
  })

  test.each([
    { code: 'EAI_AGAIN', syscall: 'getaddrinfo' },
    { code: 'ETIMEDOUT', syscall: 'connect' },
    { code: 'EHOSTUNREACH', syscall: 'connect' },
    { code: 'UND_ERR_CONNECT_TIMEOUT' },
  ])('fails as transient on $code, since nothing had been sent', async (system) => {
    const cause = Object.assign(new Error(`no way to ${secret}`), system)
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }))
    const http = createHttp('Vendor', { baseUrl: 'http://vendor.test', fetch })
    expect(await failure(http(secret))).toMatchObject({ kind: 'transient', vendorCode: system.code })
  })

  test.each([
    ['connect', 'transient'],
    ['read', 'unknown'],
  ])('believes an error gathered from several addresses when each of them was at %s: %s', async (syscall, kind) => {
    const each = ['connect', syscall].map((syscall) => Object.assign(new Error(secret), { code: 'ENETUNREACH', syscall }))
    const cause = Object.assign(new AggregateError(each), { code: 'ENETUNREACH' })
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }))
    const http = createHttp('Vendor', { baseUrl: 'http://vendor.test', fetch })
    expect(await failure(http(secret))).toMatchObject({ kind, vendorCode: 'ENETUNREACH' })
  })

  const inUse = ['ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT']
  const broken = ['EPROTO', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC']
  test.each([...inUse, ...broken, 'ERR_SSL_PROTOCOL_IS_SHUTDOWN', 'ERR_TLS_SESSION_ATTACK'])(
    'fails as unknown on %s in use, since something may have been sent',
    async (code) => {
      const cause = Object.assign(new Error(secret), { code, syscall: 'read' })
      const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }))
      const http = createHttp('Vendor', { baseUrl: 'http://vendor.test', fetch })
      expect(await failure(http(secret))).toMatchObject({ kind: 'unknown', vendorCode: code })
    },
  )

  test('fails as unknown when the connection breaks after the request has left', async () => {
    const baseUrl = await serve((request) => void request.resume().on('end', () => request.socket.destroy()))
    expect(await failure(createHttp('Vendor', { baseUrl })(secret, { json: {} }))).toMatchObject({ kind: 'unknown' })
  })

  test('fails as unknown when the connection breaks in the middle of the answer', async () => {
    const baseUrl = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"ok":')
      setImmediate(() => response.destroy())
    })
    expect(await failure(createHttp('Vendor', { baseUrl })(secret))).toMatchObject({ kind: 'unknown' })
  })

  test('fails as configuration when https meets a server that speaks http', async () => {
    const baseUrl = (await echo()).replace('http:', 'https:')
    expect(await failure(createHttp('Vendor', { baseUrl })(secret))).toMatchObject({ kind: 'configuration' })
  })

  test.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  ])('fails as configuration on %s', async (code) => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(secret), { code }) }))
    const http = createHttp('Vendor', { baseUrl: 'https://vendor.test', fetch })
    expect(await failure(http(secret))).toMatchObject({ kind: 'configuration', vendorCode: code })
  })

  test('fails as unknown when what answers is not HTTP', async () => {
    const baseUrl = await keep(createTcpServer((socket) => socket.resume().end('SSH-2.0-OpenSSH\r\n')))
    expect(await failure(createHttp('Vendor', { baseUrl })(secret))).toMatchObject({ kind: 'unknown' })
  })

  test('follows no redirect and sends the credentials nowhere else', async () => {
    const seen: string[] = []
    const elsewhere = await serve((request, response) => {
      seen.push(request.url ?? '')
      response.end('{}')
    })
    const baseUrl = await serve((_, response) => response.writeHead(307, { location: `${elsewhere}/${secret}` }).end())
    const http = createHttp('Vendor', { baseUrl })
    expect(await failure(http('a', { json: {}, headers: { authorization: secret } }))).toMatchObject({
      kind: 'configuration',
      vendorCode: '307',
    })
    expect(seen).toEqual([])
  })

  test.each([
    [200, 'unknown'],
    [400, 'content'],
    [503, 'transient'],
  ])('reads no more of an endless %i than its limit', async (status, kind) => {
    const [gone, hungUp] = moment()
    const baseUrl = await serve((_, response) => {
      response.on('close', hungUp).writeHead(status)
      const more = () => {
        while (response.writable && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    const error = await failure(createHttp('Vendor', { baseUrl })(secret))
    expect(error).toMatchObject({ kind, vendorCode: String(status), message: expect.stringContaining('over 1048576 bytes') })
    await gone
  })

  test('takes a body that just fits', async () => {
    const baseUrl = await serve((_, response) => response.end('12345'))
    const http = createHttp('Vendor', { baseUrl })
    expect((await http('a', { maxBytes: 5 })).text).toBe('12345')
    expect(await failure(http('a', { maxBytes: 4 }))).toMatchObject({ kind: 'unknown' })
  })

  test('stops with its signal while it waits for an answer, and hangs up', async () => {
    const call = new AbortController()
    const [gone, hungUp] = moment()
    const baseUrl = await serve((_, response) => {
      response.on('close', hungUp)
      call.abort()
    })
    expect(await failure(createHttp('Vendor', { baseUrl })(secret, { signal: call.signal }))).toMatchObject({ kind: 'unknown' })
    await gone
  })

  test('stops with its signal in the middle of a body that stalls', async () => {
    const call = new AbortController()
    const stalled = new ReadableStream({ pull: () => call.abort() }, { highWaterMark: 0 })
    const http = createHttp('Vendor', { baseUrl: 'http://vendor.test', fetch: () => Promise.resolve(new Response(stalled)) })
    expect(await failure(http(secret, { signal: call.signal }))).toMatchObject({ kind: 'unknown' })
  })

  test('stops when its time was over as the answer’s head came in', async () => {
    const call = new AbortController()
    const http = createHttp('Vendor', {
      baseUrl: 'http://vendor.test',
      fetch: () => {
        call.abort()
        return Promise.resolve(new Response(new ReadableStream()))
      },
    })
    expect(await failure(http(secret, { signal: call.signal }))).toMatchObject({ kind: 'unknown' })
  })

  test('calls nobody when its time is over already', async () => {
    let called = false
    const http = createHttp('Vendor', {
      baseUrl: 'http://vendor.test',
      fetch: () => {
        called = true
        return Promise.resolve(new Response('{}'))
      },
    })
    expect(await failure(http('a', { signal: AbortSignal.abort() }))).toMatchObject({ kind: 'transient' })
    expect(called).toBe(false)
  })
})

describe('kindOfStatus', () => {
  test.each([
    [400, 'content'],
    [401, 'configuration'],
    [402, 'configuration'],
    [403, 'configuration'],
    [404, 'configuration'],
    [407, 'configuration'],
    [408, 'transient'],
    [413, 'content'],
    [422, 'content'],
    [425, 'transient'],
    [429, 'transient'],
    [500, 'transient'],
    [503, 'transient'],
    [504, 'unknown'],
    [599, 'transient'],
  ])('takes %i for %s', (status, kind) => {
    expect(kindOfStatus(status)).toBe(kind)
  })
})

describe('unexpectedAnswer', () => {
  const answer = { headers: new Headers(), bytes: new Uint8Array(), text: secret, json: undefined, retryAfter: 5 }

  test('may have sent when the status says so, and keeps the body to itself', () => {
    const error = unexpectedAnswer('Vendor', { ...answer, status: 200, ok: true })
    expect(error).toMatchObject({ kind: 'unknown', vendorCode: '200', retryAfter: 5 })
    expect(error.message).not.toContain(secret)
    expect(unexpectedAnswer('Vendor', { ...answer, status: 502, ok: false }).kind).toBe('transient')
  })
})

/** A promise and what fulfils it. */
function moment(): [Promise<void>, () => void] {
  let come: () => void = () => {}
  const moment = new Promise<void>((resolve) => {
    come = resolve
  })
  return [moment, come]
}

async function closedBaseUrl(): Promise<string> {
  const server = createTcpServer()
  const baseUrl = await keep(server)
  await opened.pop()?.close()
  return baseUrl
}
