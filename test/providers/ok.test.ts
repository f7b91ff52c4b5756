import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { ok, okWebhook } from 'omnicascade/providers/ok'
import { type Answer, providerContract, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const accessToken = 'tkn1GsZy7s3cret:CBAKBG'
const chat = 'chat:C3ecb9d02a600'
const messageId = 'mid:C3ecb9d02a600.15cea67d78d2059'
const requestFor = (content: MessengerContent, to: SendRequest['to'] = chat): SendRequest<'ok'> => ({
  channel: 'ok',
  to,
  content,
  recipient: { ok: chat },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const refusal =
  (code: number, status = 200): Answer =>
  () =>
    HttpResponse.json({ error_code: code, error_msg: `WORDS : for ${accessToken}`, error_data: null }, { status })
const codes = {
  transient: [1, 2, 8, 11, 26, 30, 31, 704, 5000, 9999],
  recipient: [7, 22, 25, 110, 300, 455, 458, 705, 706, 801, 802, 1102, 1103],
  content: [4, 100, 140, 2001, 4242],
  configuration: [3, 9, 10, 50, 101, 102, 103, 104, 160, 200, 210, 401, 453],
} as const

cases(
  'ok, as every provider',
  providerContract({
    create: (wire) => ok({ accessToken, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => HttpResponse.json({ success: true, message_id: messageId }), result: { messageId } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map((code) => [`${code}`, { answer: refusal(code), kind: kind as keyof typeof codes, code: String(code) }]),
        ),
      ),
      'a text that is censored': { answer: refusal(454), kind: 'content', code: '454', field: 'text' },
      'a key that is over, with a status of its own': { answer: refusal(102, 401), kind: 'configuration', code: '102' },
      'a success without an id': { answer: () => HttpResponse.json({ success: true }), kind: 'unknown' },
    },
    secrets: [accessToken, encodeURIComponent(accessToken)],
  }),
)

const inbound =
  '{"sender":{"user_id":"user:594"},"recipient":{"chat_id":"chat:C3e"},"message":{"text":"Hi","seq":98211023614189663,"mid":"mid:C3e.15c"},"timestamp":1498581292941}'

cases(
  'okWebhook, as every source',
  webhookContract({
    create: () => okWebhook(),
    samples: {
      'a message of a person': { body: inbound, receipts: [] },
      'another event': { body: '{"webhookType":"CHAT_SYSTEM"}', receipts: [] },
    },
  }),
)

describe('ok', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: MessengerContent, to?: SendRequest['to']): Promise<{ path: string; body: unknown }> => {
    const calls: { path: string; body: unknown }[] = []
    server.use(
      http.post('https://api.ok.ru/graph/:who/messages', async ({ request }) => {
        const url = new URL(request.url)
        expect(url.searchParams.get('access_token')).toBe(accessToken)
        expect(request.headers.get('content-type')).toBe('application/json;charset=utf-8')
        calls.push({ path: url.pathname, body: await request.json() })
        return HttpResponse.json({ success: true, message_id: messageId })
      }),
    )
    await ok({ accessToken }).send(requestFor(content, to), context)
    return calls[0]!
  }

  test('writes to a chat and to a person', async () => {
    expect(await posted({ text: 'Hi' })).toEqual({
      path: `/graph/${chat}/messages`,
      body: { recipient: { chat_id: chat }, message: { text: 'Hi' } },
    })
    expect(await posted({ text: 'Hi' }, 'user:594')).toEqual({
      path: '/graph/me/messages',
      body: { recipient: { user_id: 'user:594' }, message: { text: 'Hi' } },
    })
  })

  test('attaches a picture, or a picture and a keyboard, and joins fields of the vendor', async () => {
    const image = { type: 'IMAGE', payload: { url: 'https://example.org/a.png' } }
    const imageUrl = 'https://example.org/a.png'
    expect((await posted({ text: '', imageUrl, vendor: { ok: { replyTo: 'mid:1' } } })).body).toMatchObject({
      message: { attachment: image, replyTo: 'mid:1' },
    })
    const buttons = [{ text: 'Open', url: 'https://example.org' }]
    expect((await posted({ text: 'Hi', imageUrl, buttons })).body).toMatchObject({
      message: {
        attachments: [
          image,
          {
            type: 'INLINE_KEYBOARD',
            payload: { keyboard: { buttons: [[{ type: 'LINK', text: 'Open', url: 'https://example.org' }]] } },
          },
        ],
      },
    })
  })

  test('refuses an empty message before it calls', async () => {
    await expect(ok({ accessToken }).send(requestFor({ text: '' }), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'text',
    })
  })

  test.each(['C3ecb', 'group:1', 'user:', 42, 'chat:a/b'])('refuses %j as an address', async (to) => {
    await expect(ok({ accessToken }).send(requestFor({ text: 'Hi' }, to), context)).rejects.toMatchObject({ kind: 'recipient' })
  })

  test.each([{}, { accessToken: 'a b' }, { accessToken, group: 1 }])('refuses the options %j', (options) => {
    expect(thrownBy(() => ok(options as never)).message).toMatch(/^ok: /)
  })

  test('keeps every digit of what people write about', () => {
    const request = { method: 'POST', url: new URL('https://app.example.org/ok'), headers: new Map<string, string>() }
    const { events } = okWebhook().parse({ ...request, body: new TextEncoder().encode(inbound) })
    expect(events).toMatchObject([
      {
        event: 'message',
        user: 'user:594',
        chat: 'chat:C3e',
        text: 'Hi',
        at: 1_498_581_292_941,
        raw: { message: { seq: '98211023614189663' } },
      },
    ])
  })
})
