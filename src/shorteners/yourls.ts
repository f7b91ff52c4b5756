import type { FailureKind } from '../contract/failure.ts'
import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'

/** Options of `yourls`. */
export interface YourlsOptions extends Pick<HttpOptions, 'fetch'> {
  /** Where the installation is, such as `https://go.example.org`; its `yourls-api.php` is below. */
  readonly baseUrl: string
  /** The secret signature token of "Tools". */
  readonly signature: string
}

/**
 * Shortens links with an installation of YOURLS (`action=shorturl` of its API; its source is the reference). The same URL gives the same short
 * link, unless the installation allows duplicates.
 */
export function yourls(options: YourlsOptions): Shortener {
  checkNames('yourls', options, ['baseUrl', 'signature', 'fetch'])
  const { baseUrl, signature, fetch } = options
  checkOptions('yourls', [
    ['baseUrl', baseUrl, isHttpUrl(baseUrl), 'be the absolute URL of the installation'],
    ['signature', signature, isText(signature, /^[\x21-\x7e]+$/), 'be the signature token of its tools page, and nothing else'],
  ])
  return httpShortener({
    vendor: 'YOURLS',
    http: createHttp('YOURLS', { baseUrl, fetch }),
    longest: 8192,
    example: `${baseUrl.replace(/\/+$/, '')}/xxxxx`,
    call: (url) => ['yourls-api.php', { body: new URLSearchParams({ action: 'shorturl', format: 'json', url, signature }) }],
    // A link that was there before is told as a failure, with its short link.
    read: (answer) => fieldsOf(answer.json).shorturl,
    refuse(answer) {
      const { code, status, message, errorCode } = fieldsOf(answer.json)
      if (isText(code, /^error:\w{1,30}$/)) return { code, kind: kinds[code] ?? 'content' }
      // Whoever is not let in is told so in words alone.
      const isOwn = status === 'fail' || errorCode !== undefined || typeof message === 'string'
      return isOwn && !answer.ok ? { code: answer.status } : undefined
    },
  })
}

const kinds: Readonly<Record<string, FailureKind>> = { 'error:db': 'transient', 'error:concurrency': 'transient' }
