import { inspect } from 'node:util'
import { delay, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { RequestError } from 'omnicascade'
import { createTwinClient } from 'omnicascade/providers/twin'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSession } from '../../../src/providers/twin/session.ts'
import type { Http, HttpAnswer } from '../../../src/wire/http.ts'
import { failureOf } from '../failures.ts'
import { auth, credentials, handClock, identity, jwt, noon, notify, type Seen, seen } from './support.ts'

const server = setupServer()
let clock: ReturnType<typeof handClock>
let logins: Seen[]
let calls: Seen[]

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
beforeEach(() => {
  clock = handClock()
  logins = []
  calls = []
  server.use(
    ...identity(clock, logins),
    http.get(`${notify}/tasks`, async ({ request }) => {
      calls.push(await seen(request))
      return HttpResponse.json({ count: 0, items: [] })
    }),
  )
})
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const client = (options: object = {}) => createTwinClient({ ...credentials, clock, ...options })
const paths = () => logins.map(({ path }) => path.slice(auth.length))

describe('the log-in', () => {
  test('sends e-mail, password and ttl, and puts the token behind Bearer', async () => {
    await client().tasks.page()
    expect(logins).toEqual([
      {
        method: 'POST',
        path: `${auth}/login`,
        query: {},
        authorization: null,
        body: { ...credentials, ttl: 3600 },
      },
    ])
    expect(calls[0]?.authorization).toBe(`Bearer ${jwt(noon + 3_600_000)}`)
  })

  test('sends a companyId and the ttl that is asked for', async () => {
    await client({ companyId: 7, ttl: 43_200 }).tasks.page()
    expect(logins[0]?.body).toEqual({ ...credentials, ttl: 43_200, companyId: 7 })
  })

  test('happens once for fifty concurrent calls, and for the calls after them', async () => {
    const twin = client()
    await Promise.all(Array.from({ length: 50 }, () => twin.tasks.page()))
    await twin.tasks.page()
    expect(paths()).toEqual(['/login'])
    expect(calls).toHaveLength(51)
  })

  test('leaves no timer behind', async () => {
    await client().tasks.page()
    expect(clock.timers).toBe(0)
  })

  test.each([400, 401, 403, 404, 405, 422])(
    'refused with %i rejects all waiting calls as configuration, and is not tried again at once',
    async (status) => {
      let tries = 0
      server.use(
        http.post(`${auth}/login`, () => {
          tries++
          return HttpResponse.json({ error: 'Invalid credentials.' }, { status })
        }),
      )
      const twin = client()
      const failures = await Promise.all(Array.from({ length: 50 }, () => failureOf(twin.tasks.page())))
      const later = await failureOf(twin.tasks.page())
      expect(new Set(failures.map(({ kind }) => kind))).toEqual(new Set(['configuration']))
      expect(failures[0]?.message).toBe('log-in: Invalid credentials.')
      expect(failures[0]?.vendorCode).toBe(String(status))
      expect(later).toMatchObject({ kind: 'configuration', retryAfter: 10_000 })
      expect(tries).toBe(1)
      expect(calls).toEqual([])
    },
  )

  test('that was refused is tried again after ten seconds', async () => {
    server.use(http.post(`${auth}/login`, () => HttpResponse.json({ error: 'no' }, { status: 403 }), { once: true }))
    const twin = client()
    await failureOf(twin.tasks.page())
    clock.advance(9_999)
    await failureOf(twin.tasks.page())
    clock.advance(1)
    await twin.tasks.page()
    expect(paths()).toEqual(['/login'])
  })

  test.each([429, 500, 503])(
    'answered with %i is transient: nothing was sent, and it rests as long as TWIN asks',
    async (status) => {
      server.use(
        http.post(`${auth}/login`, () => HttpResponse.text('later', { status, headers: { 'retry-after': '3' } }), { once: true }),
      )
      const twin = client()
      expect(await failureOf(twin.tasks.page())).toMatchObject({ kind: 'transient', retryAfter: 3000 })
      clock.advance(2000)
      expect(await failureOf(twin.tasks.page())).toMatchObject({ kind: 'transient', retryAfter: 1000 })
      clock.advance(1000)
      await twin.tasks.page()
      expect(paths()).toEqual(['/login'])
    },
  )

  test('whose connection breaks is transient, for nothing was sent', async () => {
    server.use(http.post(`${auth}/login`, () => HttpResponse.error()))
    expect((await failureOf(client().tasks.page())).kind).toBe('transient')
  })

  test.each([
    ['a page', '<html>Sign in</html>'],
    ['an object without a token', '{"refreshToken":"r"}'],
    ['a token that no header can hold', '{"token":"a\\r\\nb"}'],
    ['null', 'null'],
  ])('answered with %s is configuration', async (_, body) => {
    server.use(http.post(`${auth}/login`, () => new HttpResponse(body)))
    expect((await failureOf(client().tasks.page())).kind).toBe('configuration')
  })

  test('that hangs is cut after fifteen seconds', async () => {
    let reached = () => {}
    const hanging = new Promise<void>((resolve) => {
      reached = resolve
    })
    server.use(
      http.post(`${auth}/login`, async () => {
        reached()
        await delay('infinite')
        return HttpResponse.error()
      }),
    )
    const failing = failureOf(client().tasks.page())
    await hanging
    clock.advance(15_000)
    expect(await failing).toMatchObject({ kind: 'transient' })
  })

  test('goes on for the others when one of the waiting calls is cut', async () => {
    let answer = () => {}
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    const cut = new AbortController()
    server.use(
      http.post(`${auth}/login`, async () => {
        cut.abort()
        await held
        return HttpResponse.json({ token: jwt(noon + 3_600_000) })
      }),
    )
    const twin = client()
    const patient = twin.tasks.page()
    expect(await failureOf(twin.tasks.page({}, { signal: cut.signal }))).toMatchObject({ kind: 'transient' })
    answer()
    expect(await patient).toEqual({ count: 0, items: [] })
    expect(calls).toHaveLength(1)
  })

  test('does not begin for a call that is cut already', async () => {
    expect((await failureOf(client().tasks.page({}, { signal: AbortSignal.abort() }))).kind).toBe('transient')
    expect(logins).toEqual([])
  })
})

describe('a token', () => {
  test('is refreshed a minute before it expires, without Bearer, once for concurrent calls', async () => {
    const twin = client()
    await twin.tasks.page()
    clock.advance(3_540_000 - 1)
    await twin.tasks.page()
    expect(paths()).toEqual(['/login'])
    clock.advance(1)
    await Promise.all([twin.tasks.page(), twin.tasks.page(), twin.tasks.page()])
    expect(paths()).toEqual(['/login', '/refresh'])
    expect(logins[1]).toMatchObject({
      authorization: jwt(noon + 3_600_000, 1),
      body: { refreshToken: 'refresh-1', ttl: 3600 },
    })
    expect(calls.at(-1)?.authorization).toBe(`Bearer ${jwt(clock.now() + 3_600_000, 2)}`)
  })

  test.each([400, 401, 404, 405])('whose refresh is answered with %i is replaced by a new log-in', async (status) => {
    server.use(http.post(`${auth}/refresh`, () => HttpResponse.json({ error: 'no' }, { status })))
    const twin = client()
    await twin.tasks.page()
    clock.advance(3_550_000)
    await twin.tasks.page()
    expect(paths()).toEqual(['/login', '/login'])
  })

  test('goes on serving while TWIN cannot refresh it, until it expires', async () => {
    let tries = 0
    server.use(
      http.post(`${auth}/refresh`, () => {
        tries++
        return HttpResponse.text('down', { status: 502 })
      }),
    )
    const twin = client()
    await twin.tasks.page()
    clock.advance(3_550_000)
    await twin.tasks.page()
    await twin.tasks.page()
    expect(tries).toBe(1)
    expect(paths()).toEqual(['/login'])
    clock.advance(50_000)
    await twin.tasks.page()
    expect(paths()).toEqual(['/login', '/login'])
  })

  test.each([
    [503, 'transient'],
    [403, 'configuration'],
  ])('goes on serving, until it expires, where its refresh is refused and the log-in answered with %i', async (status, kind) => {
    const twin = client()
    await twin.tasks.page()
    let tries = 0
    server.use(
      http.post(`${auth}/refresh`, () => HttpResponse.json({ error: 'no' }, { status: 400 })),
      http.post(`${auth}/login`, () => {
        tries++
        return HttpResponse.json({ error: 'no' }, { status })
      }),
    )
    clock.advance(3_550_000)
    await twin.tasks.page()
    await twin.tasks.page()
    expect([calls.length, tries]).toEqual([3, 1])
    clock.advance(50_000)
    expect(await failureOf(twin.tasks.page())).toMatchObject({ kind })
    expect([calls.length, tries]).toEqual([3, 2])
  })

  test('that gets a 401 while TWIN fails to refresh it is not used again', async () => {
    const answer = (status: number, json: unknown): HttpAnswer => {
      return { ok: status < 300, status, json, text: '', bytes: new Uint8Array(), headers: new Headers(), retryAfter: undefined }
    }
    let serial = 0
    let fail = () => {}
    const identityService: Http = async (path) => {
      if (path === 'login') return answer(200, { token: jwt(clock.now() + 3_600_000, ++serial), refreshToken: 'r' })
      return new Promise((resolve) => {
        fail = () => resolve(answer(502, null))
      })
    }
    const session = createSession(identityService, credentials, clock)
    const old = await session.token()
    clock.advance(3_550_000)
    const renewed = session.token()
    session.forget(old)
    fail()
    expect(await renewed).toBe(jwt(clock.now() + 3_600_000, 2))
    expect(await session.token()).toBe(await renewed)
  })

  test.each([
    ['that is no JWT', 'opaque-token'],
    ['whose payload is no JSON', 'a.b.c'],
    ['whose exp has passed by our clock', jwt(noon - 5000)],
  ])('%s lives as long as was asked', async (_, token) => {
    let tries = 0
    server.use(
      http.post(`${auth}/login`, () => {
        tries++
        return HttpResponse.json({ token })
      }),
    )
    const twin = client({ ttl: 100 })
    await twin.tasks.page()
    clock.advance(89_999)
    await twin.tasks.page()
    expect(tries).toBe(1)
    clock.advance(1)
    await twin.tasks.page()
    expect(tries).toBe(2)
  })

  test('that TWIN calls expired is replaced by a log-in, and the call repeated once', async () => {
    server.use(
      http.get(`${notify}/tasks`, () => HttpResponse.json({ error: 'Token is expired.' }, { status: 401 }), { once: true }),
    )
    expect(await client().tasks.page()).toEqual({ count: 0, items: [] })
    expect(paths()).toEqual(['/login', '/login'])
    expect(calls).toHaveLength(1)
    expect(calls[0]?.authorization).toBe(`Bearer ${jwt(noon + 3_600_000, 2)}`)
  })

  test('that fifty calls find expired is replaced by one log-in', async () => {
    const twin = client()
    await twin.tasks.page()
    const old = calls[0]?.authorization
    server.use(
      http.get(`${notify}/tasks`, async ({ request }) =>
        request.headers.get('authorization') === old
          ? HttpResponse.json({ error: 'Token is expired.' }, { status: 401 })
          : HttpResponse.json({ count: 0, items: [] }),
      ),
    )
    await Promise.all(Array.from({ length: 50 }, () => twin.tasks.page()))
    expect(paths()).toEqual(['/login', '/login'])
  })

  test('that has been replaced while a call was on its way does not cost a second log-in', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const expired = () => HttpResponse.json({ error: 'Token is expired.' }, { status: 401 })
    const slow = async () => {
      await held
      return expired()
    }
    const twin = client()
    await twin.tasks.page()
    server.use(
      http.get(`${notify}/tasks`, slow, { once: true }),
      http.get(`${notify}/shortLinks`, expired, { once: true }),
      http.get(`${notify}/shortLinks`, () => HttpResponse.json({ count: 0, items: [] })),
    )
    const late = twin.tasks.page()
    await twin.shortLinks.page()
    release()
    await late
    expect(paths()).toEqual(['/login', '/login'])
  })

  test('that is refused again after the log-in fails as configuration, not in a loop', async () => {
    let tries = 0
    server.use(
      http.get(`${notify}/tasks`, () => {
        tries++
        return HttpResponse.json({ error: 'Token is expired.' }, { status: 401 })
      }),
    )
    expect(await failureOf(client().tasks.page())).toMatchObject({
      kind: 'configuration',
      vendorCode: '401',
      message: 'Token is expired.',
    })
    expect(tries).toBe(2)
  })
})

describe('secrets', () => {
  test('show neither in the client nor in an error that echoes them', async () => {
    const twin = client()
    server.use(
      http.post(`${auth}/login`, async ({ request }) => HttpResponse.json({ error: await request.text() }, { status: 400 })),
    )
    const shown = inspect([await failureOf(twin.tasks.page()), twin], { depth: 10, showHidden: true })
    expect(shown).toContain('log-in: {"email":"[redacted]"')
    for (const secret of Object.values(credentials)) expect(shown).not.toContain(secret)
  })

  test('do not show when a call is answered with its own token', async () => {
    server.use(
      http.get(`${notify}/tasks`, ({ request }) =>
        HttpResponse.json(
          { error: `bad ${request.headers.get('authorization')}`, details: { phone: ['wrong'] } },
          { status: 422 },
        ),
      ),
    )
    const { message, kind } = await failureOf(client().tasks.page())
    expect(message).toBe('bad Bearer [redacted] (details: phone)')
    expect(kind).toBe('content')
  })
})

test('options that cannot work are refused with what is wrong', () => {
  const faults = [
    { ...credentials, email: '' },
    { ...credentials, password: '' },
    { ...credentials, ttl: 0 },
  ]
  for (const options of faults) expect(() => createTwinClient(options)).toThrow(RequestError)
  expect(() => createTwinClient({ ...credentials, baseUrls: { auth: 'iam.twin24.ai' } })).toThrow(RequestError)
})
