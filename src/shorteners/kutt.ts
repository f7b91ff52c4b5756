import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'

/** Options of `kutt`. */
export interface KuttOptions extends HttpOptions {
  readonly apiKey: string
  /** A custom domain of the account. Default: the installation's own. */
  readonly domain?: string
}

/**
 * Shortens links with Kutt, kutt.it or one's own installation (`POST /api/v2/links`; its repository's API description). The same URL gives the same
 * short link (`reuse`). [U] Kutt says what is wrong in words alone: a refusal is judged by its HTTP status.
 */
export function kutt(options: KuttOptions): Shortener {
  checkNames('kutt', options, ['apiKey', 'domain', 'baseUrl', 'fetch'])
  const { apiKey, domain, baseUrl = 'https://kutt.it', fetch } = options
  checkOptions('kutt', [
    ['apiKey', apiKey, isText(apiKey, /^[\x21-\x7e]+$/), 'be an API key, and nothing else'],
    ['domain', domain, domain === undefined || isText(domain, /^[\w.-]+$/), 'be the name of a domain'],
  ])
  return httpShortener({
    vendor: 'Kutt',
    http: createHttp('Kutt', { baseUrl, fetch }),
    longest: 2040,
    example: `https://${domain ?? new URL(baseUrl).host}/xxxxxx`,
    call: (url) => [
      'api/v2/links',
      { headers: { 'x-api-key': apiKey }, json: { target: url, reuse: true, ...(domain && { domain }) } },
    ],
    read: (answer) => (answer.ok ? fieldsOf(answer.json).link : undefined),
    refuse: (answer) => (!answer.ok && typeof fieldsOf(answer.json).error === 'string' ? { code: answer.status } : undefined),
  })
}
