import type { FailureKind } from '../contract/failure.ts'
import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'

/** Options of `rebrandly`. */
export interface RebrandlyOptions extends HttpOptions {
  readonly apiKey: string
  /** A branded domain of the account. Default `rebrand.ly`. */
  readonly domain?: string
  /** The id of the workspace that the links belong to. Default: the account's own. */
  readonly workspace?: string
}

/**
 * Shortens links with Rebrandly (`POST /v1/links`, developers.rebrandly.com): at most 2048 characters a link, and ten links a second. Each call
 * makes a new link.
 */
export function rebrandly(options: RebrandlyOptions): Shortener {
  checkNames('rebrandly', options, ['apiKey', 'domain', 'workspace', 'baseUrl', 'fetch'])
  const { apiKey, domain = 'rebrand.ly', workspace, baseUrl = 'https://api.rebrandly.com', fetch } = options
  checkOptions('rebrandly', [
    ['apiKey', apiKey, isText(apiKey, /^[\x21-\x7e]+$/), 'be an API key, and nothing else'],
    ['domain', domain, isText(domain, /^[\w.-]+$/), 'be the name of a domain'],
    ['workspace', workspace, workspace === undefined || isText(workspace, /^\w+$/), 'be the id of a workspace'],
  ])
  return httpShortener({
    vendor: 'Rebrandly',
    http: createHttp('Rebrandly', { baseUrl, fetch }),
    longest: 2048,
    example: `https://${domain}/xxxxxxx`,
    call: (url) => [
      'v1/links',
      {
        headers: { apikey: apiKey, ...(workspace && { workspace }) },
        json: { destination: url, domain: { fullName: domain } },
      },
    ],
    read(answer) {
      // Without a scheme.
      const { shortUrl } = fieldsOf(answer.json)
      return answer.ok && isText(shortUrl, /^[\w.-]+\/\S+$/) ? `https://${shortUrl}` : undefined
    },
    refuse(answer) {
      const { code } = fieldsOf(answer.json)
      return answer.ok || !isText(code, /^[A-Z]\w{2,60}$/) ? undefined : { code, kind: kindOf(code) }
    },
  })
}

/** Rebrandly answers 403 to links that it finds wrong, too: its code tells them from an account that is. */
function kindOf(code: string): FailureKind | undefined {
  return code === 'InvalidFormat' || code === 'AlreadyExists' || code === 'RequiredProperty' ? 'content' : undefined
}
