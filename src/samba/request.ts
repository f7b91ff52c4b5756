import ky, { type KyInstance } from 'ky'
import type { ErrorCode } from '../contract/error-codes.ts'
import { StreamError } from '../contract/errors.ts'
import { retryAfterOf } from '../wire/retry-after.ts'
import type { SambaRange } from './range.ts'

/** An answer that has begun: its bytes, and when it was given by the server's own clock, if it says so. */
export interface SambaAnswer {
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>
  /** Unix milliseconds, a whole second. */
  readonly date: number | undefined
}

/** Asks for an export. Throws `Interruption` where asking again may help, else a `StreamError`. */
export type SambaRequest = (range: SambaRange, signal: AbortSignal | undefined) => Promise<SambaAnswer>

/** Something that may be over the next time. `error` is what to throw if it is not. */
export class Interruption extends Error {
  readonly error: StreamError
  /** How long the server asks us to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(error: StreamError, retryAfter?: number) {
    super(error.message)
    this.error = error
    this.retryAfter = retryAfter
  }
}

/** Where an account's export is, and how to reach it. */
export interface SambaEndpoint {
  readonly baseUrl: string
  readonly trackpointId: string
  readonly apiKey: string
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** The one HTTP call of the export API. No redirect is followed: it would carry the key elsewhere. */
export function createRequest({ baseUrl, trackpointId, apiKey, fetch }: SambaEndpoint): SambaRequest {
  const client: KyInstance = ky.create({
    prefix: baseUrl,
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: 'manual',
    headers: { 'x-api-key': apiKey },
    ...(fetch && { fetch }),
  })
  const path = `shop/${encodeURIComponent(trackpointId)}/export-sms-events`
  return async (range, signal) => {
    let response: Response
    try {
      response = await client.post(path, { json: range, ...(signal && { signal }) })
    } catch {
      // The original error is left out on purpose: it may hold the URL or the headers.
      signal?.throwIfAborted()
      throw new Interruption(new StreamError('samba-unavailable', 'Samba could not be reached'))
    }
    if (!response.ok) {
      await response.body?.cancel().catch(() => {})
      throw refusal(response)
    }
    const date = Date.parse(response.headers.get('date') ?? '')
    return { chunks: chunksOf(response, signal), date: Number.isNaN(date) ? undefined : date }
  }
}

async function* chunksOf(response: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  if (!response.body) return
  try {
    yield* response.body
  } catch {
    signal?.throwIfAborted()
    throw new Interruption(new StreamError('samba-interrupted', 'the connection to Samba broke within the export'))
  }
}

function refusal({ status, headers }: Response): Interruption | StreamError {
  const error = (code: ErrorCode, message: string) =>
    new StreamError(code, `Samba answered HTTP ${status}: ${message}`, { status })
  if (status === 401 || status === 403) return error('samba-unauthorized', 'check apiKey, and that it belongs to trackpointId')
  if (status === 404)
    return error('samba-unknown-trackpoint', 'check trackpointId, and host: enterprise accounts are at api.yottly.com')
  const retryAfter = retryAfterOf(headers.get('retry-after'))
  const advice = retryAfter === undefined ? 'try again later' : `try again in ${Math.ceil(retryAfter / 1000)} s`
  if (status === 429) return new Interruption(error('samba-rate-limited', advice), retryAfter)
  if (status === 408 || status >= 500) return new Interruption(error('samba-unavailable', advice), retryAfter)
  // A redirect that is not followed has status 0 in some runtimes.
  if (status < 400) return error('samba-redirected', 'redirects are not followed: check host or baseUrl')
  return error('samba-refused', 'the request was refused')
}
