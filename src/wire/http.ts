import ky, { type KyInstance } from 'ky'
import { SendError } from '../contract/errors.ts'
import { retryAfterOf } from './retry-after.ts'

/** Options that every adapter speaking HTTP takes. */
export interface HttpOptions {
  /** Where the vendor's API is; change it for a sandbox, a proxy or a test. */
  readonly baseUrl?: string
  readonly fetch?: typeof globalThis.fetch
}

/** One call. `json` and `form` set the body and its content type. */
export interface HttpCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Record<string, string | number | boolean | undefined>
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly body?: FormData | URLSearchParams | string
  readonly signal?: AbortSignal | undefined
}

/** What came back, whatever its status. */
export interface HttpAnswer {
  readonly status: number
  readonly ok: boolean
  readonly headers: Headers
  readonly text: string
  /** The body as JSON, or undefined if it is not. */
  readonly json: unknown
  /** `Retry-After` in milliseconds, if there is one. */
  readonly retryAfter: number | undefined
}

/** Calls a vendor's HTTP API. Rejects with a `SendError` that holds neither URL nor headers: they carry secrets. */
export type Http = (path: string, call?: HttpCall) => Promise<HttpAnswer>

// Node and undici name these before a byte of the request has left, so nothing can have been sent.
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/

/** An HTTP client for one vendor: no retries (the cascade retries), no redirects (they would carry the credentials elsewhere). */
export function createHttp(vendor: string, options: Required<Pick<HttpOptions, 'baseUrl'>> & HttpOptions): Http {
  const client: KyInstance = ky.create({
    prefix: options.baseUrl,
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: 'manual',
    ...(options.fetch && { fetch: options.fetch }),
  })
  return async (path, call = {}) => {
    const { query, signal, ...init } = call
    let response: Response
    let text: string
    try {
      response = await client(path, {
        ...init,
        method: call.method ?? (call.json === undefined && call.body === undefined ? 'GET' : 'POST'),
        ...(query && { searchParams: query }),
        ...(signal && { signal }),
      })
      text = await response.text()
    } catch (error) {
      throw networkError(vendor, error)
    }
    if (response.status === 0 || (response.status >= 300 && response.status < 400)) {
      throw new SendError('configuration', `${vendor} answered with a redirect, which is not followed: check baseUrl`, {
        code: response.status,
      })
    }
    return {
      status: response.status,
      ok: response.ok,
      headers: response.headers,
      text,
      get json() {
        try {
          return JSON.parse(text) as unknown
        } catch {
          return undefined
        }
      },
      retryAfter: retryAfterOf(response.headers.get('retry-after')),
    }
  }
}

/** The kind of a failed HTTP call by its status alone, for answers whose body says nothing better. */
export function kindOfStatus(status: number): 'transient' | 'configuration' | 'content' {
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

function networkError(vendor: string, error: unknown): SendError {
  const code = codeOf(error)
  if (code !== undefined && notSent.has(code)) return new SendError('transient', `${vendor} could not be reached`, { code })
  if (code !== undefined && certificate.test(code))
    return new SendError('configuration', `${vendor}'s TLS certificate was refused`, { code })
  // The original error is left out on purpose: ky's message holds the URL, and the URL may hold a token.
  return new SendError('unknown', `the connection to ${vendor} broke or was cut before it had answered`, { code })
}

/** The innermost system error code: fetch wraps it in up to three layers. */
function codeOf(error: unknown): string | undefined {
  let code: string | undefined
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const own = (at as { code?: unknown }).code
    if (typeof own === 'string') code = own
  }
  return code
}
