import { SendError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { unlessAborted } from '../../wire/abort.ts'
import type { Http, HttpAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { answerError } from './errors.ts'
import { expiryOfJwt } from './jwt.ts'

/** Who logs in to TWIN, and for how long a token is asked. */
export interface TwinCredentials {
  readonly email: string
  readonly password: string
  /** Life of a token in seconds; 3600 when left out. */
  readonly ttl?: number
  /** The company to act for, where the user belongs to several. */
  readonly companyId?: number
}

/** Hands out a token that has not expired, logging in and refreshing at most once at a time. */
export interface TwinSession {
  /** Rejects with a `SendError`: `configuration` when the log-in is refused, `transient` when it cannot be tried or is cut. */
  token(signal?: AbortSignal): Promise<string>
  /** Drops a token that TWIN has answered with 401. */
  forget(token: string): void
  /** What must not show in an error. */
  secrets(): readonly string[]
}

interface Tokens {
  readonly token: string
  readonly refreshToken: string | undefined
  readonly renewAt: number
  readonly expiresAt: number
}

const loginTimeout = 15_000
// How long a failed log-in is remembered, so that waiting sends do not hammer it.
const restAfterRefusal = 10_000
const restAfterFault = 1_000
const longestRest = 60_000

/** Keeps one TWIN token alive. `http` speaks to the auth host. No timer runs between calls: renewal happens on use. */
export function createSession(http: Http, credentials: TwinCredentials, clock: Clock): TwinSession {
  const { email, password, ttl = 3600, companyId } = credentials
  let tokens: Tokens | undefined
  let renewal: Promise<Tokens> | undefined
  let rest: { readonly until: number; readonly error: SendError } | undefined
  const secrets = () => [email, password, tokens?.token ?? '', tokens?.refreshToken ?? '']

  async function login(signal: AbortSignal): Promise<Tokens> {
    const answer = await http('login', { json: { email, password, ttl, companyId }, signal })
    if (!answer.ok) throw loginError(answer, secrets())
    const fresh = tokensOf(answer, ttl, clock.now())
    if (fresh) return fresh
    throw new SendError('configuration', 'TWIN answered the log-in without a token: check baseUrl or baseUrls.auth', {
      code: answer.status,
    })
  }

  /** The present tokens while they last, to be renewed after a rest. Undefined once `forget` has dropped them. */
  function lasting(present: Tokens | undefined, pause: number): Tokens | undefined {
    const now = clock.now()
    if (!present || tokens !== present || now >= present.expiresAt) return undefined
    return { ...present, renewAt: Math.min(present.expiresAt, now + pause) }
  }

  /** New tokens; the present ones while they last and TWIN is only out of reach; undefined to log in instead. */
  async function refresh(current: Tokens, signal: AbortSignal): Promise<Tokens | undefined> {
    if (current.refreshToken === undefined) return undefined
    try {
      const json = { refreshToken: current.refreshToken, ttl }
      // This call alone takes the token without `Bearer`, as the vendor's SDK sends it.
      const answer = await http('refresh', { json, headers: { authorization: current.token }, signal })
      if (answer.ok) return tokensOf(answer, ttl, clock.now())
      if (answer.status < 500) return undefined
    } catch {
      // Out of reach, as with a 5xx: below.
    }
    return lasting(current, restAfterRefusal)
  }

  async function renew(): Promise<Tokens> {
    const present = tokens
    const cut = new AbortController()
    const stopTimer = clock.setTimer(loginTimeout, () => cut.abort())
    try {
      tokens = (present && (await refresh(present, cut.signal))) ?? (await login(cut.signal))
      return tokens
    } catch (error) {
      const failure = nothingSent(error)
      const usual = failure.kind === 'transient' ? restAfterFault : restAfterRefusal
      const pause = Math.min(failure.retryAfter ?? usual, longestRest)
      rest = { until: clock.now() + pause, error: failure }
      tokens = lasting(present, pause)
      if (tokens) return tokens
      throw failure
    } finally {
      stopTimer()
      renewal = undefined
    }
  }

  return {
    async token(signal) {
      if (signal?.aborted) throw cutError()
      const now = clock.now()
      if (tokens && now < tokens.renewAt) return tokens.token
      if (rest && now < rest.until) throw stillResting(rest.error, rest.until - now)
      renewal ??= renew()
      return (await unlessAborted(renewal, signal, cutError)).token
    },
    forget(token) {
      if (tokens?.token === token) tokens = undefined
    },
    secrets,
  }
}

function tokensOf({ json }: HttpAnswer, ttl: number, now: number): Tokens | undefined {
  const { token, refreshToken } = fieldsOf(json)
  // A line break would make a header that cannot be sent.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return undefined
  const expiry = expiryOfJwt(token)
  // A token that cannot be read, or a clock that runs ahead of TWIN's, leaves what was asked for.
  const expiresAt = expiry !== undefined && expiry > now ? expiry : now + ttl * 1000
  return {
    token,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    expiresAt,
    renewAt: expiresAt - Math.min(60_000, (expiresAt - now) / 10),
  }
}

function loginError(answer: HttpAnswer, secrets: readonly string[]): SendError {
  const { kind, message, vendorCode, retryAfter } = answerError(answer, secrets)
  return new SendError(kind === 'content' ? 'configuration' : kind, `log-in: ${message}`, { code: vendorCode, retryAfter })
}

/** Whatever became of the log-in itself, no message was sent. */
function nothingSent(error: unknown): SendError {
  if (error instanceof SendError && error.kind !== 'unknown') return error
  return new SendError('transient', 'the log-in to TWIN broke or took too long; nothing was sent')
}

function stillResting(error: SendError, retryAfter: number): SendError {
  return new SendError(error.kind, error.message, { code: error.vendorCode, retryAfter })
}

function cutError(): SendError {
  return new SendError('transient', 'the call to TWIN was cut before it began; nothing was sent')
}
