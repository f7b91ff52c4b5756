import ky from 'ky'
import { SendError } from '../contract/errors.ts'
import { checkOptions, isHttpUrl } from './options.ts'
import { retryAfterOf } from './retry-after.ts'
import { refusedTls } from './tls.ts'

/** Options that every adapter speaking HTTP takes. */
export interface HttpOptions {
  /** Where the vendor's API is; change it for a sandbox, a proxy or a test. */
  readonly baseUrl?: string | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** One call. `json` and `body` set the body and its content type. */
export interface HttpCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Record<string, string | number | boolean | undefined>
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly body?: FormData | URLSearchParams | string | Uint8Array<ArrayBuffer>
  readonly signal?: AbortSignal | undefined
  /** The longest body that is read, in bytes; 1 MB when left out. */
  readonly maxBytes?: number
}

/** What came back, whatever its status. */
export interface HttpAnswer {
  readonly status: number
  readonly ok: boolean
  readonly headers: Headers
  /** The body as it came. */
  readonly bytes: Uint8Array
  /** The body read as UTF-8. */
  readonly text: string
  /** The body as JSON, or undefined if it is not. */
  readonly json: unknown
  /** `Retry-After` in milliseconds, if there is one. */
  readonly retryAfter: number | undefined
}

/** Calls a vendor's HTTP API. Rejects with a `SendError` that holds neither URL nor headers: they carry secrets. */
export type Http = (path: string, call?: HttpCall) => Promise<HttpAnswer>

/** What a base URL must be, for a message. */
export const urlForm = 'be an absolute http or https URL without user, password or fragment'

/**
 * An HTTP client for one vendor: no retries (the cascade retries), no redirects (they would carry the credentials elsewhere).
 * Paths are put after `baseUrl`, with one slash between; an empty path calls `baseUrl` itself. Throws `RequestError` on a bad `baseUrl`, or none.
 * `urlOption` is what the adapter's own options call it.
 */
export function createHttp(vendor: string, { baseUrl = '', fetch }: HttpOptions, urlOption: string = 'baseUrl'): Http {
  checkOptions(vendor, [[urlOption, baseUrl, isHttpUrl(baseUrl), urlForm]])
  const base = baseUrl.replace(/\/+$/, '')
  const client = ky.create({
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: 'manual',
    ...(fetch && { fetch }),
  })

  return async (path, { query, signal, maxBytes = 1_048_576, ...init } = {}) => {
    if (signal?.aborted) throw new SendError('transient', `the call to ${vendor} was cut before it began`)
    const pending = begin(vendor, () =>
      client(path === '' ? baseUrl : `${base}/${path.replace(/^\/+/, '')}`, {
        ...init,
        method: init.method ?? (init.json === undefined && init.body === undefined ? 'GET' : 'POST'),
        ...(query && { searchParams: query }),
        ...(signal && { signal }),
      }),
    )
    let response: Response
    let bytes: Uint8Array | undefined
    try {
      response = await pending
      bytes = await readBytes(response, maxBytes, signal)
    } catch (error) {
      throw networkError(vendor, error)
    }
    const { status, ok, headers } = response
    const retryAfter = retryAfterOf(headers.get('retry-after'))
    if (status === 0 || (status >= 300 && status < 400)) {
      throw new SendError('configuration', `${vendor} answered with a redirect, which is not followed: check ${urlOption}`, {
        code: status,
      })
    }
    if (bytes === undefined) {
      throw new SendError(
        ok ? 'unknown' : kindOfStatus(status),
        `${vendor} answered HTTP ${status} with over ${maxBytes} bytes`,
        {
          code: status,
          retryAfter,
        },
      )
    }
    const text = new TextDecoder().decode(bytes)
    return { status, ok, headers, bytes, text, json: parseJson(text), retryAfter }
  }
}

/**
 * The kind of a failed HTTP call by its status alone, for answers whose body says nothing better. 504 is a gateway that gave up
 * waiting for an upstream that has the request (RFC 9110; Cloudflare's is 524), and may have sent: `unknown`.
 */
export function kindOfStatus(status: number): 'transient' | 'configuration' | 'content' | 'unknown' {
  if (status === 504 || status === 524) return 'unknown'
  if (status === 408 || status === 425 || status === 429 || status >= 500) return 'transient'
  return status === 401 || status === 402 || status === 403 || status === 404 || status === 407 ? 'configuration' : 'content'
}

/** A `SendError` for an answer that is not what the vendor documents. A 2xx that cannot be read may have sent: `unknown`. */
export function unexpectedAnswer(vendor: string, answer: HttpAnswer): SendError {
  const kind = answer.ok ? 'unknown' : kindOfStatus(answer.status)
  return new SendError(kind, `${vendor} answered HTTP ${answer.status} with a body that is not what it documents`, {
    code: answer.status,
    retryAfter: answer.retryAfter,
  })
}

/** ky builds the request at once: what it throws here was never sent, and may quote a header's value. */
function begin<T>(vendor: string, call: () => T): T {
  try {
    return call()
  } catch {
    throw new SendError('configuration', `the request to ${vendor} could not be built: look for line breaks in keys and tokens`)
  }
}

/** The body; undefined when it is longer than `limit` bytes. A body that stalls ends with the signal. */
async function readBytes(response: Response, limit: number, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  if (!response.body) return new Uint8Array()
  const reader = response.body.getReader()
  const cancel = () => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    signal?.throwIfAborted()
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let size = 0
    for (;;) {
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer())
      size += value.byteLength
      if (size > limit) {
        cancel()
        return undefined
      }
      chunks.push(value)
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

// Node and undici name these before a byte of the request has left, so nothing can have been sent. Others, such as EHOSTUNREACH, come
// from a connection in use as well, and prove it only where the system call does.
const notSent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/

function networkError(vendor: string, error: unknown): SendError {
  const { code, connecting } = rootOf(error)
  if (connecting || (code !== undefined && notSent.test(code))) {
    return new SendError('transient', `${vendor} could not be reached`, { code })
  }
  if (code !== undefined && refusedTls.test(code)) {
    return new SendError(
      'configuration',
      `${vendor}'s TLS connection was refused: check its certificate, and http or https in the URL`,
      { code },
    )
  }
  // The original error is left out on purpose: ky's message holds the URL, and the URL may hold a token.
  return new SendError('unknown', `the connection to ${vendor} broke or was cut before it had answered`, { code })
}

/** The innermost system error: fetch wraps it in up to three layers. */
function rootOf(error: unknown): { code: string | undefined; connecting: boolean } {
  let code: string | undefined
  let connecting = false
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code: own } = at as { code?: unknown }
    if (typeof own === 'string') code = own
    connecting ||= wasConnecting(at)
  }
  return { code, connecting }
}

/** Node gathers what each address of a host said in one error, which names no system call of its own. */
function wasConnecting(error: Error): boolean {
  const each: readonly unknown[] = error instanceof AggregateError && error.errors.length > 0 ? error.errors : [error]
  return each.every((one) => /^(connect|getaddrinfo)$/.test(String((one as { syscall?: unknown } | undefined)?.syscall)))
}
