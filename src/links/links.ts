import { LinkifyIt } from 'linkify-it'
import type { Channel } from '../contract/channel.ts'
import { toMilliseconds } from '../contract/duration.ts'
import { isOmnicascadeError } from '../contract/errors.ts'
import type { LinkContext, LinkRewriter, ShortenedText, Shortener } from '../contract/links.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { isWebUrl } from '../text/web-url.ts'
import { longestDelay, systemClock } from '../wire/clock.ts'

/** Options of `shortenLinks`. */
export interface ShortenLinksOptions {
  /** On which channels links are shortened. Default `['sms']`. Meant for plain text: links within HTML or MarkdownV2 are written otherwise. */
  readonly channels?: readonly Channel[]
  /** How long one link may take before it goes out long. Default 2 s. */
  readonly timeout?: Duration
  /** Links of fewer characters stay as they are. Default 0: all are given to the hook. */
  readonly minLength?: number
  readonly clock?: Pick<Clock, 'setTimer'>
}

/**
 * Shortens the http and https links of a text through `hook`, each distinct one once, all at the same time. Also finds links without a
 * scheme (`example.org/a`) whose top-level domain is well known. A hook that fails, is slow or answers with anything but an absolute
 * http(s) URL leaves its link long and is told in `failures`; an answer that is longer than the link is not used.
 */
export function shortenLinks(hook: Shortener, options: ShortenLinksOptions = {}): LinkRewriter {
  const { channels = ['sms'], timeout = '2s', minLength = 0, clock = systemClock } = options
  const limit = Math.min(toMilliseconds(timeout, 'shortenLinks', 'timeout'), longestDelay)
  const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, urlAuth: true })

  const linksOf = (text: string) =>
    (linkify.match(text) ?? []).filter(({ url, raw }) => isWebUrl(url) && !hasCredentials(url) && raw.length >= minLength)

  async function rewrite(
    text: string,
    links: ReturnType<typeof linksOf>,
    context: Omit<LinkContext, 'signal'>,
  ): Promise<ShortenedText> {
    const urls = [...new Set(links.map(({ url }) => url))]
    const answers = new Map(
      await Promise.all(urls.map(async (url) => [url, await ask(hook, url, context, limit, clock)] as const)),
    )
    const used = new Map<string, string>()
    let result = ''
    let from = 0
    for (const { index, lastIndex, raw, url } of links) {
      const { short } = answers.get(url)!
      const replace = short !== undefined && short !== url && short.length <= raw.length
      if (replace) used.set(url, short)
      result += text.slice(from, index) + (replace ? short : raw)
      from = lastIndex
    }
    return {
      text: result + text.slice(from),
      links: [...used].map(([long, short]) => ({ long, short })),
      failures: [...answers].flatMap(([long, { message }]) => (message === undefined ? [] : [{ long, message }])),
    }
  }

  return {
    channels,
    rewrite(text, context) {
      const links = linksOf(text)
      return links.length === 0 ? undefined : rewrite(text, links, context)
    },
  }
}

interface Answer {
  readonly short?: string
  readonly message?: string
}

/** Asks the hook for one link. Never rejects, and never takes longer than `limit` milliseconds. */
function ask(
  hook: Shortener,
  url: string,
  context: Omit<LinkContext, 'signal'>,
  limit: number,
  clock: Pick<Clock, 'setTimer'>,
): Promise<Answer> {
  const controller = new AbortController()
  return new Promise((resolve) => {
    const stop = clock.setTimer(limit, () => {
      resolve({ message: `the shortener did not answer within ${limit} ms` })
      controller.abort()
    })
    void new Promise<unknown>((settle) => settle(hook(url, { ...context, signal: controller.signal })))
      .then(
        (short) => (isWebUrl(short) ? { short } : { message: 'the shortener did not answer with an absolute http(s) URL' }),
        (error: unknown) => ({ message: messageOf(error, url) }),
      )
      .then(resolve)
      .finally(stop)
  })
}

/** What went wrong. Messages of foreign errors are left out: they may hold the link, or a token. */
function messageOf(error: unknown, url: string): string {
  if (isOmnicascadeError(error) && !error.message.includes(url)) return error.message
  return `the shortener threw ${error instanceof Error ? error.name : `a ${typeof error}`}`
}

/** Passwords are nobody else's business: a link that holds one is not given away. */
function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}
