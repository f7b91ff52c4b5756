import { RequestError, SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpAnswer, type HttpOptions, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'

/** Options of `bitly`. */
export interface BitlyOptions extends HttpOptions {
  /** From Bitly's settings, "API". */
  readonly accessToken: string
  /** A branded domain of the account. Default: Bitly's choice, `bit.ly`. */
  readonly domain?: string
  /** The group that the links belong to, such as `Ba1bc23dE4F`. Default: the user's own, with its limits. */
  readonly groupGuid?: string
}

const longest = 2048

/**
 * Shortens links with Bitly (`POST /v4/shorten`, dev.bitly.com). The same URL in the same group gives the same short link. A link that is
 * Bitly's already comes back as it is. Rejects with a `SendError` that holds neither the token nor the link.
 */
export function bitly(options: BitlyOptions): Shortener {
  const { accessToken, domain, groupGuid } = options
  if (!/^[\x21-\x7e]+$/.test(accessToken ?? ''))
    throw new RequestError('bitly', [
      { path: 'accessToken', message: "must be the access token of Bitly's settings, and nothing else" },
    ])
  const http = createHttp('Bitly', { baseUrl: 'https://api-ssl.bitly.com', ...options })

  return async (url, { dryRun, signal }) => {
    if (url.length > longest)
      throw new SendError('content', `Bitly takes URLs of at most ${longest} characters`, { field: 'url' })
    // [U] The form of new links; `explain` shows it in place of one.
    if (dryRun) return `https://${domain ?? 'bit.ly'}/xxxxxxx`
    const answer = await http('v4/shorten', {
      headers: { authorization: `Bearer ${accessToken}` },
      json: { long_url: url, ...(domain && { domain }), ...(groupGuid && { group_guid: groupGuid }) },
      signal,
    })
    const { link, message } = (answer.json ?? {}) as { readonly link?: unknown; readonly message?: unknown }
    if (answer.ok && typeof link === 'string' && /^https?:\/\/\S+$/.test(link)) return link
    if (message === 'ALREADY_A_BITLY_LINK') return url
    throw answer.ok || !isCode(message) ? unexpectedAnswer('Bitly', answer) : refusal(answer, message)
  }
}

/** Bitly's `message` is a code; its `description`, which may repeat the link, is left out. */
function isCode(message: unknown): message is string {
  return typeof message === 'string' && /^[A-Z][A-Z_]{2,60}$/.test(message)
}

function refusal(answer: HttpAnswer, code: string): SendError {
  return new SendError(kindOfCode(code) ?? kindOfStatus(answer.status), `Bitly refused to shorten the link: ${code}`, {
    code,
    retryAfter: answer.retryAfter,
  })
}

function kindOfCode(code: string): FailureKind | undefined {
  if (code.endsWith('LIMIT_REACHED') || code.endsWith('LIMIT_EXCEEDED') || code === 'TEMPORARILY_UNAVAILABLE') return 'transient'
  const account = ['INVALID_ARG_DOMAIN', 'NO_PERMISSION_DOMAIN', 'INVALID_ARG_GROUP_GUID', 'DNS_CONFIGURATION_ERROR', 'FORBIDDEN']
  return account.includes(code) ? 'configuration' : undefined
}
