import { RequestError } from '../../contract/errors.ts'
import { type Http, type HttpAnswer, type HttpCall, unexpectedAnswer } from '../../wire/http.ts'
import { isObject } from '../../wire/json.ts'
import { answerError } from './errors.ts'
import type { TwinSession } from './session.ts'

/** What every call of the TWIN client takes. */
export interface TwinCallOptions {
  /** Cuts the call; it then rejects with a `SendError`, `transient` if it had not begun, else `unknown`. */
  readonly signal?: AbortSignal | undefined
}

/** An authorised call to one TWIN host. */
export interface TwinCall extends HttpCall {
  /** What this call holds that must not show in an error, beside the credentials. */
  readonly secrets?: readonly string[]
}

/** One TWIN host. Calls log in as needed, repeat once after a 401, and reject with a `SendError` on any answer but 2xx. */
export type TwinApi = (path: string, call?: TwinCall) => Promise<HttpAnswer>

// Lists and result files are longer than the megabyte that is usual elsewhere.
const longest = 64 * 1_048_576

/** Opens a TWIN host. */
export function createApi(http: Http, session: TwinSession): TwinApi {
  return async (path, { secrets = [], headers, ...call } = {}) => {
    const attempt = (token: string) =>
      http(path, { maxBytes: longest, ...call, headers: { ...headers, authorization: `Bearer ${token}` } })
    let token = await session.token(call.signal)
    let answer = await attempt(token)
    if (answer.status === 401) {
      session.forget(token)
      token = await session.token(call.signal)
      answer = await attempt(token)
    }
    if (!answer.ok) throw answerError(answer, [...session.secrets(), token, ...secrets])
    return answer
  }
}

/** A path of fixed words and ids; an id that would lead elsewhere is refused. */
export function pathTo(...parts: readonly string[]): string {
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new RequestError('TWIN', [{ path: 'id', message: 'must be a non-empty id as TWIN gave it' }])
  }
  return parts.map(encodeURIComponent).join('/')
}

/** The answer as a JSON object. Rejects with a `SendError` otherwise. */
export function objectOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  if (!isObject(answer.json)) throw unexpectedAnswer('TWIN', answer)
  return answer.json
}

/** The answer as a list of JSON objects. Rejects with a `SendError` otherwise. */
export function listOf(answer: HttpAnswer): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(answer.json) || !answer.json.every(isObject)) throw unexpectedAnswer('TWIN', answer)
  return answer.json
}

/** The answer's `id`, which TWIN gives for what it has created. Rejects with a `SendError` if there is none. */
export function createdOf(answer: HttpAnswer): { readonly id: string } {
  const { id } = objectOf(answer)
  if (typeof id !== 'string') throw unexpectedAnswer('TWIN', answer)
  return { id }
}
