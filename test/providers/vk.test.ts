import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createNotifier } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { vk, vkWebhook } from 'omnicascade/providers/vk'
import { type Answer, providerContract, signVkWebhook, virtualClock, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const accessToken = 'vk1.a.s3cret'
const requestFor = (content: MessengerContent, to: SendRequest['to'] = 210_700_286): SendRequest<'vk'> => ({
  channel: 'vk',
  to,
  content,
  recipient: { vk: 210_700_286 },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const refusal =
  (code: number): Answer =>
  () =>
    HttpResponse.json({
      error: {
        error_code: code,
        error_msg: `no 210700286 for ${accessToken}`,
        request_params: [{ key: 'access_token', value: accessToken }],
      },
    })
const codes = {
  transient: [1, 6, 9, 10, 29, 32, 36, 43, 603],
  recipient: [18, 30, 37, 39, 113, 900, 901, 902, 936, 950, 945],
  content: [100, 913, 921, 943, 944, 4242],
  configuration: [5, 7, 14, 15, 17, 27, 28, 203, 912, 1117],
} as const

cases(
  'vk, as every provider',
  providerContract({
    create: (wire) => vk({ accessToken, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => HttpResponse.json({ response: 5678 }), result: { messageId: '210700286:5678' } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map((code) => [`${code}`, { answer: refusal(code), kind: kind as keyof typeof codes, code: String(code) }]),
        ),
      ),
      'a text that is too long': { answer: refusal(914), kind: 'content', code: '914', field: 'text' },
      'a keyboard that is none': { answer: refusal(911), kind: 'content', code: '911', field: 'buttons' },
      'a list of answers, which was not asked for': {
        answer: () => HttpResponse.json({ response: [{ peer_id: 1, message_id: 2 }] }),
        kind: 'unknown',
      },
    },
    secrets: [accessToken, '210700286'],
  }),
)

const at = 1_700_000_000_000
const event = (type: string, object: object) => JSON.stringify({ group_id: 1, type, event_id: 'e1', v: '5.199', object })
const said = (state: 'suppressed' | 'restored', raw: string) => ({
  state,
  provider: 'vk',
  channel: 'vk' as const,
  address: 210_700_286,
  reason: 'opted-out' as const,
  at,
  raw,
})

cases(
  'vkWebhook, as every source',
  webhookContract({
    create: () => vkWebhook({ secret: ['old', 'vk-s3cret'], confirmation: 'b7f2', groupId: 1, clock: virtualClock(at) }),
    samples: {
      'messages that were denied': {
        body: event('message_deny', { user_id: 210_700_286 }),
        receipts: [],
        suppressions: [said('suppressed', 'message_deny')],
      },
      'messages that were allowed': {
        body: event('message_allow', { user_id: 210_700_286, key: '' }),
        receipts: [],
        suppressions: [said('restored', 'message_allow')],
      },
      'a message that was read': {
        body: event('message_read', { from_id: 210_700_286, peer_id: 210_700_286, read_message_id: 5678 }),
        receipts: [{ provider: 'vk', keys: ['210700286:5678'], status: 'read', at, raw: 'message_read' }],
      },
      'the question for the confirmation': { body: JSON.stringify({ type: 'confirmation', group_id: 1 }), receipts: [] },
      'another event': { body: event('message_new', { message: { text: 'Hi' } }), receipts: [] },
    },
    sign: ({ body }) => signVkWebhook({ secret: 'vk-s3cret', body }),
    forge: ({ body }) => signVkWebhook({ secret: 'vk-s3creT', body }),
    coversBody: false,
    secrets: ['vk-s3cret'],
  }),
)

describe('vk', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: MessengerContent, more = {}): Promise<Record<string, string>> => {
    let seen = ''
    server.use(
      http.post('https://api.vk.com/method/messages.send', async ({ request }) => {
        expect(request.url).not.toContain(accessToken)
        seen = await request.text()
        return HttpResponse.json({ response: 1 })
      }),
    )
    await vk({ accessToken }).send({ ...requestFor(content), ...more }, context)
    return Object.fromEntries(new URLSearchParams(seen))
  }

  test('sends a text, with the token in the body', async () => {
    expect(await posted({ text: 'Hi & bye' })).toEqual({
      message: 'Hi & bye',
      disable_mentions: '1',
      peer_id: '210700286',
      random_id: expect.stringMatching(/^-?\d{1,10}$/),
      v: '5.199',
      access_token: accessToken,
    })
  })

  test('gives the same random_id for the same key, another for another, and never 0', async () => {
    const [one, same, other] = [
      await posted({ text: 'Hi' }),
      await posted({ text: 'Hi' }),
      await posted({ text: 'Hi' }, { idempotencyKey: 'n2.0.0' }),
    ]
    expect(one.random_id).toBe(same.random_id)
    expect(one.random_id).not.toBe(other.random_id)
    expect(vk({ accessToken }).idempotent).toBe(true)
  })

  test('makes buttons a keyboard, and a picture a link', async () => {
    const content = { text: 'Hi', imageUrl: 'https://example.org/a.png', buttons: [{ text: 'Open', url: 'https://example.org' }] }
    const { message, keyboard } = await posted(content)
    expect(message).toBe('Hi\nhttps://example.org/a.png')
    expect(JSON.parse(keyboard!)).toEqual({
      inline: true,
      buttons: [[{ action: { type: 'open_link', link: 'https://example.org', label: 'Open' } }]],
    })
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const own = { attachment: 'photo1_2', dont_parse_links: true, template: { type: 'carousel' }, peer_id: 5 }
    expect(await posted({ text: '', vendor: { vk: own } })).toMatchObject({
      attachment: 'photo1_2',
      dont_parse_links: '1',
      template: '{"type":"carousel"}',
      peer_id: '210700286',
    })
  })

  test.each([
    [{ text: '' }, 'text'],
    [{ text: 'x'.repeat(4097) }, 'text'],
    [{ text: 'Hi', buttons: [{ text: 'x'.repeat(41), url: 'https://x' }] }, 'buttons'],
  ])('refuses content before it calls (%#)', async (content, field) => {
    await expect(vk({ accessToken }).send(requestFor(content), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each(['id1', '', 1.5, '@durov'])('refuses %j as an address', async (to) => {
    await expect(vk({ accessToken }).send(requestFor({ text: 'Hi' }, to), context)).rejects.toMatchObject({ kind: 'recipient' })
  })

  test.each([{}, { accessToken: 'a b' }, { accessToken, groupId: 1 }])('refuses the options %j', (options) => {
    expect(thrownBy(() => vk(options as never)).message).toMatch(/^vk: /)
  })
})

describe('vkWebhook', () => {
  const options = { secret: 'vk-s3cret', confirmation: 'b7f2' }
  const notifier = createNotifier({ providers: [vk({ accessToken })], scheduler: 'manual' })
  const asked = async (body: string, more = {}) => {
    const handle = fetchWebhook(notifier, vkWebhook({ ...options, ...more }), { onError: () => {} })
    const headers = { 'content-type': 'application/json' }
    const response = await handle(new Request('https://app.example.org/vk', { method: 'POST', body, headers }))
    return [response.status, await response.text()]
  }
  const signed = (body: string) => signVkWebhook({ secret: 'vk-s3cret', body }).body!

  test('answers the confirmation, and `ok` to all else', async () => {
    expect(await asked(signed(JSON.stringify({ type: 'confirmation', group_id: 1 })))).toEqual([200, 'b7f2'])
    expect(await asked(signed(event('message_new', {})))).toEqual([200, 'ok'])
  })

  test('refuses another community', async () => {
    expect((await asked(signed(event('message_new', {})), { groupId: 2 }))[0]).toBe(401)
  })

  test.each([{}, { secret: 'x' }, { ...options, secret: [] }, { ...options, groupId: '1' }, { ...options, group: 1 }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => vkWebhook(bad as never)).message).toMatch(/^vkWebhook: /)
    },
  )
})
