import { equal, ok } from 'node:assert/strict'
import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import { noneShown, rejectionOf } from './shown.ts'
import { type Answer, closedPort, type LoopbackVendor, startVendor } from './vendor.ts'

/** Where the adapter under test is to call, and with which `fetch`. */
export interface Wire {
  readonly baseUrl: string
  readonly fetch?: typeof globalThis.fetch
}

/** One documented failure and what the adapter must make of it. */
export interface ExpectedFailure {
  readonly answer: Answer
  readonly kind: FailureKind
  readonly code?: string
  readonly field?: string
  /** Milliseconds. */
  readonly retryAfter?: number
}

/** A case for any test runner: `for (const { name, run } of cases) test(name, run)`. Rejects with an `AssertionError`. */
export interface ContractCase {
  readonly name: string
  run(): Promise<void>
}

/** An adapter that speaks HTTP, as these checks see it. */
export interface HttpSubject {
  /** Makes the one call that is looked at. */
  readonly call: (wire: Wire, signal: AbortSignal) => Promise<unknown>
  readonly success: Answer
  readonly failures: Readonly<Record<string, ExpectedFailure>>
  /** What must never show: tokens, keys, passwords and addresses, as the adapter gets them and as it encodes them. */
  readonly secrets: readonly string[]
  /** Answers calls that come before the one that is looked at, such as a log-in; undefined to let it through. */
  readonly before: ((call: Parameters<Answer>[0]) => Response | undefined) | undefined
  readonly version: 1 | 2
  /** The vendor's bodies say nothing that the adapter reads: a 2xx is success whatever is in it. */
  readonly bodyless: boolean
}

/** What became of a call to a vendor that answers so. */
export interface Seen {
  /** Calls that were not answered by `before`. */
  calls: number
}

type Checks = Record<string, () => Promise<void>>

/** Runs `use` beside a vendor on the loopback network. */
export async function atVendor<T>(
  { before, version }: Pick<HttpSubject, 'before' | 'version'>,
  answer: Answer,
  use: (wire: Wire, seen: Seen) => Promise<T>,
): Promise<T> {
  const seen: Seen = { calls: 0 }
  const vendor: LoopbackVendor = await startVendor((call) => {
    const early = before?.(call)
    if (early !== undefined) return early
    seen.calls++
    return answer(call)
  }, version)
  try {
    return await use({ baseUrl: vendor.baseUrl }, seen)
  } finally {
    await vendor.close()
  }
}

/** What every adapter that speaks HTTP does, whatever its vendor. */
export function httpChecks(subject: HttpSubject): Checks {
  const { call, secrets } = subject

  const failure = async (making: Promise<unknown>): Promise<SendError> => {
    const error = await rejectionOf(making)
    ok(error instanceof SendError, `it is no SendError: ${String(error)}`)
    noneShown(error, secrets)
    return error
  }
  const failing = (answer: Answer, signal = new AbortController().signal) =>
    atVendor(subject, answer, (wire) => failure(call(wire, signal)))

  const documented: Checks = {}
  for (const [name, expected] of Object.entries(subject.failures)) {
    documented[`fails as ${expected.kind}: ${name}`] = async () => {
      const { kind, vendorCode, field, retryAfter } = await failing(expected.answer)
      equal(kind, expected.kind)
      if (expected.code !== undefined) equal(vendorCode, expected.code)
      if (expected.field !== undefined) equal(field, expected.field)
      if (expected.retryAfter !== undefined) equal(retryAfter, expected.retryAfter)
    }
  }

  const gateways: Checks = {}
  for (const status of [500, 502, 503])
    gateways[`fails as transient when a gateway answers ${status} with a page of its own`] = async () =>
      equal((await failing(() => page('<h1>upstream</h1>', status))).kind, 'transient')
  for (const status of [429, 503])
    gateways[`waits as long as a ${status} asks in Retry-After`] = async () => {
      const headers = { 'retry-after': '7' }
      const { kind, retryAfter } = await failing(() => new Response('slow down', { status, headers }))
      equal(kind, 'transient')
      equal(retryAfter, 7000)
    }

  const malformed: Checks = {}
  if (!subject.bodyless)
    for (const [name, body] of Object.entries(noAnswers))
      malformed[`takes a 200 with ${name} for unknown, never for success`] = async () =>
        equal((await failing(() => json(body))).kind, 'unknown')

  const redirects: Checks = {}
  for (const status of [301, 302, 307, 308])
    redirects[`follows no redirect (${status}), so that credentials stay where they belong`] = async () => {
      await atVendor({ before: undefined, version: subject.version }, subject.success, async (elsewhere, followed) => {
        const headers = { location: `${elsewhere.baseUrl}/` }
        equal((await failing(() => new Response(null, { status, headers }))).kind, 'configuration')
        equal(followed.calls, 0)
      })
    }

  const echoes: Checks = {}
  for (const status of subject.bodyless ? [400, 500] : [200, 400, 500])
    echoes[`shows no secret when a ${status} echoes the whole request`] = async () => {
      await failing(async ({ request }) => json(await echoOf(request), status))
    }

  return {
    ...documented,
    ...gateways,
    'fails as unknown when a gateway gives up waiting, since the request may have come through': async () =>
      equal((await failing(() => page('<h1>upstream timed out</h1>', 504))).kind, 'unknown'),
    ...malformed,
    'fails as unknown when its time is over after the request has left': async () => {
      const own = new AbortController()
      const answer: Answer = () => {
        own.abort()
        return new Promise(() => {})
      }
      equal((await failing(answer, own.signal)).kind, 'unknown')
    },
    'stops at once when its time is over in the middle of an answer': async () => {
      const own = new AbortController()
      const stalls = () =>
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{')),
          // The first piece has gone: the rest never comes.
          pull: () => void setImmediate(() => own.abort()),
        })
      equal((await failing(() => new Response(stalls(), { headers: jsonType }), own.signal)).kind, 'unknown')
    },
    'sends nothing when its time is over before it begins': () =>
      atVendor(subject, subject.success, async (wire, seen) => {
        equal((await failure(call(wire, AbortSignal.abort()))).kind, 'transient')
        equal(seen.calls, 0)
      }),
    'fails as transient when the connection is refused': async () => {
      const baseUrl = `http://127.0.0.1:${await closedPort()}`
      equal((await failure(call({ baseUrl }, new AbortController().signal))).kind, 'transient')
    },
    ...redirects,
    ...echoes,
  }
}

/** Checks as cases. */
export function casesOf(checks: Checks): readonly ContractCase[] {
  return Object.entries(checks).map(([name, run]) => ({ name, run }))
}

const noAnswers = {
  'cut-off JSON': '{"ok":',
  'a page': '<!doctype html><title>Sign in</title>',
  nothing: '',
  null: 'null',
  'an empty list': '[]',
  'an empty object': '{}',
}
const jsonType = { 'content-type': 'application/json' }

function json(body: unknown, status = 200): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: jsonType })
}

function page(html: string, status: number): Response {
  return new Response(html, { status, headers: { 'content-type': 'text/html' } })
}

/** The request in each of the fields in which vendors put their words. */
async function echoOf(request: Request): Promise<object> {
  const echo = `${request.url}\n${JSON.stringify([...request.headers])}\n${await request.text()}`
  return {
    ok: false,
    code: 1,
    status: 1,
    error: echo,
    errors: [{ message: echo }],
    message: echo,
    description: echo,
    detail: echo,
  }
}
