import { readFile } from 'node:fs/promises'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { expect, test, vi } from 'vitest'
import { acme, batch, deferred, manualClock, memorySink } from './support.ts'

const url = 'https://api.example.org/hooks?a=1'
const json = { 'content-type': 'application/json' }
const quiet = { onError: () => {} }

test('a Request is answered with a Response', async () => {
  const source = acme({ answer: { status: 204 } })
  const sink = memorySink()
  const response = await fetchWebhook(sink, source)(new Request(url, { method: 'POST', headers: json, body: batch }))
  expect([response.status, await response.text(), sink.stored.length]).toEqual([204, '', 2])
  expect(source.seen[0]?.url.href).toBe(url)
})

test('the answer waits for the receipts to be stored, and the hook of the app for both', async () => {
  const stored = deferred()
  const hooked = deferred()
  const ingesting = deferred()
  const order: string[] = []
  const sink = memorySink()
  sink.ingest = async () => {
    ingesting.resolve()
    await stored.promise
    order.push('stored')
    return { applied: 0, duplicate: 0, parked: 0, unmatched: 0 }
  }
  const onEvents = async () => {
    await hooked.promise
    order.push('hooked')
  }
  const answered = fetchWebhook(sink, acme(), { onEvents })(
    new Request(url, { method: 'POST', headers: json, body: batch }),
  ).then(() => order.push('answered'))
  await ingesting.promise
  hooked.resolve()
  await new Promise(setImmediate)
  expect(order).toEqual([])
  stored.resolve()
  await answered
  expect(order).toEqual(['stored', 'hooked', 'answered'])
})

test('a body that request.json() has read is a 500 that names the cause and the cure', async () => {
  const request = new Request(url, { method: 'POST', headers: json, body: batch })
  await request.json()
  const response = await fetchWebhook(memorySink(), acme(), quiet)(request)
  expect([response.status, await response.json()]).toEqual([
    500,
    { error: expect.stringMatching(/request\.json\(\).*request\.clone\(\)/) },
  ])
})

test('so is one that a middleware is reading or has begun to read, but not one whose clone was read', async () => {
  const request = new Request(url, { method: 'POST', headers: json, body: batch })
  await request.clone().json()
  const locked = request.clone()
  locked.body?.getReader()
  const begun = request.clone()
  const reader = begun.body?.getReader()
  await reader?.read()
  reader?.releaseLock()
  const handler = fetchWebhook(memorySink(), acme(), quiet)
  expect((await handler(locked)).status).toBe(500)
  expect((await handler(begun)).status).toBe(500)
  expect((await handler(request)).status).toBe(200)
})

test('no more is pulled from a body than shows that it is too long', async () => {
  const pull = vi.fn((controller: ReadableByteStreamController) => controller.enqueue(new Uint8Array(60)))
  const body = new ReadableStream({ type: 'bytes', pull })
  const request = new Request(url, { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit)
  const response = await fetchWebhook(memorySink(), acme(), { limit: 100, ...quiet })(request)
  expect([response.status, pull.mock.calls.length]).toEqual([413, 2])
})

test('a body that fails on the way is a 400, one that hangs a 408', async () => {
  const failing = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
  const hanging = new ReadableStream()
  const { clock, timing, fire } = manualClock()
  const handler = fetchWebhook(memorySink(), acme(), { clock, ...quiet })
  const post = (body: ReadableStream) =>
    handler(new Request(url, { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit))
  expect((await post(failing)).status).toBe(400)
  const stalled = post(hanging)
  await timing
  fire()
  expect((await stalled).status).toBe(408)
})

test('the source is told the time of the clock', async () => {
  const verify = vi.fn(async () => {})
  const { clock } = manualClock(1_700_000_000_123)
  await fetchWebhook(memorySink(), acme({ verify }), { clock })(new Request(url, { method: 'POST', headers: json, body: batch }))
  expect(verify).toHaveBeenCalledWith(expect.objectContaining({ method: 'POST' }), 1_700_000_000_123)
})

test('what a Web-standard runtime loads imports nothing of Node', async () => {
  for (const file of ['fetch', 'handle', 'body', 'options', 'refusal']) {
    expect(await readFile(new URL(`../../src/http/${file}.ts`, import.meta.url), 'utf8')).not.toMatch(
      /from 'node:|Buffer|process\./,
    )
  }
})
