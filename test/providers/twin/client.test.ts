import { delay, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { RequestError } from 'omnicascade'
import { createTwinClient, type TwinClient, twinBaseUrls } from 'omnicascade/providers/twin'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { failureOf } from '../failures.ts'
import { auth, chat, credentials, handClock, identity, notify, type Seen, seen, taken } from './support.ts'

const server = setupServer()
let calls: Seen[]
let twin: TwinClient

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
beforeEach(() => {
  calls = []
  server.use(...identity(handClock()))
  twin = createTwinClient({ ...credentials, clock: handClock() })
})
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

/** Answers every call of a host and keeps what it saw. */
function answers(body: unknown, status = 200, host = notify): void {
  server.use(
    http.all(`${host}/*`, async ({ request }) => {
      calls.push(await seen(request))
      return body === undefined ? new HttpResponse(null, { status }) : HttpResponse.json(body as object, { status })
    }),
  )
}
const all = async <T>(items: AsyncIterable<T>) => {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe('messages', () => {
  const message = { destinations: [{ phone: '79001234567' }], channels: { sms: { from: 'TwinService', text: 'Hi' } } }

  test('are sent as a batch, each with its own result', async () => {
    const refused = { id: null, bulkId: taken.bulkId, error: { message: 'No route', file: 'a.php', line: 3, trace: ['x'] } }
    answers([taken, refused], 201)
    expect(await twin.messages.send({ messages: [message, message], bulkId: 'b' })).toEqual([
      taken,
      { id: null, bulkId: taken.bulkId, groupId: null, flowId: null, status: null, channel: null, error: refused.error },
    ])
    expect(calls[0]).toMatchObject({
      method: 'POST',
      path: `${notify}/messages`,
      body: { messages: [message, message], bulkId: 'b' },
    })
  })

  test('take a date as ISO 8601', async () => {
    answers([taken])
    await twin.messages.send({ messages: [{ ...message, sendAt: new Date(Date.UTC(2026, 0, 2)) }] })
    expect(calls[0]?.body).toMatchObject({ messages: [{ sendAt: '2026-01-02T00:00:00.000Z' }] })
  })

  test.each([[[]], [{}], [null], [['text']]])('answered with %j may have been sent: unknown', async (body) => {
    answers(body)
    expect((await failureOf(twin.messages.send({ messages: [message] }))).kind).toBe('unknown')
  })

  test('are cancelled by a DELETE with a JSON body', async () => {
    answers([{ ...taken, status: 'CANCELED' }])
    expect(await twin.messages.cancel({ id: taken.id })).toEqual([{ ...taken, status: 'CANCELED' }])
    expect(calls[0]).toMatchObject({ method: 'DELETE', path: `${notify}/messages`, body: { id: taken.id } })
  })

  test('are listed a page at a time, with lists comma-separated', async () => {
    answers({ count: 1, items: [{ id: 'm1', status: 'DELIVERED', statusCode: 6 }] })
    const page = await twin.messages.page({ id: ['m1', 'm2'], channel: 'SMS', withoutItems: false, limit: 5 })
    expect(page).toEqual({ count: 1, items: [{ id: 'm1', status: 'DELIVERED', statusCode: 6 }] })
    expect(calls[0]).toMatchObject({
      method: 'GET',
      path: `${notify}/messages`,
      query: { id: 'm1,m2', channel: 'SMS', withoutItems: 'false', limit: '5' },
    })
  })

  test('quote neither recipient, text nor callback URL in an error', async () => {
    server.use(
      http.post(`${notify}/messages`, async ({ request }) =>
        HttpResponse.json({ error: `Cannot send ${await request.text()}` }, { status: 422 }),
      ),
    )
    const told = {
      destinations: [{ phone: '79001234567', email: 'bob@example.org', messengerUserId: 'bob-the-user' }],
      channels: { sms: { text: 'Your code is 4711' } },
      callbackUrl: 'https://hooks.example.org/twin?token=s3cr3t-in-url',
    }
    const { message: words } = await failureOf(twin.messages.send({ messages: [told] }))
    expect(words).toMatch(/^Cannot send/)
    expect(words).not.toMatch(/79001234567|bob|4711|hooks|s3cr3t/)
  })
})

describe('a list', () => {
  /** Ten tasks, of which TWIN gives at most three at a time. */
  const ten = (counted: boolean) =>
    server.use(
      http.get(`${notify}/tasks`, async ({ request }) => {
        calls.push(await seen(request))
        const { offset = '0', limit = '0' } = Object.fromEntries(new URL(request.url).searchParams)
        const items = Array.from({ length: 10 }, (_, at) => ({ id: `t${at}` })).slice(
          Number(offset),
          Number(offset) + Math.min(3, Number(limit)),
        )
        return HttpResponse.json({ ...(counted && { count: 10 }), items })
      }),
    )

  test.each([true, false])('is iterated to its end though pages are shorter than asked (count given: %s)', async (counted) => {
    ten(counted)
    const tasks = await all(twin.tasks.list({ name: 'x' }))
    expect(tasks.map(({ id }) => id)).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9'])
    expect(calls.map(({ query }) => query.offset).slice(0, 4)).toEqual(['0', '3', '6', '9'])
    expect(calls[0]?.query).toEqual({ name: 'x', limit: '100', offset: '0' })
  })

  test('fetches no page that is not asked for', async () => {
    ten(true)
    for await (const task of twin.tasks.list({ limit: 2 })) if (task.id === 't1') break
    expect(calls).toHaveLength(1)
  })

  test.each([[{}], [[]], [{ items: 'none' }]])('that TWIN answers with %j is refused', async (body) => {
    answers(body)
    expect((await failureOf(twin.tasks.page())).message).toContain('not what it documents')
  })
})

describe('templates', () => {
  const template = { name: 'Welcome', channels: { sms: { text: 'Hi' } }, allowedTimeRanges: [['09:00:00', '21:00:00']] as const }

  test('are created, read, changed, listed and deleted', async () => {
    answers({ id: 'e95d', count: 1, items: [{ id: 'e95d' }], ...template })
    expect(await twin.templates.create(template)).toEqual({ id: 'e95d' })
    expect(await twin.templates.get('e95d')).toMatchObject(template)
    await twin.templates.update('e95d', { name: 'Hello' })
    expect((await twin.templates.page({ name: 'Welcome' })).items).toEqual([{ id: 'e95d' }])
    await twin.templates.delete('e95d')
    expect(calls.map(({ method, path, body }) => [method, path.slice(notify.length), body])).toEqual([
      ['POST', '/templates', template],
      ['GET', '/templates/e95d', ''],
      ['PUT', '/templates/e95d', { name: 'Hello' }],
      ['GET', '/templates', ''],
      ['DELETE', '/templates/e95d', ''],
    ])
  })

  test.each(['', '.', '..'])('with the id "%s" are refused before a call, which would reach something else', async (id) => {
    await expect(twin.templates.delete(id)).rejects.toBeInstanceOf(RequestError)
  })

  test('with an odd id stay below their path', async () => {
    answers({})
    await twin.templates.get('a/../b?c')
    expect(calls[0]?.path).toBe(`${notify}/templates/a%2F..%2Fb%3Fc`)
  })
})

describe('files', () => {
  const bytes = Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 0xff, 0xfe, 0x00, 0x80])
  let parts: [string, string | { name: string; bytes: Uint8Array }][]

  /** Answers an upload and keeps its parts. */
  const uploads = (answer: () => Response) =>
    server.use(
      http.post(`${notify}/*`, async ({ request }) => {
        calls.push({ ...(await seen(request)), body: '' })
        parts = await Promise.all(
          [...(await request.formData())].map(
            async ([name, value]): Promise<(typeof parts)[number]> => [
              name,
              typeof value === 'string' ? value : { name: value.name, bytes: await value.bytes() },
            ],
          ),
        )
        return answer()
      }),
    )

  test('are sent in bulk as parts named messages, with async beside them', async () => {
    uploads(() => HttpResponse.json({ id: 'bulk-1' }))
    expect(await twin.bulk.send(new File([bytes], 'campaign.csv'), { async: true })).toEqual({ id: 'bulk-1' })
    expect(calls[0]).toMatchObject({ method: 'POST', path: `${notify}/messages/bulk` })
    expect(parts).toEqual([
      ['messages', { name: 'campaign.csv', bytes }],
      ['async', 'true'],
    ])
  })

  test('that are answered with a file give its bytes', async () => {
    uploads(() => HttpResponse.arrayBuffer(bytes.buffer))
    expect(await twin.bulk.send([new Blob([bytes])])).toEqual({ file: bytes })
    expect(parts).toEqual([['messages', { name: 'messages.xlsx', bytes }]])
  })

  test('are uploaded again when the token has expired meanwhile', async () => {
    uploads(() => (calls.length > 1 ? HttpResponse.json({ id: 'bulk-2' }) : HttpResponse.json({ error: 'x' }, { status: 401 })))
    expect(await twin.bulk.send(new Blob([bytes]))).toEqual({ id: 'bulk-2' })
    expect(parts).toHaveLength(1)
  })

  test('of results come byte for byte', async () => {
    server.use(http.get(`${notify}/messages/bulk/r1`, () => HttpResponse.arrayBuffer(bytes.buffer)))
    expect(await twin.bulk.result('r1')).toEqual(bytes)
  })

  test('that are not there are a SendError, not bytes', async () => {
    answers({ error: 'Not found.' }, 404)
    expect(await failureOf(twin.bulk.result('r1'))).toMatchObject({ kind: 'configuration', vendorCode: '404' })
  })

  test('of messages are added to a task', async () => {
    uploads(() => new HttpResponse(null, { status: 201 }))
    await twin.tasks.addMessages('t1', new File([bytes], 'all.xlsx'))
    expect(calls[0]).toMatchObject({ method: 'POST', path: `${notify}/tasks/t1` })
    expect(parts).toEqual([['messages', { name: 'all.xlsx', bytes }]])
  })
})

test('tasks are created, started, paused, resumed, watched, changed and deleted', async () => {
  answers({ id: 't1', status: 'RUNNING' })
  expect(await twin.tasks.create({ name: 'June' })).toEqual({ id: 't1' })
  await twin.tasks.start('t1')
  await twin.tasks.pause('t1')
  await twin.tasks.resume('t1')
  expect((await twin.tasks.statuses('t1')).status).toBe('RUNNING')
  await twin.tasks.update('t1', { name: 'July' })
  await twin.tasks.delete('t1')
  expect(calls.map(({ method, path, body }) => [method, path.slice(notify.length), body])).toEqual([
    ['POST', '/tasks', { name: 'June' }],
    ['POST', '/startedTasks/t1', ''],
    ['POST', '/pausedTasks/t1', ''],
    ['DELETE', '/pausedTasks/t1', ''],
    ['GET', '/tasks/t1/statuses', ''],
    ['PUT', '/tasks/t1', { name: 'July' }],
    ['DELETE', '/tasks/t1', ''],
  ])
})

test('phone numbers are looked up', async () => {
  const check = { checkId: 'c1', result: { '2348028312973': { status: 'OK', statusCode: 1 } } }
  answers(check)
  expect(await twin.phoneChecks({ phones: ['2348028312973'] })).toEqual(check)
  expect(calls[0]).toMatchObject({ method: 'POST', path: `${notify}/phoneChecks`, body: { phones: ['2348028312973'] } })
})

test('a look-up without results yet gives an empty map', async () => {
  answers({ checkId: 'c1', result: [] })
  expect(await twin.phoneChecks({ phones: [], checkId: 'c1' })).toEqual({ checkId: 'c1', result: {} })
})

test('short links are listed with their clicks', async () => {
  answers({ count: 1, items: [{ id: 'l1', clicks: 3 }] })
  expect(await all(twin.shortLinks.list({ messageId: ['m1', 'm2'] }))).toEqual([{ id: 'l1', clicks: 3 }])
  expect(calls[0]).toMatchObject({ path: `${notify}/shortLinks`, query: { messageId: 'm1,m2', limit: '100', offset: '0' } })
})

describe('chat sessions', () => {
  test('start, go on, are read and listed, and end, on the chat host', async () => {
    answers({ id: 's1', messages: [], count: 1, items: [{ id: 's1' }] }, 200, chat)
    const sessions = twin.chatSessions
    expect(await sessions.start('c1', { botId: 'b', messageBody: 'Hi' })).toMatchObject({ id: 's1', messages: [] })
    await sessions.continue('c1', { sessionId: 's1' })
    expect((await sessions.get('s1')).id).toBe('s1')
    expect((await sessions.page({ chatId: 'c1' })).items).toEqual([{ id: 's1' }])
    await sessions.delete('s1', { result: 'done' })
    expect(calls.map(({ method, path, body }) => [method, path.slice(chat.length), body])).toEqual([
      ['POST', '/chats/c1/sessions', { botId: 'b', messageBody: 'Hi' }],
      ['PUT', '/chats/c1/sessions', { sessionId: 's1' }],
      ['GET', '/sessions/s1', ''],
      ['GET', '/sessions', ''],
      ['DELETE', '/sessions/s1', { result: 'done' }],
    ])
  })

  test('have messages, which are listed, posted and marked as read', async () => {
    answers({ id: 'm1', count: 1, items: [{ id: 'm1', body: 'Hi' }] }, 200, chat)
    const { messages } = twin.chatSessions
    expect((await messages.page('s1', { from: '2026-01-01' })).count).toBe(1)
    expect(await all(messages.list('s1'))).toEqual([{ id: 'm1', body: 'Hi' }])
    expect(await messages.create('s1', { body: 'Hi' })).toEqual({ id: 'm1' })
    await messages.markRead('m1')
    expect(calls.map(({ method, path }) => [method, path.slice(chat.length)])).toEqual([
      ['GET', '/sessions/s1/messages'],
      ['GET', '/sessions/s1/messages'],
      ['POST', '/sessions/s1/clients/messages'],
      ['PATCH', '/messages/m1/read'],
    ])
  })
})

describe('an answer', () => {
  const send = () => twin.messages.send({ messages: [] })

  test.each([
    [400, 'content'],
    [422, 'content'],
    [401, 'configuration'],
    [403, 'configuration'],
    [404, 'configuration'],
    [405, 'configuration'],
    [429, 'transient'],
    [500, 'transient'],
    [502, 'transient'],
    [503, 'transient'],
  ])('of HTTP %i is %s', async (status, kind) => {
    answers({ error: 'Because.', details: null }, status)
    expect(await failureOf(send())).toMatchObject({
      kind,
      vendorCode: String(status),
      message: 'Because.',
    })
  })

  test('in plain text is quoted', async () => {
    server.use(http.all(`${notify}/*`, () => HttpResponse.text('No such user', { status: 400 })))
    expect((await failureOf(send())).message).toBe('No such user')
  })

  test.each(['text/html', 'text/plain'])('that is a page (%s) is not quoted', async (type) => {
    const page = '<!doctype html><h1>Bad gateway</h1>'
    server.use(http.all(`${notify}/*`, () => new HttpResponse(page, { status: 502, headers: { 'content-type': type } })))
    expect(await failureOf(send())).toMatchObject({ kind: 'transient', message: 'TWIN answered HTTP 502' })
  })

  test('whose error is no text is told by its status', async () => {
    answers({ error: { code: 5 } }, 400)
    expect((await failureOf(send())).message).toBe('TWIN answered HTTP 400')
  })

  test('that does not come before the caller cuts the call leaves it unknown', async () => {
    const cut = new AbortController()
    server.use(
      http.post(`${notify}/messages`, async () => {
        cut.abort()
        await delay('infinite')
        return HttpResponse.error()
      }),
    )
    expect((await failureOf(twin.messages.send({ messages: [] }, { signal: cut.signal }))).kind).toBe('unknown')
  })
})

test('one host is called for all three APIs where one is given, at the paths that TWIN has', async () => {
  const paths: string[] = []
  server.use(
    http.all('http://proxy.test/*', ({ request }) => {
      paths.push(request.url)
      return HttpResponse.json({ token: 'proxied', count: 0, items: [] })
    }),
    http.all('http://chats.test/*', ({ request }) => {
      paths.push(request.url)
      return HttpResponse.json({ count: 0, items: [] })
    }),
  )
  const proxied = createTwinClient({ ...credentials, baseUrl: 'http://proxy.test/twin/' })
  await proxied.tasks.page()
  await proxied.chatSessions.page()
  const mixed = createTwinClient({
    ...credentials,
    baseUrl: 'http://proxy.test',
    baseUrls: { chat: 'http://chats.test/v2', auth: undefined },
  })
  await mixed.chatSessions.page()
  expect(paths).toEqual([
    'http://proxy.test/twin/api/v1/auth/login',
    'http://proxy.test/twin/api/v1/tasks',
    'http://proxy.test/twin/api/v1/sessions',
    'http://proxy.test/api/v1/auth/login',
    'http://chats.test/v2/sessions',
  ])
})

test('another host is called where one is given', async () => {
  const { dev } = twinBaseUrls
  server.use(
    http.post(`${auth}/login`, () => expect.fail('the production host was called')),
    http.post(`${dev.auth}/login`, () => HttpResponse.json({ token: 'dev' })),
    http.get(`${dev.chat}/sessions`, () => HttpResponse.json({ count: 0, items: [] })),
  )
  const development = createTwinClient({ ...credentials, baseUrls: dev })
  expect(await development.chatSessions.page()).toEqual({ count: 0, items: [] })
})
