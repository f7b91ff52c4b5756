import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { delay, HttpResponse, http, passthrough, type RequestHandler } from 'msw'
import { setupServer } from 'msw/node'
import type { Channel } from 'omnicascade'
import { SendError } from 'omnicascade'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { FailureKind } from '../../src/contract/failure.ts'
import type { ChannelProvider, SendRequest, SendResult } from '../../src/contract/provider.ts'

/** Where the provider under test is to call, and with which `fetch`. */
export interface Wire {
  readonly baseUrl: string
  readonly fetch?: typeof globalThis.fetch
}

/** What the vendor answers; called once per request, since a `Response` can be read only once. */
export type Answer = (call: { readonly request: Request; readonly url: URL }) => Response | Promise<Response>

/** One documented failure and what the provider must make of it. */
export interface ExpectedFailure {
  readonly answer: Answer
  readonly kind: FailureKind
  readonly code?: string
  readonly field?: string
  /** Milliseconds. */
  readonly retryAfter?: number
}

/** A provider and its vendor's documented answers. */
export interface ProviderContract<C extends Channel> {
  readonly name: string
  /** Makes the provider. It must send everything, log-ins too, below `wire.baseUrl`. */
  readonly create: (wire: Wire) => ChannelProvider<C>
  /** A request that the vendor takes. */
  readonly request: SendRequest<C>
  readonly success: { readonly answer: Answer; readonly result: SendResult }
  /** By a name that reads after `fails as <kind>:`. Cover every kind that the vendor can give. */
  readonly failures: Readonly<Record<string, ExpectedFailure>>
  /** What must never show: tokens, keys, passwords, as the provider gets them and as it encodes them. */
  readonly secrets: readonly string[]
  /** Answers calls that come before the send itself, such as a log-in. */
  readonly before?: (baseUrl: string) => readonly RequestHandler[]
}

const origin = 'http://vendor.test'
const elsewhere = 'http://elsewhere.test'

/** Defines the tests that every provider speaking HTTP passes, whatever its vendor. Call it at the top level of a test file. */
export function providerContract<C extends Channel>(contract: ProviderContract<C>): void {
  const { create, request, success, secrets } = contract
  const server = setupServer()

  /** Lets the vendor answer every send with `answer`, and counts the sends. */
  const vendor = (answer: Answer, baseUrl = origin): { sends: number } => {
    const seen = { sends: 0 }
    server.use(
      ...(contract.before?.(baseUrl) ?? []),
      http.all(`${baseUrl}*`, ({ request }) => {
        seen.sends++
        return answer({ request, url: new URL(request.url) })
      }),
    )
    return seen
  }
  const send = (provider = create({ baseUrl: origin }), signal = new AbortController().signal) =>
    provider.send(request, { signal })
  const failure = async (sending = send()): Promise<SendError> => {
    const error = await sending.then(
      (result) => expect.fail(`the send succeeded: ${inspect(result)}`),
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(SendError)
    expectNoSecrets(error, [...secrets, ...addressesOf(request)])
    return error as SendError
  }

  describe(`${contract.name}, as every provider`, () => {
    beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
    afterEach(() => server.resetHandlers())
    afterAll(() => server.close())

    test('gives the message id and the keys under which receipts come', async () => {
      vendor(success.answer)
      expect(await send()).toEqual(success.result)
    })

    test('tells before the call the keys that it can, and tells the same ones after', async () => {
      vendor(success.answer)
      const provider = create({ baseUrl: origin })
      const { messageId, keys = [] } = await send(provider)
      expect([messageId, ...keys]).toEqual(expect.arrayContaining([...(provider.keys?.(request) ?? [])]))
    })

    test('calls through the fetch it is given', async () => {
      const seen = vendor(success.answer)
      let calls = 0
      const counted: typeof globalThis.fetch = (...call) => {
        calls++
        return fetch(...call)
      }
      await send(create({ baseUrl: origin, fetch: counted }))
      expect(calls).toBeGreaterThanOrEqual(seen.sends)
      expect(seen.sends).toBeGreaterThan(0)
    })

    for (const [name, expected] of Object.entries(contract.failures)) {
      test(`fails as ${expected.kind}: ${name}`, async () => {
        vendor(expected.answer)
        const { kind, vendorCode, field, retryAfter } = await failure()
        expect(kind).toBe(expected.kind)
        if (expected.code !== undefined) expect(vendorCode).toBe(expected.code)
        if (expected.field !== undefined) expect(field).toBe(expected.field)
        if (expected.retryAfter !== undefined) expect(retryAfter).toBe(expected.retryAfter)
      })
    }

    test.each([500, 502, 503])('fails as transient when a gateway answers %i with a page of its own', async (status) => {
      vendor(() => HttpResponse.html('<h1>upstream</h1>', { status }))
      expect((await failure()).kind).toBe('transient')
    })

    test('fails as unknown when a gateway gives up waiting, since the request may have come through', async () => {
      vendor(() => HttpResponse.html('<h1>upstream timed out</h1>', { status: 504 }))
      expect((await failure()).kind).toBe('unknown')
    })

    test.each([429, 503])('waits as long as a %i asks in Retry-After', async (status) => {
      vendor(() => HttpResponse.text('slow down', { status, headers: { 'retry-after': '7' } }))
      expect(await failure()).toMatchObject({ kind: 'transient', retryAfter: 7000 })
    })

    test.each([
      ['cut-off JSON', '{"ok":'],
      ['a page', '<!doctype html><title>Sign in</title>'],
      ['nothing', ''],
      ['null', 'null'],
      ['an empty list', '[]'],
      ['an empty object', '{}'],
    ])('takes a 200 with %s for unknown, never for success', async (_, body) => {
      vendor(() => new HttpResponse(body, { headers: { 'content-type': 'application/json' } }))
      expect((await failure()).kind).toBe('unknown')
    })

    test('fails as unknown when its time is over after the request has left', async () => {
      const call = new AbortController()
      vendor(async () => {
        call.abort()
        await delay('infinite')
        return HttpResponse.error()
      })
      expect((await failure(send(undefined, call.signal))).kind).toBe('unknown')
    })

    test('stops at once when its time is over in the middle of an answer', async () => {
      const call = new AbortController()
      vendor(() => {
        const stalled = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{')),
          pull: () => call.abort(),
        })
        return new HttpResponse(stalled, { headers: { 'content-type': 'application/json' } })
      })
      expect((await failure(send(undefined, call.signal))).kind).toBe('unknown')
    })

    test('sends nothing when its time is over before it begins', async () => {
      const seen = vendor(success.answer)
      expect((await failure(send(undefined, AbortSignal.abort()))).kind).toBe('transient')
      expect(seen.sends).toBe(0)
    })

    test('fails as transient when the connection is refused', async () => {
      const closed = `http://127.0.0.1:${await closedPort()}`
      server.use(http.all(`${closed}*`, () => passthrough()))
      expect((await failure(send(create({ baseUrl: closed })))).kind).toBe('transient')
    })

    test.each([301, 302, 307, 308])('follows no redirect (%i), so that credentials stay where they belong', async (status) => {
      let followed = false
      server.use(
        http.all(`${elsewhere}/*`, () => {
          followed = true
          return HttpResponse.json({})
        }),
      )
      vendor(() => new HttpResponse(null, { status, headers: { location: `${elsewhere}/` } }))
      expect((await failure()).kind).toBe('configuration')
      expect(followed).toBe(false)
    })

    test.each([200, 400, 500])('shows no secret when a %i echoes the whole request', async (status) => {
      vendor(async ({ request }) => {
        const echo = `${request.url}\n${JSON.stringify([...request.headers])}\n${await request.text()}`
        return HttpResponse.json({ ok: false, code: 1, status: 1, error: echo, message: echo, description: echo }, { status })
      })
      await failure()
    })

    test('shows no secret of its own', () => {
      expectNoSecrets(create({ baseUrl: origin }), secrets)
    })
  })
}

function expectNoSecrets(value: unknown, secrets: readonly string[]): void {
  const shown = [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: 10, showHidden: true }),
    value instanceof Error ? value.message : '',
  ].join('\n')
  for (const secret of secrets) expect(shown.includes(secret), `a secret shows in: ${shown}`).toBe(false)
}

function addressesOf({ to }: SendRequest): readonly string[] {
  const parts = typeof to === 'object' ? [to.endpoint, to.keys.p256dh, to.keys.auth] : to === undefined ? [] : [String(to)]
  // A short one, such as a chat id of two digits, shows up in any stack trace.
  return parts.filter((part) => part.length >= 6)
}

/** A port of this machine on which nobody listens. */
function closedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
