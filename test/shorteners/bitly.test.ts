import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { delay, HttpResponse, http, passthrough } from 'msw'
import { setupServer } from 'msw/node'
import { RequestError, SendError } from 'omnicascade'
import { shortenLinks } from 'omnicascade/links'
import { bitly } from 'omnicascade/shorteners/bitly'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const accessToken = 'b1tly-t0ken-secret'
const url = 'https://example.org/order/1?token=abc'
const context = { channel: 'sms', notificationId: 'n1', dryRun: false, signal: new AbortController().signal } as const
const endpoint = 'https://api-ssl.bitly.com/v4/shorten'
const made = {
  created_at: '2026-11-25T10:00:00+0000',
  id: 'bit.ly/2ab3cd',
  link: 'https://bit.ly/2ab3cd',
  long_url: url,
  archived: false,
  tags: [],
  references: { group: 'https://api-ssl.bitly.com/v4/groups/Ba1bc23dE4F' },
}

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

/** Answers every call so, and keeps the calls. */
function answering(answer: () => Response | Promise<Response>): Request[] {
  const calls: Request[] = []
  server.use(
    http.post(endpoint, ({ request }) => {
      calls.push(request.clone())
      return answer()
    }),
  )
  return calls
}

async function errorOf(promise: Promise<unknown>): Promise<SendError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SendError)) throw new Error('expected a SendError', { cause: error })
  const everything = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error.toFailure())
  expect(everything).not.toContain(accessToken)
  expect(everything).not.toContain('example.org/order')
  return error
}

describe('the call', () => {
  test('is as Bitly documents it', async () => {
    const calls = answering(() => HttpResponse.json(made, { status: 201 }))
    expect(await bitly({ accessToken, domain: 'go.example.org', groupGuid: 'Ba1bc23dE4F' })(url, context)).toBe(
      'https://bit.ly/2ab3cd',
    )
    expect(calls[0]?.headers.get('authorization')).toBe(`Bearer ${accessToken}`)
    expect(calls[0]?.headers.get('content-type')).toContain('application/json')
    expect(await calls[0]?.json()).toEqual({ long_url: url, domain: 'go.example.org', group_guid: 'Ba1bc23dE4F' })
  })

  test('leaves out what was not given, and takes 200 for a link that was there before', async () => {
    const calls = answering(() => HttpResponse.json(made))
    expect(await bitly({ accessToken })(url, context)).toBe('https://bit.ly/2ab3cd')
    expect(await calls[0]?.json()).toEqual({ long_url: url })
  })

  test("a link that is Bitly's already is used as it is", async () => {
    answering(() => HttpResponse.json({ message: 'ALREADY_A_BITLY_LINK', resource: 'bitlinks' }, { status: 400 }))
    expect(await bitly({ accessToken })('https://bit.ly/2ab3cd', context)).toBe('https://bit.ly/2ab3cd')
  })

  test('is not made in a dry run, whose answer has the same form', async () => {
    const dry = { ...context, dryRun: true }
    expect(await bitly({ accessToken })(url, dry)).toMatch(/^https:\/\/bit\.ly\/\w{7}$/)
    expect(await bitly({ accessToken, domain: 'go.example.org' })(url, dry)).toMatch(/^https:\/\/go\.example\.org\/\w{7}$/)
  })

  test('is not made for a URL that is too long', async () => {
    const error = await errorOf(bitly({ accessToken })(`https://example.org/${'x'.repeat(2029)}`, context))
    expect(error).toMatchObject({ kind: 'content', field: 'url' })
  })

  test('goes where baseUrl says, through the given fetch', async () => {
    const asked: string[] = []
    const fetch = async (input: string | URL | Request) => {
      asked.push(input instanceof Request ? input.url : String(input))
      return Response.json(made)
    }
    await bitly({ accessToken, baseUrl: 'https://proxy.example.net/bitly', fetch })(url, context)
    expect(asked).toEqual(['https://proxy.example.net/bitly/v4/shorten'])
  })

  test.each(['', 'two words', undefined])('an access token of %j is refused', (wrong) => {
    expect(() => bitly({ accessToken: wrong as string })).toThrow(RequestError)
  })

  test('the shortener does not show its token', () => {
    const shorten = bitly({ accessToken })
    expect(inspect(shorten, { depth: 10, showHidden: true }) + JSON.stringify({ shorten })).not.toContain(accessToken)
  })
})

describe('failures', () => {
  test.each([
    [403, 'FORBIDDEN', 'configuration'],
    [400, 'INVALID_ARG_GROUP_GUID', 'configuration'],
    [400, 'INVALID_ARG_DOMAIN', 'configuration'],
    [400, 'INVALID_ARG_LONG_URL', 'content'],
    [429, 'MONTHLY_ENCODE_LIMIT_REACHED', 'transient'],
    [403, 'MONTHLY_RATE_LIMIT_EXCEEDED', 'transient'],
    [429, 'RATE_LIMIT_EXCEEDED', 'transient'],
    [500, 'INTERNAL_ERROR', 'transient'],
    [503, 'TEMPORARILY_UNAVAILABLE', 'transient'],
  ])('%i %s is %s', async (status, message, kind) => {
    const description = `${message} for ${url} with ${accessToken}`
    answering(() => HttpResponse.json({ message, description, resource: 'bitlinks' }, { status }))
    const error = await errorOf(bitly({ accessToken })(url, context))
    expect(error).toMatchObject({ kind, vendorCode: message, message: `Bitly refused to shorten the link: ${message}` })
  })

  test.each<[string, () => Response, string]>([
    ['HTML', () => HttpResponse.html('<html>captcha</html>'), 'unknown'],
    ['an empty body', () => new HttpResponse(null, { status: 200 }), 'unknown'],
    ['null', () => HttpResponse.json(null), 'unknown'],
    ['a link without a scheme', () => HttpResponse.json({ ...made, link: 'bit.ly/2ab3cd' }), 'unknown'],
    ['an HTML error page', () => HttpResponse.html(`<p>${url}</p>`, { status: 502 }), 'transient'],
    ['an error in words', () => HttpResponse.json({ message: `Unknown token ${accessToken}` }, { status: 401 }), 'configuration'],
    [
      'a redirect',
      () => HttpResponse.text('', { status: 302, headers: { location: 'https://evil.example.net' } }),
      'configuration',
    ],
  ])('%s is told by its status alone', async (_, answer, kind) => {
    answering(answer)
    expect((await errorOf(bitly({ accessToken })(url, context))).kind).toBe(kind)
  })

  test('a connection that breaks names neither token nor link', async () => {
    answering(() => HttpResponse.error())
    expect((await errorOf(bitly({ accessToken })(url, context))).kind).toBe('unknown')
  })

  test('a call that is called off rejects at once', async () => {
    const controller = new AbortController()
    answering(async () => {
      controller.abort()
      await delay('infinite')
      return HttpResponse.json(made)
    })
    const error = await errorOf(bitly({ accessToken })(url, { ...context, signal: controller.signal }))
    expect(error.kind).toBe('unknown')
  })
})

test('with shortenLinks, a Bitly that fails leaves the link long and says why', async () => {
  answering(() => HttpResponse.json({ message: 'RATE_LIMIT_EXCEEDED' }, { status: 429 }))
  const done = await shortenLinks(bitly({ accessToken })).rewrite(`Order: ${url}`, {
    channel: 'sms',
    notificationId: 'n',
    dryRun: false,
  })
  expect(done).toEqual({
    text: `Order: ${url}`,
    links: [],
    failures: [{ long: url, message: 'Bitly refused to shorten the link: RATE_LIMIT_EXCEEDED' }],
  })
})

describe('over a real socket', () => {
  let silent: Server
  beforeAll(async () => {
    silent = createServer(() => {})
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready))
  })
  afterAll(() => {
    silent.closeAllConnections()
    silent.close()
  })

  test('a server that never answers is cut off by the time-out of shortenLinks', async () => {
    const { port } = silent.address() as AddressInfo
    server.use(http.all(`http://127.0.0.1:${port}/*`, () => passthrough()))
    let ring: () => void = () => {}
    const clock = {
      setTimer(_: number, run: () => void) {
        ring = run
        return () => {}
      },
    }
    const connected = new Promise((resolve) => silent.once('request', resolve))
    const shorten = bitly({ accessToken, baseUrl: `http://127.0.0.1:${port}` })
    const closed = new Promise((resolve) => silent.once('request', (request) => request.once('close', resolve)))
    const done = shortenLinks(shorten, { clock }).rewrite(`Order: ${url}`, { channel: 'sms', notificationId: 'n', dryRun: false })
    await connected
    ring()
    expect((await done)?.failures).toEqual([{ long: url, message: 'the shortener did not answer within 2000 ms' }])
    await closed
  })
})
