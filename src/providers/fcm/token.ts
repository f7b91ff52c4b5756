import { SendError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { unlessAborted } from '../../wire/abort.ts'
import { type Http, kindOfStatus } from '../../wire/http.ts'
import { fieldsOf, wordOf } from '../../wire/json.ts'
import { type JwtSigner, jwtSigner } from '../../wire/jwt.ts'

/** Hands out an access token that has not expired, asking for one at most once at a time. */
export interface AccessTokens {
  /** Rejects with a `SendError`. */
  token(signal: AbortSignal): Promise<string>
  /** Drops a token that was answered with 401. */
  forget(token: string): void
}

interface Held {
  readonly token: string
  readonly renewAt: number
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const life = 3600
const margin = 60_000
const timeout = 15_000
const cutError = () => new SendError('transient', 'the call to FCM was cut while it waited for an access token: nothing was sent')

/**
 * Access tokens of a Google service account: a JWT signed with its key is exchanged for one (RFC 7523; developers.google.com, OAuth 2.0 for server to
 * server). `http` speaks to the token's own URL.
 */
export function createAccessTokens(http: Http, tokenUrl: string, email: string, privateKey: string, clock: Clock): AccessTokens {
  let held: Held | undefined
  let asking: Promise<Held> | undefined
  let signing: Promise<JwtSigner> | undefined

  async function ask(): Promise<Held> {
    signing ??= jwtSigner('RS256', privateKey)
    const sign = await signing.catch(() => {
      throw new SendError('configuration', 'the private key of the service account cannot be read')
    })
    const now = clock.now()
    const at = Math.floor(now / 1000)
    const assertion = await sign({ iss: email, scope, aud: tokenUrl, iat: at, exp: at + life })
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    const answer = await http('', { body, signal: AbortSignal.timeout(timeout) }).catch((error: unknown) => {
      // Nothing was sent yet, whatever became of the log-in.
      throw error instanceof SendError && error.kind === 'unknown'
        ? new SendError('transient', error.message, { code: error.vendorCode })
        : error
    })
    const { access_token: token, expires_in: seconds, error } = fieldsOf(answer.json)
    if (answer.ok && typeof token === 'string' && token !== '')
      return { token, renewAt: now + Math.max(0, (Number(wordOf(seconds)) || life) * 1000 - margin) }
    const kind = kindOfStatus(answer.status) === 'transient' || answer.status === 504 ? 'transient' : 'configuration'
    const code = typeof error === 'string' && /^\w{2,40}$/.test(error) ? error : answer.status
    throw new SendError(kind, "Google gave no access token: look at the service account, its key and this machine's clock", {
      code,
      retryAfter: answer.retryAfter,
    })
  }

  return {
    async token(signal) {
      if (signal.aborted) throw cutError()
      if (held !== undefined && clock.now() < held.renewAt) return held.token
      asking ??= ask().finally(() => {
        asking = undefined
      })
      held = await unlessAborted(asking, signal, cutError)
      return held.token
    },
    forget(token) {
      if (held?.token === token) held = undefined
    },
  }
}
