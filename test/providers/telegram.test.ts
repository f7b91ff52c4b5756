import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { type Suppression, WebhookParseError, WebhookVerificationError } from 'omnicascade'
import { telegram, telegramWebhook } from 'omnicascade/providers/telegram'
import { type Answer, providerContract, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TelegramContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { WebhookRequest } from '../../src/contract/webhook.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const token = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'

const requestFor = (content: TelegramContent, to: SendRequest['to'] = 4_200_000_042): SendRequest<'telegram'> => ({
  channel: 'telegram',
  to,
  content,
  recipient: { telegram: 4_200_000_042 },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})

const sentTo = (chat: number, messageId = 123) => ({
  ok: true,
  result: { message_id: messageId, date: 1_700_000_000, chat: { id: chat, type: 'private' }, text: 'Hi' },
})
const refusal =
  (code: number, description: string, parameters?: object): Answer =>
  () =>
    HttpResponse.json({ ok: false, error_code: code, description, ...(parameters && { parameters }) }, { status: code })

cases(
  'telegram, as every provider',
  providerContract({
    create: (wire) => telegram({ token, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => HttpResponse.json(sentTo(4_200_000_042)), result: { messageId: '4200000042:123' } },
    failures: {
      'too many requests': {
        answer: refusal(429, 'Too Many Requests: retry after 5', { retry_after: 5 }),
        kind: 'transient',
        code: '429',
        retryAfter: 5000,
      },
      'a server error': { answer: refusal(500, 'Internal Server Error'), kind: 'transient', code: '500' },
      'a time-out that Telegram itself reports (unverified)': {
        answer: refusal(504, 'Gateway Timeout'),
        kind: 'transient',
        code: '504',
      },
      'a 403 that comes and goes': { answer: refusal(403, "Forbidden: bot can't send messages to the user"), kind: 'transient' },
      'bot blocked': { answer: refusal(403, 'Forbidden: bot was blocked by the user'), kind: 'recipient', code: '403' },
      'user deactivated': { answer: refusal(403, 'Forbidden: user is deactivated'), kind: 'recipient' },
      'user never pressed Start': {
        answer: refusal(403, "Forbidden: bot can't initiate conversation with a user"),
        kind: 'recipient',
      },
      'another bot': { answer: refusal(403, "Forbidden: bot can't send messages to bots"), kind: 'recipient' },
      'kicked from a group': { answer: refusal(403, 'Forbidden: bot was kicked from the group chat'), kind: 'recipient' },
      'not a member': { answer: refusal(403, 'Forbidden: bot is not a member of the channel chat'), kind: 'recipient' },
      'chat not found': { answer: refusal(400, 'Bad Request: chat not found'), kind: 'recipient', code: '400' },
      'peer id invalid': { answer: refusal(400, 'Bad Request: PEER_ID_INVALID'), kind: 'recipient' },
      'user not found': { answer: refusal(400, '[Error]: Bad Request: user not found'), kind: 'recipient' },
      'group deactivated': { answer: refusal(400, 'Bad Request: group is deactivated'), kind: 'recipient' },
      'no right to write': {
        answer: refusal(400, 'Bad Request: not enough rights to send text messages to the chat'),
        kind: 'recipient',
      },
      'markup broken': {
        answer: refusal(400, "Bad Request: can't parse entities: Can't find end of the entity"),
        kind: 'content',
        field: 'text',
      },
      'marked-up text too long': { answer: refusal(400, 'Bad Request: message is too long'), kind: 'content', field: 'text' },
      'entities too long': { answer: refusal(400, 'Bad Request: entities too long'), kind: 'content', field: 'text' },
      'button URL invalid': { answer: refusal(400, 'Bad Request: BUTTON_URL_INVALID'), kind: 'content', field: 'buttons' },
      'picture not usable': {
        answer: refusal(400, 'Bad Request: wrong file identifier/HTTP URL specified'),
        kind: 'content',
        field: 'imageUrl',
      },
      'words that quote the token and the chat': {
        answer: refusal(400, `Bad Request: no 4200000042 at /bot${token}/sendMessage`),
        kind: 'content',
      },
      'a success with the status of a failure': {
        answer: () => HttpResponse.json(sentTo(4_200_000_042), { status: 502 }),
        kind: 'transient',
      },
      'a 400 of no known text': { answer: refusal(400, 'Bad Request: something new'), kind: 'content' },
      'token revoked': { answer: refusal(401, 'Unauthorized'), kind: 'configuration', code: '401' },
      'token mistyped': { answer: refusal(404, 'Not Found'), kind: 'configuration', code: '404' },
      conflict: { answer: refusal(409, 'Conflict: terminated by other long poll or webhook'), kind: 'configuration' },
      'a success without a message id': { answer: () => HttpResponse.json({ ok: true, result: {} }), kind: 'unknown' },
      'a chat that keeps migrating': {
        answer: refusal(400, 'Bad Request: group chat was migrated to a supergroup chat', { migrate_to_chat_id: -1001 }),
        kind: 'recipient',
      },
    },
    secrets: [token],
  }),
)

describe('telegram', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  /** What the bot posted, by method. */
  const recorder = (answer: (body: { chat_id: number }) => Response = ({ chat_id }) => HttpResponse.json(sentTo(chat_id))) => {
    const calls: { method: string; body: Record<string, unknown> }[] = []
    server.use(
      http.post('https://api.telegram.org/:bot/:method', async ({ request, params }) => {
        expect(params.bot).toBe(`bot${token}`)
        const body = (await request.json()) as { chat_id: number }
        calls.push({ method: String(params.method), body })
        return answer(body)
      }),
    )
    return calls
  }

  test('posts plain text to the chat', async () => {
    const calls = recorder()
    await telegram({ token }).send(requestFor({ text: 'Hi & <welcome>' }), context)
    expect(calls).toEqual([{ method: 'sendMessage', body: { chat_id: 4_200_000_042, text: 'Hi & <welcome>' } }])
  })

  test('posts markup, buttons, silence and what is Telegram’s own', async () => {
    const calls = recorder()
    await telegram({ token }).send(
      requestFor({
        text: '*Hi*',
        format: 'markdownV2',
        silent: true,
        buttons: [{ text: 'Open', url: 'https://example.org/1' }],
        vendor: { telegram: { protect_content: true, chat_id: 1, text: 'other' } },
      }),
      context,
    )
    expect(calls[0]?.body).toEqual({
      chat_id: 4_200_000_042,
      text: '*Hi*',
      parse_mode: 'MarkdownV2',
      disable_notification: true,
      reply_markup: { inline_keyboard: [[{ text: 'Open', url: 'https://example.org/1' }]] },
      protect_content: true,
    })
  })

  test('posts a picture with the text as its caption, or without one', async () => {
    const calls = recorder()
    const provider = telegram({ token })
    await provider.send(requestFor({ text: '<b>Hi</b>', format: 'html', imageUrl: 'https://example.org/a.png' }), context)
    await provider.send(requestFor({ text: '', imageUrl: 'https://example.org/a.png' }), context)
    expect(calls).toEqual([
      {
        method: 'sendPhoto',
        body: { chat_id: 4_200_000_042, photo: 'https://example.org/a.png', caption: '<b>Hi</b>', parse_mode: 'HTML' },
      },
      { method: 'sendPhoto', body: { chat_id: 4_200_000_042, photo: 'https://example.org/a.png' } },
    ])
  })

  test('follows a group to its supergroup within one send', async () => {
    const calls = recorder(({ chat_id }) =>
      chat_id === -500
        ? HttpResponse.json(
            {
              ok: false,
              error_code: 400,
              description: 'Bad Request: group chat was migrated to a supergroup chat',
              parameters: { migrate_to_chat_id: -100_500 },
            },
            { status: 400 },
          )
        : HttpResponse.json(sentTo(chat_id, 7)),
    )
    expect(await telegram({ token }).send(requestFor({ text: 'Hi' }, '-500'), context)).toEqual({ messageId: '-100500:7' })
    expect(calls.map(({ body }) => body.chat_id)).toEqual([-500, -100_500])
  })

  test('takes a channel by its name', async () => {
    const calls = recorder(() => HttpResponse.json(sentTo(-100_777)))
    await telegram({ token }).send(requestFor({ text: 'Hi' }, '@our_news'), context)
    expect(calls[0]?.body.chat_id).toBe('@our_news')
  })

  test.each([
    ['an empty text', { text: '' }],
    ['a text of 4097 characters', { text: '🦉'.repeat(4097) }],
    ['a caption of 1025 characters', { text: 'a'.repeat(1025), imageUrl: 'https://example.org/a.png' }],
  ])('refuses %s before it calls, naming the field', async (_, content) => {
    const calls = recorder()
    await expect(telegram({ token }).send(requestFor(content), context)).rejects.toMatchObject({ kind: 'content', field: 'text' })
    expect(calls).toEqual([])
  })

  test('counts characters, not code units, and leaves marked-up text to Telegram', async () => {
    const calls = recorder()
    const provider = telegram({ token })
    await provider.send(requestFor({ text: '🦉'.repeat(4096) }), context)
    await provider.send(requestFor({ text: `<b>${'a'.repeat(4096)}</b>`, format: 'html' }), context)
    const old = { text: `*${'a'.repeat(4096)}*`, vendor: { telegram: { parse_mode: 'Markdown' } } }
    await provider.send(requestFor(old), context)
    expect(calls).toHaveLength(3)
  })

  test.each([
    'someone',
    '@',
    '@a/b',
    '1.5',
    '',
    Number.NaN,
    2 ** 60,
    { endpoint: 'https://push.example', keys: { p256dh: 'x', auth: 'y' } },
  ])('refuses %o as an address before it calls', async (to) => {
    const calls = recorder()
    await expect(telegram({ token }).send(requestFor({ text: 'Hi' }, to), context)).rejects.toMatchObject({ kind: 'recipient' })
    expect(calls).toEqual([])
  })

  test.each(['a b', '1:a/../x', '1:a\n', 1])('refuses a token that cannot be one (%j) without repeating it', (bad) => {
    const error = thrownBy(() => telegram({ token: bad } as never))
    expect(error).toMatchObject({
      code: 'invalid-options',
      message: 'telegram: token: must be the token that @BotFather gave, and nothing else',
    })
  })

  test.each([undefined, {}, { token: undefined }, { token: null }, { token: '' }])(
    'refuses %j, for the token is missing',
    (bad) => {
      const error = thrownBy(() => telegram(bad as never))
      expect(error.code).toBe('invalid-options')
      expect(error.message).toMatch(/^telegram: token: is missing \(is its environment variable set\?\).*@BotFather/)
    },
  )

  test('calls Telegram itself where the URL is undefined', async () => {
    const calls = recorder()
    await telegram({ token, baseUrl: undefined, fetch: undefined }).send(requestFor({ text: 'Hi' }), context)
    expect(calls).toHaveLength(1)
  })

  test('shows Telegram’s own words alone', async () => {
    const message = async (description?: string) => {
      recorder(() => HttpResponse.json({ ok: false, error_code: 403, description }, { status: 403 }))
      return (await failureOf(telegram({ token }).send(requestFor({ text: 'Hi' }), context))).message
    }
    expect(await message('Forbidden: bot was blocked by the user')).toBe('Forbidden: bot was blocked by the user')
    expect(await message()).toBe('the message was refused without a reason')
  })

  test('allows 30 messages a second, or what the app says', () => {
    expect(telegram({ token }).limits).toEqual({ rate: { count: 30, per: '1s' } })
    expect(telegram({ token, name: 'bot-2', limits: { concurrency: 2 } })).toMatchObject({
      name: 'bot-2',
      limits: { concurrency: 2 },
    })
  })
})

const said = (state: 'suppressed' | 'restored', raw: string): Suppression => ({
  state,
  provider: 'telegram',
  channel: 'telegram',
  address: 4_200_000_042,
  reason: 'blocked',
  at: 1_700_000_000_000,
  raw,
})
const member = (status: string) =>
  JSON.stringify({
    update_id: 7,
    my_chat_member: {
      chat: { id: 4_200_000_042, type: 'private' },
      from: { id: 4_200_000_042 },
      date: 1_700_000_000,
      old_chat_member: { status: 'member' },
      new_chat_member: { status },
    },
  })
const tokenOf = (value: string) => ({ headers: { 'X-Telegram-Bot-Api-Secret-Token': value } })

cases(
  'telegramWebhook, as every source',
  webhookContract({
    create: () => telegramWebhook({ secretToken: ['new_secret', 'old_secret'] }),
    samples: {
      'a bot that was blocked': { body: member('kicked'), receipts: [], suppressions: [said('suppressed', 'kicked')] },
      'a bot that was let in again': { body: member('member'), receipts: [], suppressions: [said('restored', 'member')] },
      'another update': { body: '{"update_id":8,"message":{"text":"Hi"}}', receipts: [] },
    },
    sign: () => tokenOf('old_secret'),
    forge: () => tokenOf('odd_secret'),
    coversBody: false,
    secrets: ['new_secret', 'old_secret'],
  }),
)

describe('telegramWebhook', () => {
  const request = (body: unknown, secret?: string): WebhookRequest => ({
    method: 'POST',
    url: new URL('https://app.example/hooks/telegram'),
    headers: new Map(secret === undefined ? [] : [['x-telegram-bot-api-secret-token', secret]]),
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  })
  const member = (status: string) => ({
    update_id: 10_000,
    my_chat_member: {
      chat: { id: 4_200_000_042, type: 'private' },
      from: { id: 4_200_000_042 },
      date: 1_700_000_000,
      old_chat_member: { status: 'member' },
      new_chat_member: { status },
    },
  })
  const source = telegramWebhook({ secretToken: ['new_secret', 'old_secret'] })

  test.each(['new_secret', 'old_secret'])('takes an update that carries %s', async (secret) => {
    await expect(source.verify?.(request({}, secret), 0)).resolves.toBeUndefined()
  })

  test.each([undefined, '', 'wrong', 'new_secre', 'new_secret_'])('refuses an update that carries %s', async (secret) => {
    await expect(source.verify?.(request({}, secret), 0)).rejects.toThrow(WebhookVerificationError)
  })

  test('tells who blocked the bot and who let it back in', () => {
    const about = { updateId: 10_000, chat: 4_200_000_042, at: 1_700_000_000_000 }
    expect(source.parse(request(member('kicked')))).toEqual({ events: [{ event: 'blocked', ...about }], errors: [] })
    expect(source.parse(request(member('member')))).toEqual({ events: [{ event: 'unblocked', ...about }], errors: [] })
    expect(source.receipts([{ event: 'blocked', ...about }])).toEqual([])
  })

  test.each([
    ['another update', { update_id: 1, message: { text: '/start' } }],
    ['another status', member('restricted')],
    ['a status that every object has', member('constructor')],
    ['a member without a chat', { update_id: 1, my_chat_member: { date: 1, new_chat_member: { status: 'kicked' } } }],
    ['a member that is null', { update_id: 1, my_chat_member: null }],
  ])('keeps %s as it came', (_, raw) => {
    expect(source.parse(request(raw)).events).toEqual([{ event: 'unknown', raw }])
  })

  test.each(['', '{', 'null', '[]', '{}'])('refuses %s as no update', (body) => {
    expect(() => source.parse(request(body))).toThrow(WebhookParseError)
  })

  test.each(['', 'a b', 'x'.repeat(257), undefined, null, [], ['good', ''], ['good', undefined]])(
    'refuses a secret that Telegram would not take (%j)',
    (secretToken) => {
      const error = thrownBy(() => telegramWebhook({ secretToken } as never))
      expect(error.code).toBe('invalid-options')
      expect(error.message).toMatch(/^telegramWebhook: secretToken: .*must be 1 to 256 of/)
    },
  )

  test('refuses to be made without options', () => {
    expect(thrownBy(() => telegramWebhook(undefined as never)).issues).toMatchObject([{ path: 'secretToken' }])
  })

  test('says where an update is no JSON', () => {
    expect(() => source.parse(request('{"update_id": 1,\n oops}'))).toThrow(/telegram webhook at line 2, column 2/)
  })
})
