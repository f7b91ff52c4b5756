import type { FailureKind } from '../contract/failure.ts'
import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'

/** Options of `bitly`. */
export interface BitlyOptions extends HttpOptions {
  /** From Bitly's settings, "API". */
  readonly accessToken: string
  /** A branded domain of the account. Default: Bitly's choice, `bit.ly`. */
  readonly domain?: string
  /** The group that the links belong to, such as `Ba1bc23dE4F`. Default: the user's own, with its limits. */
  readonly groupGuid?: string
}

/**
 * Shortens links with Bitly (`POST /v4/shorten`, dev.bitly.com). The same URL in the same group gives the same short link. A link that is
 * Bitly's already comes back as it is.
 */
export function bitly(options: BitlyOptions): Shortener {
  checkNames('bitly', options, ['accessToken', 'domain', 'groupGuid', 'baseUrl', 'fetch'])
  const { accessToken, domain, groupGuid, baseUrl = 'https://api-ssl.bitly.com', fetch } = options
  const isToken = isText(accessToken, /^[\x21-\x7e]+$/)
  checkOptions('bitly', [['accessToken', accessToken, isToken, "be the access token of Bitly's settings, and nothing else"]])
  return httpShortener({
    vendor: 'Bitly',
    http: createHttp('Bitly', { baseUrl, fetch }),
    longest: 2048,
    // [U] The form of new links.
    example: `https://${domain ?? 'bit.ly'}/xxxxxxx`,
    call: (url) => [
      'v4/shorten',
      {
        headers: { authorization: `Bearer ${accessToken}` },
        json: { long_url: url, ...(domain && { domain }), ...(groupGuid && { group_guid: groupGuid }) },
      },
    ],
    read(answer, url) {
      const { link, message } = fieldsOf(answer.json)
      if (message === 'ALREADY_A_BITLY_LINK') return url
      return answer.ok ? link : undefined
    },
    refuse(answer) {
      // Bitly's `message` is a code; its `description`, which may repeat the link, is left out.
      const { message } = fieldsOf(answer.json)
      return answer.ok || !isText(message, /^[A-Z][A-Z_]{2,60}$/) ? undefined : { code: message, kind: kindOf(message) }
    },
  })
}

function kindOf(code: string): FailureKind | undefined {
  if (code.endsWith('LIMIT_REACHED') || code.endsWith('LIMIT_EXCEEDED') || code === 'TEMPORARILY_UNAVAILABLE') return 'transient'
  const account = ['INVALID_ARG_DOMAIN', 'NO_PERMISSION_DOMAIN', 'INVALID_ARG_GROUP_GUID', 'DNS_CONFIGURATION_ERROR', 'FORBIDDEN']
  return account.includes(code) ? 'configuration' : undefined
}
