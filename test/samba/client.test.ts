import { once } from 'node:events'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { RequestError } from 'omnicascade'
import {
  createSambaClient,
  type SambaClientOptions,
  type SambaEvents,
  type SambaRecordOptions,
  type SambaSmsEvent,
  StreamError,
} from 'omnicascade/samba'
import { describe, expect, test } from 'vitest'
import { event, json } from './arbitraries.ts'
import { impatientClock, sambaServer } from './server.ts'

const apiKey = 'k3y-that-nobody-may-see'
const day = 86_400_000
const now = Date.UTC(2026, 10, 25)
const records = Array.from({ length: 50 }, (_, at) => ({
  smsEvent: { trackpoint: '4541245641234564', userId: `u${at}`, status: 'DELIVERED', date: now - at * 1000 },
  source: { type: 'one-off', campaign: { id: 'c', name: 'Černý pátek' }, sendDate: now - at * 1000 - 300 },
})) as SambaSmsEvent[]
const lines = records.map((record) => `${json(record as never)}\n`)
const text = lines.join('')

function client(options: Partial<SambaClientOptions> = {}) {
  return createSambaClient({ trackpointId: '4541245641234564', apiKey, clock: impatientClock(now), ...options })
}

/** What an export gives, and what it fails with. */
async function drain(events: SambaEvents) {
  const given: SambaSmsEvent[] = []
  let error: unknown
  try {
    for await (const one of events) given.push(one)
  } catch (thrown) {
    error = thrown
  }
  return { given, error: error as StreamError | undefined }
}

/** A `fetch` that answers with each text in turn, and breaks all answers but the last after it. */
function broken(...answers: readonly string[]): typeof fetch {
  let at = 0
  return async () => {
    const answer = new TextEncoder().encode(answers[at]!)
    const last = ++at >= answers.length
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(answer),
        pull: (controller) => (last ? controller.close() : controller.error(new Error('ECONNRESET'))),
      }),
    )
  }
}

describe('the request', () => {
  test('is a POST of JSON with the key in a header, and {} where no period is given', async () => {
    const { asked, baseUrl } = await sambaServer((response) => response.end(text))
    expect(await drain(client({ baseUrl }).exportSmsEvents())).toEqual({ given: records, error: undefined })
    expect(asked).toMatchObject([
      {
        method: 'POST',
        url: '/shop/4541245641234564/export-sms-events',
        headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
        body: {},
      },
    ])
  })

  test('gives the period in Unix milliseconds', async () => {
    const { asked, baseUrl } = await sambaServer((response) => response.end())
    await drain(client({ baseUrl }).exportSmsEvents({ from: new Date(now - day), to: now }))
    await drain(client({ baseUrl }).exportSmsEvents({ from: now - 90 * day }))
    await drain(client({ baseUrl }).exportSmsEvents({ to: new Date(now) }))
    expect(asked.map(({ body }) => body)).toEqual([{ from: now - day, to: now }, { from: now - 90 * day }, { to: now }])
  })

  test('goes to the host of the account', async () => {
    const urls: string[] = []
    const fetch: typeof globalThis.fetch = async (input) => {
      urls.push((input as Request).url)
      return new Response('')
    }
    await drain(client({ fetch }).exportSmsEvents())
    await drain(client({ fetch, host: 'api.yottly.com' }).exportSmsEvents())
    expect(urls).toEqual([
      'https://api.samba.ai/shop/4541245641234564/export-sms-events',
      'https://api.yottly.com/shop/4541245641234564/export-sms-events',
    ])
  })

  test('is made anew by each iteration', async () => {
    const { asked, baseUrl } = await sambaServer((response) => response.end(text))
    const events = client({ baseUrl }).exportSmsEvents()
    expect((await drain(events)).given).toEqual((await drain(events)).given)
    expect(asked.length).toBe(2)
  })
})

describe('a period that cannot be exported is refused at once', () => {
  const advice = 'Samba exports at most 90 days, and keeps no more: ask for a shorter period'

  test.each([
    [{ from: now - 91 * day }, `from: is more than 90 days ago; ${advice}`],
    [{ from: now - 90 * day - 60_001 }, `from: is more than 90 days ago; ${advice}`],
    [{ from: now - 90 * day - 1, to: now }, `from: is more than 90 days before \`to\`; ${advice}`],
    [{ from: now, to: now - 1 }, 'from: is later than `to`'],
    [{ from: Number.NaN }, 'from: must be a Date or whole Unix milliseconds'],
    [{ from: -1, to: now }, 'from: must be a Date or whole Unix milliseconds'],
    [{ from: '7' as never }, 'from: must be a Date or whole Unix milliseconds'],
    [{ to: new Date('never') }, 'to: must be a Date or whole Unix milliseconds'],
    [{ to: '2026-11-25' as never }, 'to: must be a Date or whole Unix milliseconds'],
  ])('%j', (period, message) => {
    expect(() => client().exportSmsEvents(period)).toThrow(RequestError)
    expect(() => client().exportSmsEvents(period)).toThrow(expect.objectContaining({ message: `exportSmsEvents: ${message}` }))
  })

  test('but not one of a single millisecond, of 90 days to the millisecond, or a minute more for slow clocks', () => {
    for (const period of [
      { from: now, to: now },
      { from: 0, to: 0 },
      { from: now - 90 * day, to: now },
      { from: now - 90 * day - 60_000 },
    ]) {
      expect(() => client().exportSmsEvents(period)).not.toThrow()
    }
  })
})

describe('options that cannot work', () => {
  const trackpointId = 'trackpointId: must be the id from Settings > Overview, as a string if it is past 2^53'
  const key = 'apiKey: must be visible ASCII characters without spaces'
  const host = 'host: must be a host name, without https://'
  const baseUrl = 'baseUrl: must be an absolute http(s) URL'
  const retries = 'retries: must be a whole number, 0 or more'

  test.each([
    [{ trackpointId: 2 ** 60 }, trackpointId],
    [{ trackpointId: '../x' }, trackpointId],
    [{ trackpointId: 'x/..' }, trackpointId],
    [{ trackpointId: '' }, trackpointId],
    [{ apiKey: 'a\nb' }, key],
    [{ apiKey: ' abc' }, key],
    [{ apiKey: 'abc ' }, key],
    [{ apiKey: '' }, key],
    [{ apiKey: 12345 }, key],
    [{ host: 'https://api.samba.ai' }, host],
    [{ host: 'api.samba.ai/v1' }, host],
    [{ host: 'api.samba.ai:' }, host],
    [{ baseUrl: 'api.samba.ai' }, baseUrl],
    [{ baseUrl: 'ftp://api.samba.ai' }, baseUrl],
    [{ baseUrl: 'shttp://api.samba.ai' }, baseUrl],
    [{ baseUrl: 'httpx://api.samba.ai' }, baseUrl],
    [{ retries: -1 }, retries],
    [{ retries: 1.5 }, retries],
    [{ retries: '3' }, retries],
    [{ apiKey: '', retries: -1 }, `${key}; ${retries}`],
  ])('%j are refused by name, without their values', (options, message) => {
    expect(errorOf(() => client(options as never)).message).toBe(`createSambaClient: ${message}`)
  })

  test('are not those with a numeric trackpoint, a port, and no retries', () => {
    expect(() => client({ trackpointId: 4541245641234564, host: 'localhost:8080', retries: 0 })).not.toThrow()
    expect(() => client({ baseUrl: 'http://localhost' })).not.toThrow()
  })

  function errorOf(run: () => unknown): RequestError {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(RequestError)
      return error as RequestError
    }
    throw new Error('nothing was thrown')
  }
})

describe('an answer that is no export', () => {
  test.each([
    [401, 'samba-unauthorized', 1, 'check apiKey, and that it belongs to trackpointId'],
    [403, 'samba-unauthorized', 1, 'check apiKey, and that it belongs to trackpointId'],
    [404, 'samba-unknown-trackpoint', 1, 'check trackpointId, and host: enterprise accounts are at api.yottly.com'],
    [400, 'samba-refused', 1, 'the request was refused'],
    [302, 'samba-redirected', 1, 'redirects are not followed: check host or baseUrl'],
    [408, 'samba-unavailable', 3, 'try again later'],
    [429, 'samba-rate-limited', 3, 'try again later'],
    [500, 'samba-unavailable', 3, 'try again later'],
    [503, 'samba-unavailable', 3, 'try again later'],
  ])('HTTP %i is %s, after %i requests', async (status, code, requests, advice) => {
    const { asked, baseUrl } = await sambaServer((response) =>
      response.writeHead(status, { location: '/elsewhere' }).end(`no, ${apiKey}`),
    )
    const { error } = await drain(client({ baseUrl, retries: 2 }).exportSmsEvents())
    expect(error).toBeInstanceOf(StreamError)
    expect(error).toMatchObject({ code, status, message: `Samba answered HTTP ${status}: ${advice}` })
    expect(asked.length).toBe(requests)
    expect(inspect(error, { depth: 9 })).not.toContain(apiKey)
  })

  test('429 and 5xx are asked again after what Retry-After says, or after 1, 2, 4 … seconds', async () => {
    const { baseUrl } = await sambaServer((response, at) => {
      if (at === 1) response.writeHead(429, { 'retry-after': '7' }).end()
      else if (at < 4) response.writeHead(503).end()
      else response.end(text)
    })
    const clock = impatientClock(now)
    expect(await drain(client({ baseUrl, clock }).exportSmsEvents())).toEqual({ given: records, error: undefined })
    expect(clock.delays).toEqual([1000, 7000, 4000, 8000])
  })

  test('it is asked five times more, and never waited for longer than a minute, unless told otherwise', async () => {
    const fetch: typeof globalThis.fetch = async () => new Response(null, { status: 503 })
    const clock = impatientClock(now)
    expect((await drain(client({ fetch, clock }).exportSmsEvents())).error?.code).toBe('samba-unavailable')
    expect(clock.delays).toEqual([1000, 2000, 4000, 8000, 16_000])
    await drain(client({ fetch, clock, retries: 8 }).exportSmsEvents())
    expect(clock.delays.slice(5)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  })

  test('a Retry-After of five minutes is waited for', async () => {
    const { baseUrl } = await sambaServer((response, at) =>
      at === 0 ? response.writeHead(429, { 'retry-after': '300' }).end() : response.end(text),
    )
    const clock = impatientClock(now)
    expect((await drain(client({ baseUrl, clock }).exportSmsEvents())).given).toEqual(records)
    expect(clock.delays).toEqual([300_000])
  })

  test('an answer without a body is an export of nothing', async () => {
    const fetch: typeof globalThis.fetch = async () => new Response(null)
    expect(await drain(client({ fetch }).exportSmsEvents())).toEqual({ given: [], error: undefined })
  })

  test('a Retry-After that is too long to wait for is left to the caller', async () => {
    const { asked, baseUrl } = await sambaServer((response) => response.writeHead(429, { 'retry-after': '3600' }).end())
    const { error } = await drain(client({ baseUrl }).exportSmsEvents())
    expect(error).toMatchObject({ code: 'samba-rate-limited', message: expect.stringContaining('try again in 3600 s') })
    expect(asked.length).toBe(1)
  })

  test('a server that cannot be reached is asked again, then said to be so', async () => {
    const fetch: typeof globalThis.fetch = async () => {
      throw new TypeError(`fetch failed for ${apiKey}`)
    }
    const clock = impatientClock(now)
    const { error } = await drain(client({ fetch, clock, retries: 2 }).exportSmsEvents())
    expect(error).toMatchObject({ code: 'samba-unavailable', status: undefined, message: 'Samba could not be reached' })
    expect(inspect(error, { depth: 9 })).not.toContain(apiKey)
    expect(clock.delays).toEqual([1000, 2000])
  })

  test('waiting for the next try ends when the signal is aborted', async () => {
    const controller = new AbortController()
    const clock = { now: () => now, setTimer: () => () => {} }
    const fetch: typeof globalThis.fetch = async () => {
      setImmediate(() => controller.abort(new Error('enough')))
      return new Response('', { status: 503 })
    }
    const { error } = await drain(client({ fetch, clock }).exportSmsEvents({ signal: controller.signal }))
    expect(error?.message).toBe('enough')
  })
})

describe('a stream that is cut', () => {
  test('goes on after the last event, without losing or repeating one', async () => {
    const { asked, baseUrl } = await sambaServer((response, at) => {
      if (at === 2) return response.end(text)
      response.writeHead(200)
      response.write(text.slice(0, [1000, 4321][at]), () => response.destroy())
    })
    expect(await drain(client({ baseUrl }).exportSmsEvents({ from: now - day }))).toEqual({ given: records, error: undefined })
    const { from, to } = asked[1]!.body as { from: number; to: number }
    expect([asked[0]!.body, from, asked[2]!.body]).toEqual([{ from: now - day }, now - day, { from, to }])
    expect(Math.abs(to - Date.now())).toBeLessThan(day)
  })

  test('may be cut anywhere, also several times, and hold equal events: each is given as often as it is in the export', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        async (pool, picks, cuts) => {
          const all = picks.map((pick) => pool[pick % pool.length]!)
          const whole = all.map((one) => `${json(one)}\n`).join('')
          const answers = [...cuts.map((at) => whole.slice(0, at % (whole.length + 1))), whole]
          const { given, error } = await drain(client({ fetch: broken(...answers) }).exportSmsEvents())
          expect(error).toBeUndefined()
          expect(given).toEqual(all)
        },
      ),
    )
  })

  test('goes on, too, if what was given comes again in another order', async () => {
    const again = [...lines.slice(0, 10).toReversed(), ...lines.slice(10)].join('')
    expect(await drain(client({ fetch: broken(lines.slice(0, 10).join(''), again) }).exportSmsEvents())).toEqual({
      given: records,
      error: undefined,
    })
  })

  test.each([
    ['the order is another', lines.toReversed().join('')],
    ['one of them is missing', lines.slice(1).join('')],
    ['one of them is another', lines[49] + lines.slice(1).join('')],
    ['there are fewer of them', lines.slice(0, 5).join('')],
  ])('says that it cannot go on if %s', async (_, again) => {
    const { given, error } = await drain(client({ fetch: broken(lines.slice(0, 10).join(''), again) }).exportSmsEvents())
    expect(given).toEqual(records.slice(0, 10))
    expect(error).toMatchObject({
      code: 'samba-resume-diverged',
      message:
        'the export broke, and Samba sent other events, or in another order, when asked again. To go on would lose or repeat some: start anew, with a shorter period',
    })
  })

  test('tells events of sources that are not documented apart, too', async () => {
    const trigger = (name: string) => `${lines[0]!.replace('one-off', name)}`
    const [first, second] = [trigger('trigger'), trigger('import')]
    const again = (given: string) => drain(client({ fetch: broken(first, given + lines[1]) }).exportSmsEvents())
    expect(await again(first)).toMatchObject({ given: [{ source: { name: 'trigger' } }, records[1]], error: undefined })
    expect((await again(second)).error).toMatchObject({ code: 'samba-resume-diverged' })
  })

  test('tells the nodes of one flow apart', async () => {
    const flow = (node: string) =>
      lines[0]!.replace('one-off', 'flow').replace('"sendDate"', `"node":{"id":"${node}","name":"N"},"sendDate"`)
    const again = (given: string) => drain(client({ fetch: broken(flow('a'), given) }).exportSmsEvents())
    expect(await again(flow('a'))).toMatchObject({ given: [{ source: { node: { id: 'a' } } }], error: undefined })
    expect((await again(flow('b'))).error).toMatchObject({ code: 'samba-resume-diverged' })
  })

  test('gives no batch that is empty while it catches up', async () => {
    const sizes: number[] = []
    const fetch = broken(lines.slice(0, 10).join(''), lines.slice(0, 10).join(''), text)
    for await (const batch of client({ fetch }).exportSmsEvents().batches()) sizes.push(batch.length)
    expect(sizes).toEqual([10, 40])
  })

  test('is given up after so many cuts', async () => {
    const fetch = broken(...Array.from({ length: 9 }, () => lines.slice(0, 10).join('')))
    const { given, error } = await drain(client({ fetch, retries: 3 }).exportSmsEvents())
    expect(given).toEqual(records.slice(0, 10))
    expect(error).toMatchObject({
      code: 'samba-interrupted',
      message: 'the connection to Samba broke within the export',
    })
  })

  test('reports a bad record once, with the same number, however often it comes', async () => {
    const bad = `${lines[0]}{oops}\n${lines[1]}`
    const reported: StreamError[] = []
    const fetch = broken(bad, bad, `${bad}nonsense\n${lines[2]}`)
    const { given, error } = await drain(client({ fetch }).exportSmsEvents({ onError: (report) => reported.push(report) }))
    expect([given, error]).toEqual([records.slice(0, 3), undefined])
    expect(reported.map(({ record }) => record)).toEqual([2, 4])
  })

  test('is not asked for again because of a bad record: that is the caller’s to decide', async () => {
    const { asked, baseUrl } = await sambaServer((response) => response.end(`${lines[0]}{oops}\n`))
    const { given, error } = await drain(client({ baseUrl }).exportSmsEvents())
    expect([given, error?.code, asked.length]).toEqual([records.slice(0, 1), 'samba-malformed-record', 1])
  })

  describe.each<NonNullable<SambaRecordOptions['onError']>>(['throw', 'skip', () => {}])(
    'within a record, though the connection ends well (%s),',
    (onError) => {
      test('goes on as after any cut', async () => {
        const { asked, baseUrl } = await sambaServer((response, at) => {
          response.shouldKeepAlive = false
          response.useChunkedEncodingByDefault = false
          response.end(at === 0 ? text.slice(0, -20) : text)
        })
        expect(await drain(client({ baseUrl }).exportSmsEvents({ onError }))).toEqual({ given: records, error: undefined })
        expect(asked.length).toBe(2)
      })

      test('is reported once it has ended so every time', async () => {
        const { asked, baseUrl } = await sambaServer((response) => response.end(text.slice(0, -20)))
        const { given, error } = await drain(client({ baseUrl, retries: 2 }).exportSmsEvents({ onError }))
        expect(error).toBeInstanceOf(StreamError)
        expect([given, error?.code, error?.record, asked.length]).toEqual([records.slice(0, 49), 'samba-truncated-record', 50, 3])
      })
    },
  )
})

describe('the period asked for again', () => {
  const second = new Date(now).toUTCString()
  test.each([
    ['none', {}, { from: now - 90 * day, to: now + 999 }],
    ['from the past', { from: now - day }, { from: now - day, to: now + 999 }],
    ['to the past', { to: now - day }, { to: now - day }],
    ['from and to the past', { from: now - 2 * day, to: now - day }, { from: now - 2 * day, to: now - day }],
    ['to the last millisecond of its second', { to: now + 999 }, { to: now + 999 }],
    ['to the future', { from: now - day, to: now + day }, { from: now - day, to: now + 999 }],
    ['to the future alone', { to: now + day }, { from: now - 89 * day, to: now + 999 }],
    ['in the future', { from: now + 5000, to: now + day }, { from: now + 5000, to: now + 5000 }],
  ])('ends when the first answer began at the latest: %s', async (_, period, again) => {
    const { asked, baseUrl } = await sambaServer((response, at) => {
      response.writeHead(200, { date: second })
      if (at === 1) response.end(text)
      else response.write(lines[0], () => response.destroy())
    })
    expect(await drain(client({ baseUrl }).exportSmsEvents(period))).toEqual({ given: records, error: undefined })
    expect(asked.map(({ body }) => body)).toEqual([period, again])
  })

  test('ends by our own clock where the server does not say when, and stays the same however often it is asked for', async () => {
    const bodies: unknown[] = []
    const answer = broken(lines[0]!, lines[0]!, text)
    const fetch: typeof globalThis.fetch = async (input) => {
      bodies.push(await (input as Request).json())
      return answer(input)
    }
    let time = now
    const clock = { ...impatientClock(), now: () => time++ }
    expect((await drain(client({ fetch, clock }).exportSmsEvents({ from: now - day }))).given).toEqual(records)
    const again = { from: now - day, to: now + 1 }
    expect(bodies).toEqual([{ from: now - day }, again, again])
  })
})

describe('the connection', () => {
  test('gives events as they come', async () => {
    let more = () => {}
    const { baseUrl } = await sambaServer((response) => {
      response.write(lines[0])
      more = () => response.end(lines[1])
    })
    const iterator = client({ baseUrl }).exportSmsEvents()[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual(records[0])
    more()
    expect((await iterator.next()).value).toEqual(records[1])
    expect((await iterator.next()).done).toBe(true)
  })

  test('is closed when the loop is left', async () => {
    let closed: Promise<unknown> | undefined
    const { baseUrl } = await sambaServer((response) => {
      closed = once(response, 'close')
      response.write(text)
    })
    for await (const _ of client({ baseUrl }).exportSmsEvents()) break
    await closed
  })

  test('is closed when the answer is no export', async () => {
    let closed: Promise<unknown> | undefined
    const { baseUrl } = await sambaServer((response) => {
      closed = once(response, 'close')
      response.writeHead(404).write('still talking')
    })
    expect((await drain(client({ baseUrl }).exportSmsEvents())).error?.code).toBe('samba-unknown-trackpoint')
    await closed
  })

  test('is closed when the signal is aborted, and the iteration rejects with its reason', async () => {
    let closed: Promise<unknown> | undefined
    const { baseUrl } = await sambaServer((response) => {
      closed = once(response, 'close')
      response.write(lines[0])
    })
    const controller = new AbortController()
    const iterator = client({ baseUrl }).exportSmsEvents({ signal: controller.signal })[Symbol.asyncIterator]()
    await iterator.next()
    const next = iterator.next()
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    await closed
  })

  test('is not made when the signal is aborted already', async () => {
    const { asked, baseUrl } = await sambaServer((response) => response.end(text))
    const signal = AbortSignal.abort(new Error('enough'))
    expect(await drain(client({ baseUrl }).exportSmsEvents({ signal }))).toEqual({ given: [], error: new Error('enough') })
    expect(asked).toEqual([])
  })
})

test('the key is not to be seen in the client, or in what it gives', () => {
  const samba = client()
  expect(inspect([samba, samba.exportSmsEvents()], { depth: 9, showHidden: true }) + JSON.stringify(samba)).not.toContain(apiKey)
})
