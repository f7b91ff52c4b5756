import type { Suppression } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { describe, expect, test } from 'vitest'
import { acme, batch, memorySink } from './support.ts'

const url = 'https://api.example.org/hooks?challenge=42'
const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: batch }
const suppression: Suppression = {
  state: 'suppressed',
  provider: 'acme',
  channel: 'sms',
  address: '+420777123456',
  reason: 'opted-out',
  at: 0,
  raw: 'STOP',
}

describe('a vendor that calls with GET', () => {
  test('is taken where its source says so, without a body and without a media type', async () => {
    const source = acme({ methods: ['GET', 'POST'], parse: () => ({ events: [], errors: [] }) })
    const handle = fetchWebhook(memorySink(), source)
    expect([(await handle(new Request(url))).status, (await handle(new Request(url, post))).status]).toEqual([200, 200])
  })

  test.each([
    [undefined, 'POST'],
    [['GET'], 'GET'],
    [['GET', 'POST'], 'GET, POST'],
  ])('is told what is taken instead (%j)', async (methods, allow) => {
    const handle = fetchWebhook(memorySink(), acme(methods && { methods }), { onError: () => {} })
    const response = await handle(new Request(url, { method: 'PUT', body: batch }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  })
})

test('an answer may depend on what was asked, and on what was read', async () => {
  const source = acme({
    answer: (request, events) => ({ body: `${request.url.searchParams.get('challenge')} ${events.length}` }),
  })
  const response = await fetchWebhook(memorySink(), source)(new Request(url, post))
  expect(await response.text()).toBe('42 2')
})

describe('suppressions', () => {
  test('go to the sink, after the receipts and before the answer', async () => {
    const order: unknown[] = []
    const sink = memorySink()
    const handle = fetchWebhook(
      {
        ingest: async (receipts) => {
          order.push('ingest')
          return sink.ingest(receipts)
        },
        suppress: async (suppressions) => {
          await new Promise(setImmediate)
          order.push(...suppressions)
        },
      },
      acme({ suppressions: () => [suppression], remember: () => void order.push('remember') }),
    )
    expect((await handle(new Request(url, post))).status).toBe(200)
    expect(order).toEqual(['ingest', suppression, 'remember'])
  })

  test('that the app could not keep are sent again by the vendor', async () => {
    const sink = { ...memorySink(), suppress: () => Promise.reject(new Error('down')) }
    const handle = fetchWebhook(sink, acme({ suppressions: () => [suppression] }), { onError: () => {} })
    expect((await handle(new Request(url, post))).status).toBe(500)
  })

  test('are no matter to a sink that does not take them', async () => {
    const handle = fetchWebhook(memorySink(), acme({ suppressions: () => [suppression] }))
    expect((await handle(new Request(url, post))).status).toBe(200)
  })
})
