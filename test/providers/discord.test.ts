import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { discord } from 'omnicascade/providers/discord'
import { type Answer, providerContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const path = '/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372'
const webhookUrl = `https://discord.com${path}`
const requestFor = (content: MessengerContent): SendRequest<'chat'> => ({
  channel: 'chat',
  to: undefined,
  content,
  recipient: {},
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const message = { id: '1067558293840588810', type: 0, content: 'Hi', channel_id: '199737254929760256' }
const says =
  (status: number, code: number, words = 'words', more = {}): Answer =>
  () =>
    HttpResponse.json({ message: words, code, ...more }, { status })

cases(
  'discord, as every provider',
  providerContract({
    create: ({ baseUrl, fetch }) => discord({ webhookUrl: baseUrl + path, fetch }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => HttpResponse.json(message), result: { messageId: message.id } },
    failures: {
      'unknown webhook': { answer: says(404, 10015, 'Unknown Webhook'), kind: 'configuration', code: '10015' },
      'unknown channel': { answer: says(404, 10003), kind: 'configuration', code: '10003' },
      'a token that is none': { answer: says(401, 50027, 'Invalid Webhook Token'), kind: 'configuration', code: '50027' },
      'no permission': { answer: says(403, 50013), kind: 'configuration', code: '50013' },
      'a forum that wants a thread': { answer: says(400, 220001), kind: 'configuration', code: '220001' },
      'a body of the wrong form': { answer: says(400, 50035, 'Invalid Form Body'), kind: 'content', code: '50035' },
      'an empty message': { answer: says(400, 50006), kind: 'content', code: '50006', field: 'text' },
      'too many': {
        answer: says(429, 0, 'You are being rate limited.', { retry_after: 64.571, global: false }),
        kind: 'transient',
        code: '429',
        retryAfter: 64_571,
      },
      'an unknown code': { answer: says(400, 99_999, `no ${path}`), kind: 'content', code: '99999' },
      'a 204, which without wait would be success': { answer: () => new HttpResponse(null, { status: 204 }), kind: 'unknown' },
    },
    secrets: [path, path.split('/').at(-1)!],
  }),
)

describe('discord', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: MessengerContent, options = {}): Promise<{ url: URL; body: unknown }> => {
    const calls: { url: URL; body: unknown }[] = []
    server.use(
      http.post(webhookUrl, async ({ request }) => {
        calls.push({ url: new URL(request.url), body: await request.json() })
        return HttpResponse.json(message)
      }),
    )
    await discord({ webhookUrl, ...options }).send(requestFor(content), context)
    return calls[0]!
  }

  test('waits for the message to be kept, in a thread where one is given', async () => {
    const { url } = await posted({ text: 'Hi' })
    expect(url.search).toBe('?wait=true')
    const { url: threaded } = await posted({ text: 'Hi' }, { threadId: '42' })
    expect(Object.fromEntries(threaded.searchParams)).toEqual({ wait: 'true', thread_id: '42' })
  })

  test('escapes text but for its links, and mentions nobody', async () => {
    const { body } = await posted({ text: '*Sale* @everyone # 1\n> https://example.org/a_b?c=*d' })
    expect(body).toEqual({
      content: '\\*Sale\\* @everyone \\# 1\n\\> https://example.org/a_b?c=*d',
      allowed_mentions: { parse: [] },
    })
  })

  test('makes an embed of a picture, lines of buttons, and leaves what is Discord’s own as it is', async () => {
    const { body } = await posted({
      text: 'Ready',
      imageUrl: 'https://example.org/a.png',
      buttons: [{ text: 'Open', url: 'https://example.org/a_b' }],
      vendor: { discord: { username: 'Shop' } },
    })
    expect(body).toEqual({
      content: 'Ready\nOpen: https://example.org/a_b',
      embeds: [{ image: { url: 'https://example.org/a.png' } }],
      allowed_mentions: { parse: [] },
      username: 'Shop',
    })
  })

  test.each([
    ['nothing', ''],
    ['more than 2000 characters', 'x'.repeat(2001)],
    ['so much that needs escaping', '*'.repeat(1001)],
  ])('refuses %s before it calls', async (_, text) => {
    await expect(discord({ webhookUrl }).send(requestFor({ text }), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'text',
    })
  })

  test('takes 2000 characters of any plane', async () => {
    await expect(posted({ text: '🙂'.repeat(2000) })).resolves.toBeDefined()
  })

  test.each([{}, { webhookUrl: 'discord.com/x' }, { webhookUrl, threadId: 'x' }, { webhookUrl, thread: '1' }])(
    'refuses the options %j',
    (options) => {
      expect(thrownBy(() => discord(options as never)).message).toMatch(/^discord: /)
    },
  )
})
