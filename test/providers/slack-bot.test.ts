import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { slackBot } from 'omnicascade/providers/slack'
import { type Answer, providerContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const token = 'xoxb-12345-s3cret'
const requestFor = (content: MessengerContent, to: SendRequest['to'] = 'C0123ABC'): SendRequest<'chat'> => ({
  channel: 'chat',
  to,
  content,
  recipient: { chat: String(to) },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const posted = { ok: true, channel: 'C0123ABC', ts: '1503435956.000247', message: { text: 'Hi' } }
const says =
  (error: string, status = 200, headers = {}): Answer =>
  () =>
    HttpResponse.json({ ok: false, error, needed: 'chat:write', provided: token }, { status, headers })

const words = {
  transient: ['ratelimited', 'service_unavailable', 'request_timeout', 'team_added_to_org'],
  recipient: ['channel_not_found', 'user_not_found', 'is_archived', 'cannot_dm_bot', 'user_disabled'],
  content: ['msg_too_long', 'invalid_blocks', 'too_many_attachments', 'invalid_arguments', 'something_new', 'not_in_channel'],
  configuration: [
    'invalid_auth',
    'not_authed',
    'account_inactive',
    'token_revoked',
    'missing_scope',
    'restricted_action',
    'messages_tab_disabled',
    'not_allowed_token_type',
  ],
  unknown: ['internal_error', 'fatal_error'],
} as const

cases(
  'slackBot, as every provider',
  providerContract({
    create: (wire) => slackBot({ token, ...wire }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: () => HttpResponse.json(posted), result: { messageId: 'C0123ABC:1503435956.000247' } },
    failures: {
      ...Object.fromEntries(
        Object.entries(words).flatMap(([kind, all]) =>
          all.map((word) => [word, { answer: says(word), kind: kind as keyof typeof words, code: word }]),
        ),
      ),
      'no text': { answer: says('no_text'), kind: 'content', code: 'no_text', field: 'text' },
      'too many': {
        answer: says('ratelimited', 429, { 'retry-after': '30' }),
        kind: 'transient',
        code: 'ratelimited',
        retryAfter: 30_000,
      },
      'a success without ts': { answer: () => HttpResponse.json({ ok: true, channel: 'C1' }), kind: 'unknown' },
      'an error that is no word': { answer: says(`no ${token}`), kind: 'unknown' },
    },
    secrets: [token],
  }),
)

describe('slackBot', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  test('posts as its API documents it', async () => {
    const calls: { authorization: string | null; body: unknown }[] = []
    server.use(
      http.post('https://slack.com/api/chat.postMessage', async ({ request }) => {
        calls.push({ authorization: request.headers.get('authorization'), body: await request.json() })
        return HttpResponse.json(posted)
      }),
    )
    const vendor = { slack: { thread_ts: '1.2', channel: 'C9' } }
    await slackBot({ token }).send(requestFor({ text: '<!here> & you', vendor }), context)
    expect(calls).toEqual([
      { authorization: `Bearer ${token}`, body: { text: '&lt;!here&gt; &amp; you', thread_ts: '1.2', channel: 'C0123ABC' } },
    ])
  })

  test.each(['#general', '', 42, 'general', { endpoint: 'x', keys: { p256dh: '', auth: '' } }])(
    'refuses %j as an address before it calls',
    async (to) => {
      await expect(slackBot({ token }).send(requestFor({ text: 'Hi' }, to), context)).rejects.toMatchObject({ kind: 'recipient' })
    },
  )

  test.each([{}, { token: 'secret' }, { token, channel: 'C1' }])('refuses the options %j', (options) => {
    expect(thrownBy(() => slackBot(options as never)).message).toMatch(/^slackBot: /)
  })
})
