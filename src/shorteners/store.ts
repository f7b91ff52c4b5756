import type { Channel } from '../contract/channel.ts'
import { OmnicascadeError, RequestError } from '../contract/errors.ts'
import type { Awaitable } from '../contract/json.ts'
import type { Shortener } from '../contract/links.ts'
import { isWebUrl } from '../text/web-url.ts'
import { isPublicLink } from '../wire/public-url.ts'

/** What is kept under a code; plain JSON. */
export interface StoredLink {
  readonly url: string
  readonly notificationId: string
  readonly channel: Channel
  /** Unix milliseconds. */
  readonly createdAt: number
}

/** Where short links are kept: a table of the app's database, say, with the code as its key. */
export interface LinkStore {
  /** Keeps a link; false if the code is taken, and then nothing is changed. Must be atomic. */
  put(code: string, link: StoredLink): Awaitable<boolean>
  get(code: string): Awaitable<StoredLink | undefined>
}

/** Somebody followed a short link. */
export interface LinkClick {
  readonly code: string
  readonly url: string
  readonly notificationId: string
  readonly channel: Channel
  /** Unix milliseconds. */
  readonly at: number
  /** What the app's route gave to `resolve`, for example the user agent. */
  readonly info: Readonly<Record<string, unknown>> | undefined
}

/** Options of `storeShortener`. */
export interface StoreShortenerOptions {
  /** Where the app's redirect route is; the code is appended to it, after a slash. */
  readonly baseUrl: string
  readonly store: LinkStore
  /** Characters of a code. Default 8: about 46 bits, too many to guess links by trying. At least 4. */
  readonly codeLength?: number
  /**
   * Makes a code of letters, digits, `-` and `_`. Default: a hash of notification, channel and URL, without characters that look alike:
   * a message that is sent again carries the same link.
   */
  readonly generate?: (length: number) => string
  /** Takes links into private networks, too: for messages to people who are inside one. Default false. */
  readonly allowPrivate?: boolean
  /** Told of each click, before `resolve` answers. What it throws goes to `onError`; the redirect goes on. */
  readonly onClick?: (click: LinkClick) => Awaitable<void>
  readonly onError?: (error: unknown) => void
  /** Unix milliseconds. */
  readonly now?: () => number
}

/** A shortener with its other half, for the app's own redirect route. */
export interface StoreShortener extends Shortener {
  /** The long URL of a code, in ASCII as a `Location` field needs it, or undefined: answer 302 or 404. Counts as a click. */
  resolve(code: string, info?: Readonly<Record<string, unknown>>): Promise<string | undefined>
}

// No 0 and O, no 1, I and l, nor o and i, which people mistake when they type a link off a screen.
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz'
const attempts = 5

/**
 * Shortens links on the app's own store and domain, to which people then trust them. Takes http and https targets only, none with a user name before its host, which
 * passes for another host, and none in a private network; what else may be in the store is not redirected to either.
 */
export function storeShortener(options: StoreShortenerOptions): StoreShortener {
  const { store, codeLength = 8, generate, allowPrivate = false, onClick, onError, now = Date.now } = options
  const baseUrl = checkedBase(options.baseUrl, codeLength)

  const shorten: Shortener = async (url, { channel, notificationId, dryRun, signal }) => {
    if (!isWebUrl(url)) throw new OmnicascadeError('shorten', 'only absolute http and https URLs can be shortened')
    if (!isTarget(url, allowPrivate))
      throw new OmnicascadeError('shorten', 'the link has a user name in it, or leads into a private network (see allowPrivate)')
    if (dryRun) return baseUrl + 'x'.repeat(codeLength)
    for (let attempt = 0; attempt < attempts; attempt++) {
      signal.throwIfAborted()
      const code = generate?.(codeLength) ?? (await codeFor([notificationId, channel, url, attempt], codeLength))
      if (!/^[\w-]+$/.test(code)) throw new OmnicascadeError('shorten', 'generate must give letters, digits, "-" and "_" only')
      const link = { url, notificationId, channel, createdAt: now() }
      if ((await store.put(code, link)) || isSame(link, await store.get(code))) return baseUrl + code
    }
    throw new OmnicascadeError('shorten', `no free code in ${attempts} attempts: raise codeLength`)
  }

  async function told(click: LinkClick): Promise<void> {
    try {
      await onClick?.(click)
    } catch (error) {
      onError?.(error)
    }
  }

  return Object.assign(shorten, {
    async resolve(code: string, info?: Readonly<Record<string, unknown>>) {
      const link = /^[\w-]+$/.test(code) ? await store.get(code) : undefined
      if (link === undefined || !isWebUrl(link.url) || !isTarget(link.url, allowPrivate)) return undefined
      const { url, notificationId, channel } = link
      await told({ code, url, notificationId, channel, at: now(), info })
      // A Location field is ASCII: other letters make a 500 on Fastify, and end a bare server.
      return new URL(url).href
    },
  })
}

/** Links in memory, gone with the process: for development and tests. */
export function memoryLinkStore(): LinkStore {
  const links = new Map<string, StoredLink>()
  return {
    put(code, link) {
      if (links.has(code)) return false
      links.set(code, link)
      return true
    },
    get: (code) => links.get(code),
  }
}

function isTarget(url: string, allowPrivate: boolean): boolean {
  const { username, password } = new URL(url)
  return username === '' && password === '' && (allowPrivate || isPublicLink(url))
}

function checkedBase(baseUrl: string, codeLength: number): string {
  const issues = [
    ...(isWebUrl(baseUrl) && !/[?#]/.test(baseUrl)
      ? []
      : [{ path: 'baseUrl', message: 'must be an absolute http(s) URL without query and fragment' }]),
    ...(Number.isInteger(codeLength) && codeLength >= 4
      ? []
      : [{ path: 'codeLength', message: 'must be a whole number of at least 4' }]),
  ]
  if (issues.length > 0) throw new RequestError('storeShortener', issues)
  return baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
}

/** A code that nobody can guess who does not know what it is made of. */
async function codeFor(parts: readonly unknown[], length: number): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(parts))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from({ length }, (_, at) => alphabet[digest[at % digest.length]! % alphabet.length]).join('')
}

function isSame(one: StoredLink, other: StoredLink | undefined): boolean {
  return one.url === other?.url && one.notificationId === other.notificationId && one.channel === other.channel
}
