import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'

/** Options of `tinyurl`. */
export interface TinyUrlOptions extends HttpOptions {
  /** From TinyURL's settings, "API"; it needs the right to create. */
  readonly apiToken: string
  /** A branded domain of the account. Default `tinyurl.com`. */
  readonly domain?: string
}

/**
 * Shortens links with TinyURL (`POST /create` of api.tinyurl.com). Its answers are read as public code reads them. [U] What its numeric codes
 * mean is not public: a refusal is judged by its HTTP status.
 */
export function tinyurl(options: TinyUrlOptions): Shortener {
  checkNames('tinyurl', options, ['apiToken', 'domain', 'baseUrl', 'fetch'])
  const { apiToken, domain = 'tinyurl.com', baseUrl = 'https://api.tinyurl.com', fetch } = options
  checkOptions('tinyurl', [
    ['apiToken', apiToken, isText(apiToken, /^[\x21-\x7e]+$/), 'be the API token of an account, and nothing else'],
  ])
  return httpShortener({
    vendor: 'TinyURL',
    http: createHttp('TinyURL', { baseUrl, fetch }),
    // [U]
    longest: 8192,
    example: `https://${domain}/xxxxxxxx`,
    call: (url) => ['create', { headers: { authorization: `Bearer ${apiToken}` }, json: { url, domain } }],
    read(answer) {
      const { code, data } = fieldsOf(answer.json)
      return answer.ok && code === 0 ? fieldsOf(data).tiny_url : undefined
    },
    refuse(answer) {
      const { code, errors } = fieldsOf(answer.json)
      return typeof code === 'number' && code !== 0 && Array.isArray(errors)
        ? { code, ...(answer.ok && { kind: 'content' }) }
        : undefined
    },
  })
}
