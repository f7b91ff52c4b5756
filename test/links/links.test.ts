import fc from 'fast-check'
import { RequestError, SendError } from 'omnicascade'
import { shortenLinks } from 'omnicascade/links'
import { describe, expect, test, vi } from 'vitest'
import type { LinkContext, Shortener } from '../../src/contract/links.ts'

const context = { channel: 'sms', notificationId: 'n1', dryRun: false } as const

/** Gives `https://s.io/1`, `https://s.io/2`, … and keeps what it was asked. */
function numbered() {
  const asked: { url: string; context: LinkContext }[] = []
  const hook: Shortener = async (url, given) => {
    asked.push({ url, context: given })
    return `https://s.io/${asked.length}`
  }
  return { hook, asked }
}

/** A clock whose timers run when told to. */
function handClock() {
  const timers = new Set<() => void>()
  return {
    timers,
    delays: [] as number[],
    setTimer(delay: number, run: () => void) {
      this.delays.push(delay)
      timers.add(run)
      return () => timers.delete(run)
    },
    ring() {
      for (const run of timers) run()
    },
  }
}

describe('finding links', () => {
  test.each([
    ['See https://example.org/a/long/path?x=1&y=2#z.', 'See https://s.io/1.', ['https://example.org/a/long/path?x=1&y=2#z']],
    ['(https://example.org/wiki/A_(b)), ok', '(https://s.io/1), ok', ['https://example.org/wiki/A_(b)']],
    ['«https://example.org/long/path/1»!', '«https://s.io/1»!', ['https://example.org/long/path/1']],
    ['HTTP://EXAMPLE.ORG/SHOUTING', 'https://s.io/1', ['HTTP://EXAMPLE.ORG/SHOUTING']],
    [
      'Деталі: https://приклад.укр/шлях/до/сторінки, дякуємо',
      'Деталі: https://s.io/1, дякуємо',
      ['https://приклад.укр/шлях/до/сторінки'],
    ],
    ['go to example.org/long/path/1 now', 'go to https://s.io/1 now', ['http://example.org/long/path/1']],
    [
      'a https://example.org/long/1 b https://example.org/long/2',
      'a https://s.io/1 b https://s.io/2',
      ['https://example.org/long/1', 'https://example.org/long/2'],
    ],
  ])('%s', async (text, expected, urls) => {
    const { hook, asked } = numbered()
    expect((await shortenLinks(hook).rewrite(text, context))?.text).toBe(expected)
    expect(asked.map(({ url }) => url)).toEqual(urls)
  })

  test.each([
    'no links here. Really.',
    '',
    'write to someone@example.org or mailto:someone@example.org',
    'write to shop.com@example.org, whose name looks like a host',
    'ftp://example.org/file and //example.org/x and tel:+420777123456 and javascript:alert(1)',
    'https://user:secret@example.org/a/long/path',
    'https://token@example.org/a/long/path',
    'https://:secret@example.org/a/long/path',
    'https:// and http:///x',
  ])('%j has none', (text) => {
    const { hook, asked } = numbered()
    expect(shortenLinks(hook).rewrite(text, context)).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('a link that comes twice is asked for once and replaced twice', async () => {
    const { hook, asked } = numbered()
    const url = 'https://example.org/long/path'
    expect(await shortenLinks(hook).rewrite(`${url} and ${url}, bye`, context)).toEqual({
      text: 'https://s.io/1 and https://s.io/1, bye',
      links: [{ long: url, short: 'https://s.io/1' }],
      failures: [],
    })
    expect(asked).toHaveLength(1)
  })

  test('links below minLength are left alone', () => {
    const { hook } = numbered()
    const { rewrite } = shortenLinks(hook, { minLength: 24 })
    expect(rewrite('https://example.org/123', context)).toBeUndefined()
    expect(rewrite('https://example.org/1234', context)).toBeDefined()
  })

  test('only links change, whatever the text around them', async () => {
    const longs: string[] = []
    const { rewrite } = shortenLinks(async (url) => `https://s.io/${longs.push(url)}_`)
    const parts = fc.array(fc.constantFrom(' ', 'a', '.', '(', ')', 'https://example.org/long/path/', 'ї', '👍', '"', '\n', '@'))
    await fc.assert(
      fc.asyncProperty(parts, async (some) => {
        const text = some.join('')
        const done = await rewrite(text, context)
        const restored = done?.text.replaceAll(/https:\/\/s\.io\/(\d+)_/g, (_, number: string) => longs[Number(number) - 1]!)
        expect(restored ?? text).toBe(text)
        for (const { long } of done?.links ?? []) expect(longs).toContain(long)
      }),
      { numRuns: 200 },
    )
  })
})

describe('asking the hook', () => {
  test('SMS only, unless told otherwise', () => {
    expect(shortenLinks(numbered().hook).channels).toEqual(['sms'])
    expect(shortenLinks(numbered().hook, { channels: ['viber', 'sms'] }).channels).toEqual(['viber', 'sms'])
  })

  test('it gets the context and a signal', async () => {
    const { hook, asked } = numbered()
    await shortenLinks(hook).rewrite('https://example.org/a/long/path', { ...context, dryRun: true })
    expect(asked[0]?.context).toEqual({ ...context, dryRun: true, signal: expect.any(AbortSignal) })
    expect(asked[0]?.context.signal.aborted).toBe(false)
  })

  test('all links of a text are asked for at the same time', async () => {
    const waiting: (() => void)[] = []
    const hook: Shortener = (url) => new Promise((resolve) => waiting.push(() => resolve(`https://s.io/${url.at(-1)}`)))
    const done = shortenLinks(hook).rewrite('https://example.org/long/1 https://example.org/long/2', context)
    await vi.waitFor(() => expect(waiting).toHaveLength(2))
    for (const answer of waiting.reverse()) answer()
    expect((await done)?.text).toBe('https://s.io/1 https://s.io/2')
  })
})

describe('failing open', () => {
  const url = 'https://example.org/reset?token=secret'
  const other = 'https://example.org/a/long/path'

  test.each<[string, Shortener, string]>([
    ['rejects', async () => Promise.reject(new TypeError(`cannot fetch ${url}`)), 'the shortener threw TypeError'],
    [
      'throws',
      () => {
        throw new Error(url)
      },
      'the shortener threw Error',
    ],
    [
      'throws a string',
      () => {
        throw url
      },
      'the shortener threw a string',
    ],
    [
      'throws null',
      () => {
        throw null
      },
      'the shortener threw a object',
    ],
    ['rejects with an error of ours', async () => Promise.reject(new SendError('transient', 'Bitly is busy')), 'Bitly is busy'],
    [
      'rejects with an error of ours that holds the link',
      async () => Promise.reject(new SendError('content', `bad ${url}`)),
      'the shortener threw SendError',
    ],
    ['answers with nothing', async () => undefined as never, 'the shortener did not answer with an absolute http(s) URL'],
    ['answers with an empty text', async () => '', 'the shortener did not answer with an absolute http(s) URL'],
    ['answers without a scheme', async () => 's.io/1', 'the shortener did not answer with an absolute http(s) URL'],
    [
      'answers with another scheme',
      async () => 'javascript:alert(1)',
      'the shortener did not answer with an absolute http(s) URL',
    ],
    [
      'answers with more than a URL',
      async () => 'https://s.io/1 buy',
      'the shortener did not answer with an absolute http(s) URL',
    ],
    ['answers with HTML', async () => '<html>https://s.io/1</html>', 'the shortener did not answer with an absolute http(s) URL'],
  ])('a hook that %s leaves the link long', async (_, hook, message) => {
    const partly: Shortener = (asked, given) => (asked === url ? hook(asked, given) : Promise.resolve('https://s.io/2'))
    const done = await shortenLinks(partly).rewrite(`Go ${url} or ${other}`, context)
    expect(done).toEqual({
      text: `Go ${url} or https://s.io/2`,
      links: [{ long: other, short: 'https://s.io/2' }],
      failures: [{ long: url, message }],
    })
    expect(message).not.toContain('secret')
  })

  test.each([
    ['the link itself', url],
    ['a longer one', `${url}&and=more`],
  ])('%s as an answer changes nothing, and is no failure', async (_, answer) => {
    expect(await shortenLinks(async () => answer).rewrite(url, context)).toEqual({ text: url, links: [], failures: [] })
  })

  test('an answer as long as the link is used', async () => {
    const answer = 'https://s.io/1'
    const long = 'https://a.io/1'
    const done = await shortenLinks(async () => answer).rewrite(long, context)
    expect(done).toEqual({ text: answer, links: [{ long, short: answer }], failures: [] })
  })

  test('a slow hook is cut off, its signal aborted, and what it says later ignored', async () => {
    const clock = handClock()
    const late: (() => void)[] = []
    let signal: AbortSignal | undefined
    const hook: Shortener = (asked, given) => {
      if (asked === other) return Promise.resolve('https://s.io/2')
      signal = given.signal
      return new Promise((_, reject) => late.push(() => reject(new Error('too late'))))
    }
    const done = shortenLinks(hook, { clock, timeout: '1.5s' }).rewrite(`${url} ${other}`, context)
    await vi.waitFor(() => expect(clock.timers.size).toBe(1))
    expect(clock.delays).toEqual([1500, 1500])
    clock.ring()
    expect(await done).toEqual({
      text: `${url} https://s.io/2`,
      links: [{ long: other, short: 'https://s.io/2' }],
      failures: [{ long: url, message: 'the shortener did not answer within 1500 ms' }],
    })
    expect(signal?.aborted).toBe(true)
    late[0]?.()
    await vi.waitFor(() => expect(clock.timers.size).toBe(0))
  })

  test('no timer is left behind', async () => {
    const clock = handClock()
    await shortenLinks(numbered().hook, { clock }).rewrite(url, context)
    expect(clock.delays).toEqual([2000])
    await vi.waitFor(() => expect(clock.timers.size).toBe(0))
  })

  test('a time-out of months is no time-out of none', async () => {
    const clock = handClock()
    await shortenLinks(numbered().hook, { clock, timeout: '100d' }).rewrite(url, context)
    expect(clock.delays).toEqual([2 ** 31 - 1])
  })

  test.each(['2 seconds', '', -1, Number.NaN])('a time-out of %j is refused', (timeout) => {
    const create = () => shortenLinks(numbered().hook, { timeout: timeout as never })
    expect(create).toThrow(RequestError)
    expect(create).toThrow('shortenLinks: timeout: is not a duration')
  })
})
