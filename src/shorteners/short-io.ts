import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'

/** Options of `shortIo`. */
export interface ShortIoOptions extends HttpOptions {
  /** A secret key of "Integrations & API", without `Bearer`. */
  readonly apiKey: string
  /** The short domain of the account, such as `go.example.org`. */
  readonly domain: string
}

/**
 * Shortens links with Short.io (`POST /links` of api.short.io, developers.short.io). The same URL on the same domain gives the same short link
 * (`allowDuplicates: false`). [U] The meaning of its statuses is taken from HTTP.
 */
export function shortIo(options: ShortIoOptions): Shortener {
  checkNames('shortIo', options, ['apiKey', 'domain', 'baseUrl', 'fetch'])
  const { apiKey, domain, baseUrl = 'https://api.short.io', fetch } = options
  checkOptions('shortIo', [
    ['apiKey', apiKey, isText(apiKey, /^[\x21-\x7e]+$/), 'be a secret API key, and nothing else'],
    ['domain', domain, isText(domain, /^[\w.-]+$/), 'be the name of a short domain of the account'],
  ])
  return httpShortener({
    vendor: 'Short.io',
    http: createHttp('Short.io', { baseUrl, fetch }),
    // [U]
    longest: 2048,
    example: `https://${domain}/xxxxxx`,
    call: (url) => ['links', { headers: { authorization: apiKey }, json: { domain, originalURL: url, allowDuplicates: false } }],
    read(answer) {
      const { secureShortURL, shortURL } = fieldsOf(answer.json)
      return answer.ok ? (secureShortURL ?? shortURL) : undefined
    },
    // Its words may repeat the link: the status says enough.
    refuse(answer) {
      const { error, message } = fieldsOf(answer.json)
      return answer.ok || (typeof error !== 'string' && typeof message !== 'string') ? undefined : { code: answer.status }
    },
  })
}
