import { OmnicascadeError, RequestError } from 'omnicascade'
import { shortenLinks } from 'omnicascade/links'
import { type LinkClick, type LinkStore, memoryLinkStore, type StoredLink, storeShortener } from 'omnicascade/shorteners/store'
import { describe, expect, test } from 'vitest'

const baseUrl = 'https://go.example.org/'
const url = 'https://example.org/order/1?token=abc#top'
const context = { channel: 'sms', notificationId: 'n1', dryRun: false, signal: new AbortController().signal } as const
const codeOf = (short: string) => short.slice(baseUrl.length)

/** A store that keeps what was put, and refuses the codes that `taken` names. */
function watchedStore(taken: readonly string[] = []) {
  const put: [string, StoredLink][] = []
  const store: LinkStore = {
    async put(code, link) {
      put.push([code, link])
      return !taken.includes(code)
    },
    get: () => undefined,
  }
  return { store, put }
}

describe('shortening', () => {
  test('gives a link on the own domain that resolves to the long one', async () => {
    const shorten = storeShortener({ baseUrl, store: memoryLinkStore() })
    const short = await shorten(url, context)
    expect(short).toMatch(/^https:\/\/go\.example\.org\/[2-9A-HJ-NP-Za-hjkmnp-z]{8}$/)
    expect(await shorten.resolve(codeOf(short))).toBe(url)
    expect(await shorten.resolve('unknown1')).toBeUndefined()
  })

  test('keeps what a click must be told with', async () => {
    const { store, put } = watchedStore()
    const shorten = storeShortener({
      baseUrl: 'https://example.org/s',
      store,
      codeLength: 4,
      generate: () => 'abcd',
      now: () => 1000,
    })
    expect(await shorten(url, context)).toBe('https://example.org/s/abcd')
    expect(put).toEqual([['abcd', { url, notificationId: 'n1', channel: 'sms', createdAt: 1000 }]])
  })

  test('tries another code where one is taken, five times at most', async () => {
    const codes = ['a', 'b', 'c']
    const { store } = watchedStore(['a', 'b'])
    expect(await storeShortener({ baseUrl, store, generate: () => codes.shift()! })(url, context)).toBe(`${baseUrl}c`)
    const { store: full, put } = watchedStore(['a'])
    await expect(storeShortener({ baseUrl, store: full, generate: () => 'a' })(url, context)).rejects.toThrow(
      'no free code in 5 attempts',
    )
    expect(put).toHaveLength(5)
  })

  test('gives the same link to a message that is sent again, and another to every other', async () => {
    const store = memoryLinkStore()
    const shorten = storeShortener({ baseUrl, store })
    const short = await shorten(url, context)
    expect(await shorten(url, context)).toBe(short)
    expect(await storeShortener({ baseUrl, store })(url, context)).toBe(short)
    const others = [
      await shorten(`${url}2`, context),
      await shorten(url, { ...context, notificationId: 'n2' }),
      await shorten(url, { ...context, channel: 'viber' }),
    ]
    expect(new Set([short, ...others]).size).toBe(4)
  })

  test('does not give a code that another link has to this one', async () => {
    const store = memoryLinkStore()
    const other = { url: 'https://example.org/other', notificationId: 'n0', channel: 'sms', createdAt: 0 } as const
    const shorten = storeShortener({ baseUrl, store })
    const code = codeOf(await storeShortener({ baseUrl, store: memoryLinkStore() })(url, context))
    await store.put(code, other)
    const short = await shorten(url, context)
    expect(codeOf(short)).not.toBe(code)
    expect(await shorten(url, context)).toBe(short)
    expect(await shorten.resolve(code)).toBe(other.url)
  })

  test('makes codes of any length', async () => {
    const shorten = storeShortener({ baseUrl, store: memoryLinkStore(), codeLength: 50 })
    expect(codeOf(await shorten(url, context))).toMatch(/^\w{50}$/)
  })

  test('never overwrites a link in memory', () => {
    const store = memoryLinkStore()
    const link = { url, notificationId: 'n', channel: 'sms', createdAt: 0 } as const
    expect(store.put('a', link)).toBe(true)
    expect(store.put('a', { ...link, url: 'https://example.org/other' })).toBe(false)
    expect(store.get('a')).toEqual(link)
  })

  test('a dry run stores nothing and gives a link of the same length', async () => {
    const { store, put } = watchedStore()
    const shorten = storeShortener({ baseUrl, store })
    const short = await shorten(url, { ...context, dryRun: true })
    expect(put).toEqual([])
    expect(short).toHaveLength((await shorten(url, context)).length)
  })

  test.each([
    'javascript:alert(1)',
    'https://example.org/\n',
    'ftp://example.org/x',
    'example.org/x',
    '//example.org',
    'https://',
    '',
  ])('refuses %j', async (target) => {
    const { store, put } = watchedStore()
    await expect(storeShortener({ baseUrl, store })(target, context)).rejects.toThrow(OmnicascadeError)
    expect(put).toEqual([])
  })

  test('refuses codes that do not fit a URL', async () => {
    await expect(storeShortener({ baseUrl, store: memoryLinkStore(), generate: () => '../x' })(url, context)).rejects.toThrow(
      'generate must give',
    )
  })

  test('stops when it is called off', async () => {
    const { store, put } = watchedStore()
    await expect(storeShortener({ baseUrl, store })(url, { ...context, signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    expect(put).toEqual([])
  })

  test.each([
    [{ baseUrl: 'go.example.org' }, 'baseUrl'],
    [{ baseUrl: 'https://go.example.org/?c=' }, 'baseUrl'],
    [{ baseUrl: 'javascript:x' }, 'baseUrl'],
    [{ codeLength: 3 }, 'codeLength'],
    [{ codeLength: 7.5 }, 'codeLength'],
  ])('refuses the options %j', (wrong, path) => {
    expect(() => storeShortener({ baseUrl, store: memoryLinkStore(), ...wrong })).toThrow(RequestError)
    expect(() => storeShortener({ baseUrl, store: memoryLinkStore(), ...wrong })).toThrow(path)
  })
})

describe('resolving', () => {
  test('tells of each click', async () => {
    const clicks: LinkClick[] = []
    const shorten = storeShortener({
      baseUrl,
      store: memoryLinkStore(),
      now: () => 5,
      onClick: (click) => void clicks.push(click),
    })
    const code = codeOf(await shorten(url, context))
    await shorten.resolve(code, { userAgent: 'x' })
    await shorten.resolve(code)
    await shorten.resolve('unknown1')
    const click = { code, url, notificationId: 'n1', channel: 'sms', at: 5 }
    expect(clicks).toEqual([
      { ...click, info: { userAgent: 'x' } },
      { ...click, info: undefined },
    ])
  })

  test('goes on where telling fails', async () => {
    const errors: unknown[] = []
    const failing = async () => {
      throw new Error('down')
    }
    const shorten = storeShortener({
      baseUrl,
      store: memoryLinkStore(),
      onClick: failing,
      onError: (error) => errors.push(error),
    })
    expect(await shorten.resolve(codeOf(await shorten(url, context)))).toBe(url)
    expect(errors).toEqual([new Error('down')])
  })

  test('never redirects to another scheme, whatever the store holds', async () => {
    const bad = { url: 'javascript:alert(1)', notificationId: 'n', channel: 'sms', createdAt: 0 } as const
    const clicks: LinkClick[] = []
    const store: LinkStore = { put: () => true, get: () => bad }
    const shorten = storeShortener({ baseUrl, store, onClick: (click) => void clicks.push(click) })
    expect(await shorten.resolve('abc')).toBeUndefined()
    expect(clicks).toEqual([])
  })

  test('asks the store for codes only', async () => {
    const asked: string[] = []
    const store: LinkStore = { put: () => true, get: (code) => void asked.push(code) as undefined }
    const shorten = storeShortener({ baseUrl, store })
    for (const code of ['', '../etc', 'a b', "'; drop", '__proto__']) await shorten.resolve(code)
    expect(asked).toEqual(['__proto__'])
    expect(await storeShortener({ baseUrl, store: memoryLinkStore() }).resolve('__proto__')).toBeUndefined()
  })
})

test('works as the hook of shortenLinks', async () => {
  const shorten = storeShortener({ baseUrl, store: memoryLinkStore() })
  const done = await shortenLinks(shorten).rewrite(`Your order: ${url}.`, { channel: 'sms', notificationId: 'n1', dryRun: false })
  expect(done?.text).toMatch(/^Your order: https:\/\/go\.example\.org\/\w{8}\.$/)
  expect(await shorten.resolve(codeOf(done!.links[0]!.short))).toBe(url)
})
