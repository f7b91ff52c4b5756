import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { Shortener } from '../contract/links.ts'
import { type Http, type HttpAnswer, type HttpCall, kindOfStatus, unexpectedAnswer } from './http.ts'

/** How one vendor shortens. */
export interface ShortenerWays {
  readonly vendor: string
  readonly http: Http
  /** The longest URL that it takes, in characters. */
  readonly longest: number
  /** What `explain` shows in place of a link: as long as one. */
  readonly example: string
  /** The call for a URL. */
  readonly call: (url: string) => readonly [path: string, call: HttpCall]
  /** The short link that an answer holds; undefined if it holds none. */
  readonly read: (answer: HttpAnswer, url: string) => unknown
  /** The vendor's code for why there is none, and its kind where that is not the status's; undefined if the answer is not the vendor's own. */
  readonly refuse: (answer: HttpAnswer) => { readonly code: string | number; readonly kind?: FailureKind | undefined } | undefined
}

/** A shortener over HTTP. Rejects with a `SendError` that holds neither credentials nor the link. */
export function httpShortener({ vendor, http, longest, example, call, read, refuse }: ShortenerWays): Shortener {
  return async (url, { dryRun, signal }) => {
    if (url.length > longest)
      throw new SendError('content', `${vendor} takes URLs of at most ${longest} characters`, { field: 'url' })
    if (dryRun) return example
    const [path, own] = call(url)
    const answer = await http(path, { ...own, signal })
    const link = read(answer, url)
    if (typeof link === 'string' && /^https?:\/\/\S+$/.test(link)) return link
    const refusal = refuse(answer)
    if (refusal === undefined) throw unexpectedAnswer(vendor, answer)
    const { code, kind = kindOfStatus(answer.status) } = refusal
    throw new SendError(kind, `${vendor} refused to shorten the link: ${code}`, { code, retryAfter: answer.retryAfter })
  }
}
