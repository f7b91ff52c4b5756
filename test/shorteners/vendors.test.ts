import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { kutt } from 'omnicascade/shorteners/kutt'
import { rebrandly } from 'omnicascade/shorteners/rebrandly'
import { shortIo } from 'omnicascade/shorteners/short-io'
import { tinyurl } from 'omnicascade/shorteners/tinyurl'
import { vkCc } from 'omnicascade/shorteners/vk-cc'
import { yourls } from 'omnicascade/shorteners/yourls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const url = 'https://example.org/order/1?a=1&b=2'
const context = { channel: 'sms', notificationId: 'n1', dryRun: false, signal: new AbortController().signal } as const
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

/** The one call that is made: its method, URL, headers and body. */
async function calledBy(
  shorten: () => Promise<string>,
  answer: object,
): Promise<{ request: Request; body: string; short: string }> {
  const calls: { request: Request; body: string }[] = []
  server.use(
    http.all('https://*', async ({ request }) => {
      calls.push({ request, body: await request.text() })
      return HttpResponse.json(answer)
    }),
  )
  const short = await shorten()
  expect(calls).toHaveLength(1)
  return { ...calls[0]!, short }
}

describe('the call is as the vendor documents it', () => {
  test('TinyURL', async () => {
    const { request, body } = await calledBy(() => tinyurl({ apiToken: 'key', domain: 'go.example.org' })(url, context), {
      code: 0,
      data: { tiny_url: 'https://go.example.org/1' },
    })
    expect([request.method, request.url]).toEqual(['POST', 'https://api.tinyurl.com/create'])
    expect(request.headers.get('authorization')).toBe('Bearer key')
    expect(JSON.parse(body)).toEqual({ url, domain: 'go.example.org' })
  })

  test('Short.io', async () => {
    const { request, body, short } = await calledBy(() => shortIo({ apiKey: 'sk_1', domain: 'go.example.org' })(url, context), {
      shortURL: 'http://go.example.org/1',
    })
    expect([request.method, request.url]).toEqual(['POST', 'https://api.short.io/links'])
    expect(request.headers.get('authorization')).toBe('sk_1')
    expect(JSON.parse(body)).toEqual({ domain: 'go.example.org', originalURL: url, allowDuplicates: false })
    expect(short).toBe('http://go.example.org/1')
  })

  test('Rebrandly', async () => {
    const { request, body } = await calledBy(
      () => rebrandly({ apiKey: 'key', domain: 'go.example.org', workspace: 'w1' })(url, context),
      { shortUrl: 'go.example.org/1' },
    )
    expect([request.method, request.url]).toEqual(['POST', 'https://api.rebrandly.com/v1/links'])
    expect([request.headers.get('apikey'), request.headers.get('workspace')]).toEqual(['key', 'w1'])
    expect(JSON.parse(body)).toEqual({ destination: url, domain: { fullName: 'go.example.org' } })
  })

  test('YOURLS, whose secret travels in the body, and whose link that was there before is no failure', async () => {
    const { request, body, short } = await calledBy(
      () => yourls({ baseUrl: 'https://go.example.org/y/', signature: 'sig' })(url, context),
      { status: 'fail', code: 'error:url', message: 'already exists', shorturl: 'https://go.example.org/1', statusCode: '400' },
    )
    expect([request.method, request.url]).toEqual(['POST', 'https://go.example.org/y/yourls-api.php'])
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ action: 'shorturl', format: 'json', url, signature: 'sig' })
    expect(short).toBe('https://go.example.org/1')
  })

  test('Kutt', async () => {
    const { request, body } = await calledBy(() => kutt({ apiKey: 'key', domain: 'go.example.org' })(url, context), {
      link: 'https://go.example.org/1',
    })
    expect([request.method, request.url]).toEqual(['POST', 'https://kutt.it/api/v2/links'])
    expect(request.headers.get('x-api-key')).toBe('key')
    expect(JSON.parse(body)).toEqual({ target: url, reuse: true, domain: 'go.example.org' })
  })

  test('vk.cc, whose token travels in the body', async () => {
    const { request, body } = await calledBy(() => vkCc({ accessToken: 'key', isPrivate: true })(url, context), {
      response: { short_url: 'https://vk.cc/1' },
    })
    expect([request.method, request.url]).toEqual(['POST', 'https://api.vk.com/method/utils.getShortLink'])
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ url, private: '1', v: '5.199', access_token: 'key' })
  })
})

test.each([
  ['tinyurl', () => tinyurl({ apiToken: 'key' }), 8192, 'https://tinyurl.com/'],
  ['short.io', () => shortIo({ apiKey: 'key', domain: 'go.example.org' }), 2048, 'https://go.example.org/'],
  ['rebrandly', () => rebrandly({ apiKey: 'key' }), 2048, 'https://rebrand.ly/'],
  ['yourls', () => yourls({ baseUrl: 'https://go.example.org', signature: 'key' }), 8192, 'https://go.example.org/'],
  ['kutt', () => kutt({ apiKey: 'key' }), 2040, 'https://kutt.it/'],
  ['vk.cc', () => vkCc({ accessToken: 'key' }), 2048, 'https://vk.cc/'],
])('%s shows the form of its links, and takes none that is too long', async (_, create, longest, start) => {
  expect(await create()(url, { ...context, dryRun: true })).toMatch(new RegExp(`^${start}x+$`))
  const tooLong = 'https://example.org/'.padEnd(longest + 1, 'x')
  await expect(create()(tooLong, context)).rejects.toMatchObject({ kind: 'content', field: 'url' })
})

test.each([
  ['tinyurl: apiToken', () => tinyurl({ apiToken: 'two words' })],
  ['tinyurl: alias', () => tinyurl({ apiToken: 'key', alias: 'x' } as never)],
  ['shortIo: domain', () => shortIo({ apiKey: 'key' } as never)],
  ['rebrandly: workspace', () => rebrandly({ apiKey: 'key', workspace: '/' })],
  ['yourls: baseUrl', () => yourls({ baseUrl: 'go.example.org', signature: 'key' })],
  ['kutt: apiKey', () => kutt({ apiKey: '' })],
  ['vkCc: isPrivate', () => vkCc({ accessToken: 'key', isPrivate: 'yes' as never })],
])('options that cannot work are named (%s)', (words, create) => {
  expect(create).toThrow(words)
})
