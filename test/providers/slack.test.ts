import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { slack } from 'omnicascade/providers/slack'
import { type Answer, providerContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const path = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'
const webhookUrl = `https://hooks.slack.com${path}`

const requestFor = (content: MessengerContent): SendRequest<'chat'> => ({
  channel: 'chat',
  to: undefined,
  content,
  recipient: {},
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})

const says =
  (status: number, word: string): Answer =>
  () =>
    HttpResponse.text(word, { status })

cases(
  'slack, as every provider',
  providerContract({
    create: ({ baseUrl, ...wire }) => slack({ webhookUrl: baseUrl + path, ...wire }),
    request: requestFor({ text: 'Deployed' }),
    success: { answer: says(200, 'ok'), result: {} },
    failures: {
      'another word with a 200': { answer: says(200, 'queued'), kind: 'unknown' },
      'no text': { answer: says(400, 'no_text'), kind: 'content', code: 'no_text', field: 'text' },
      'bad blocks': { answer: says(400, 'invalid_blocks'), kind: 'content', code: 'invalid_blocks', field: 'vendor.slack' },
      'bad payload': { answer: says(400, 'invalid_payload\n'), kind: 'content', code: 'invalid_payload' },
      'posting denied': { answer: says(403, 'action_prohibited'), kind: 'configuration', code: 'action_prohibited' },
      'token invalid': { answer: says(403, 'invalid_token'), kind: 'configuration' },
      'channel gone': { answer: says(404, 'channel_not_found'), kind: 'configuration', code: 'channel_not_found' },
      'webhook removed': { answer: says(404, 'no_service'), kind: 'configuration' },
      'channel archived': { answer: says(410, 'channel_is_archived'), kind: 'configuration', code: 'channel_is_archived' },
      'server error': { answer: says(500, 'rollup_error'), kind: 'transient', code: 'rollup_error' },
      'a page with a 403': {
        answer: () => HttpResponse.html('<h1>No</h1>', { status: 403 }),
        kind: 'configuration',
        code: '403',
      },
    },
    secrets: [webhookUrl, path, 'XXXXXXXXXXXXXXXXXXXXXXXX'],
  }),
)

describe('slack', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  /** What a content makes the provider post. */
  const posted = async (content: MessengerContent): Promise<unknown> => {
    let body: unknown
    server.use(
      http.post(webhookUrl, async ({ request }) => {
        body = await request.json()
        return HttpResponse.text('ok')
      }),
    )
    await slack({ webhookUrl }).send(requestFor(content), context)
    return body
  }

  test('posts a text that can mention nobody', async () => {
    expect(await posted({ text: 'Hi <!channel> & <@U024BE7LH>' })).toEqual({
      text: 'Hi &lt;!channel&gt; &amp; &lt;@U024BE7LH&gt;',
    })
  })

  test('posts a picture and buttons as blocks, with the text for those who see no blocks', async () => {
    const content = {
      text: 'Ready & set',
      imageUrl: 'https://example.org/a.png',
      buttons: [{ text: 'Open <it>', url: 'https://example.org/?a=1&b=2' }],
    }
    expect(await posted(content)).toEqual({
      text: 'Ready &amp; set',
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text: 'Ready &amp; set' } },
        { type: 'image', image_url: 'https://example.org/a.png', alt_text: 'Ready & set' },
        {
          type: 'actions',
          elements: [{ type: 'button', text: { type: 'plain_text', text: 'Open <it>' }, url: 'https://example.org/?a=1&b=2' }],
        },
      ],
    })
    expect(await posted({ text: '', imageUrl: 'https://example.org/a.png' })).toEqual({
      blocks: [{ type: 'image', image_url: 'https://example.org/a.png', alt_text: 'picture' }],
    })
  })

  test('posts what is Slack’s own as it is', async () => {
    const own = { text: '<https://example.org|*here*>', blocks: [{ type: 'divider' }], unfurl_links: false }
    expect(await posted({ text: 'plain', imageUrl: 'https://x', vendor: { slack: own } })).toEqual(own)
  })

  test('refuses an empty message before it calls', async () => {
    await expect(slack({ webhookUrl }).send(requestFor({ text: '' }), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'text',
    })
  })

  test('needs no address, and allows one message a second', () => {
    expect(slack({ webhookUrl })).toMatchObject({
      addresses: { chat: 'fixed' },
      receipts: 'none',
      limits: { rate: { count: 1, per: '1s' } },
    })
  })

  test.each(['hooks.slack.com/services/T/B/secret', 'slack://secret', new URL(webhookUrl)])(
    'refuses %j as a webhook’s URL without repeating it',
    (bad) => {
      const error = thrownBy(() => slack({ webhookUrl: bad } as never))
      expect(error.code).toBe('invalid-options')
      expect(error.message).toMatch(/^slack: webhookUrl: must be the whole https URL that Slack gave[^/]*$/)
    },
  )

  test.each([undefined, {}, { webhookUrl: undefined }, { webhookUrl: '' }])('refuses %j, for the URL is missing', (bad) => {
    expect(thrownBy(() => slack(bad as never)).message).toMatch(
      /^slack: webhookUrl: is missing \(is its environment variable set\?\)/,
    )
  })

  test('shows Slack’s own word alone', async () => {
    server.use(http.post(webhookUrl, () => HttpResponse.text('channel_is_archived', { status: 410 })))
    const error = await failureOf(slack({ webhookUrl }).send(requestFor({ text: 'Hi' }), context))
    expect(error).toMatchObject({ message: 'channel is archived', vendorCode: 'channel_is_archived' })
  })
})
