import { RequestError, type WebhookParseError } from '../contract/errors.ts'
import type { Awaitable } from '../contract/json.ts'
import type { Issue } from '../contract/template.ts'
import type { Clock } from '../contract/time.ts'

/**
 * A secret agreed with a vendor that signs nothing, in a header or in the URL's query. Compared in constant time; each of
 * `values` is accepted, so that one can be rotated without losing a webhook.
 */
export type SharedSecret =
  | { readonly header: string; readonly query?: never; readonly values: readonly string[] }
  | { readonly query: string; readonly header?: never; readonly values: readonly string[] }

/** Options of a webhook handler. `E` is the source's event, `R` the request of the framework it is mounted on. */
export interface WebhookOptions<E = unknown, R = unknown> {
  /**
   * Asked for before the body is read; a wrong one is answered 401. Needed where the vendor proves nothing of itself; `false` there says that something in front
   * of the app knows who calls.
   */
  readonly secret?: SharedSecret | false
  /**
   * The URL as the vendor calls it, where a proxy has rewritten it; signatures may cover it. Absolute; a URL without a query gets
   * the request's.
   */
  readonly publicUrl?: string | ((request: R) => string)
  /** The media types to take, instead of the source's own. The wildcard type takes anything, also a request that names none. */
  readonly contentTypes?: readonly string[]
  /** The longest body, in bytes. Default 262,144 (256 KiB). */
  readonly limit?: number
  /** How long the body may take to arrive, in milliseconds. Default 10,000. */
  readonly timeout?: number
  /**
   * The app's own use of the events, once their receipts are stored. Awaited before the answer; if it throws, the answer is 500
   * and the vendor sends the same events again.
   */
  readonly onEvents?: (events: readonly E[], context: { readonly errors: readonly WebhookParseError[] }) => Awaitable<unknown>
  /**
   * Told why a request was not answered 200, and of each event that could not be read in a batch that was. Left out, what made a
   * 500 is printed with `console.error`.
   */
  readonly onError?: (error: unknown, context: { readonly provider: string; readonly status: number }) => Awaitable<unknown>
  readonly clock?: Clock
}

/**
 * Throws a `RequestError` that names everything wrong with the options, and echoes none of them: they hold secrets. `isProven`: the source knows its vendor by
 * itself.
 */
export function checkOptions<E, R>(subject: string, options: WebhookOptions<E, R>, isProven: boolean): void {
  const { limit = 1, timeout = 1, publicUrl, secret } = options
  const issues: Issue[] = secret === undefined || secret === false ? [] : secretIssues(secret)
  if (secret === undefined && !isProven)
    issues.push({
      path: 'secret',
      message:
        'is missing: this vendor proves nothing, and anyone could report in its name (false if something else keeps them out)',
    })
  // A misspelt `secret` would leave the door open.
  for (const path of Object.keys(options))
    if (!known.includes(path)) issues.push({ path, message: `is unknown: there are ${known.join(', ')}` })
  if (!Number.isInteger(limit) || limit < 1)
    issues.push({ path: 'limit', message: 'must be a whole number of bytes, at least 1' })
  if (!(timeout > 0 && timeout < 2 ** 31))
    issues.push({ path: 'timeout', message: 'must be milliseconds, above 0 and below 2^31' })
  if (typeof publicUrl === 'string' && !URL.canParse(publicUrl)) {
    issues.push({ path: 'publicUrl', message: 'must be absolute, such as https://api.example.org/hooks/vendor' })
  }
  if (issues.length > 0) throw new RequestError(subject, issues, 'invalid-options')
}

const known = ['secret', 'publicUrl', 'contentTypes', 'limit', 'timeout', 'onEvents', 'onError', 'clock']
const token = /^[!#$%&'*+\-.^_`|~\w]+$/
const fieldValue = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/

// Types do not hold at run time: an environment variable that is not set is the likeliest of all secrets.
function secretIssues(secret: SharedSecret): Issue[] {
  // What is empty or null comes of a condition on such a variable, and must not pass for `false`.
  if (typeof secret !== 'object' || secret === null)
    return [{ path: 'secret', message: 'must be an object with header or query, and values; or false' }]
  const { header, query, values } = secret
  const issues: Issue[] = []
  if ((header === undefined) === (query === undefined)) issues.push({ path: 'secret', message: 'needs either header or query' })
  if (header !== undefined && !token.test(header)) issues.push({ path: 'secret.header', message: 'is no header name' })
  if (query === '') issues.push({ path: 'secret.query', message: 'is empty' })
  if (!Array.isArray(values) || values.length === 0) return [...issues, { path: 'secret.values', message: 'holds no secret' }]
  values.forEach((value: unknown, index) => {
    const path = `secret.values[${index}]`
    if (typeof value !== 'string' || value === '') issues.push({ path, message: 'is empty (is its environment variable set?)' })
    else if (header !== undefined && !fieldValue.test(value)) {
      issues.push({ path, message: 'cannot be sent in a header: visible ASCII only, no space or line break at either end' })
    }
  })
  return issues
}
