import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { teams } from 'omnicascade/providers/teams'
import { type Answer, providerContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const sig = 'Zm9vYmFyLXMzY3JldA'
const query = `?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${sig}`
const path = `/workflows/ab12/triggers/manual/paths/invoke${query}`
const origin = 'https://prod-12.westeurope.logic.azure.com'
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
  (status: number, code: string): Answer =>
  () =>
    HttpResponse.json({ error: { code, message: `The workflow ${path} failed.` } }, { status })
const taken = () => new HttpResponse(null, { status: 202, headers: { 'x-ms-workflow-run-id': '0858' } })

cases(
  'teams, as every provider',
  providerContract({
    create: ({ baseUrl, fetch }) => teams({ webhookUrl: baseUrl + path, fetch }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: taken, result: { messageId: '0858' } },
    failures: {
      'a workflow that is off': {
        answer: says(400, 'WorkflowTriggerIsNotEnabled'),
        kind: 'configuration',
        code: 'WorkflowTriggerIsNotEnabled',
      },
      'a card that is none': { answer: says(400, 'InvalidRequestContent'), kind: 'content', code: 'InvalidRequestContent' },
      'a signature that is none': { answer: says(401, 'DirectApiAuthorizationRequired'), kind: 'configuration' },
      'a workflow that is gone': { answer: says(404, 'WorkflowNotFound'), kind: 'configuration', code: 'WorkflowNotFound' },
      'a card that is too large': { answer: says(413, 'RequestEntityTooLarge'), kind: 'content' },
      'too many': { answer: says(429, 'WorkflowRunActionRepetitionQuotaExceeded'), kind: 'transient' },
      'words of the old connectors in a 200': {
        answer: () =>
          HttpResponse.text('Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429'),
        kind: 'unknown',
      },
    },
    secrets: [sig, '/workflows/ab12'],
  }),
)

describe('teams', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }
  const webhookUrl = origin + path

  const posted = async (content: MessengerContent): Promise<{ search: string; body: unknown; result: unknown }> => {
    const calls: { search: string; body: unknown }[] = []
    server.use(
      http.post(`${origin}/workflows/ab12/triggers/manual/paths/invoke`, async ({ request }) => {
        calls.push({ search: new URL(request.url).search, body: await request.json() })
        return new HttpResponse(null, { status: 202 })
      }),
    )
    const result = await teams({ webhookUrl }).send(requestFor(content), context)
    return { ...calls[0]!, result }
  }

  test('posts an Adaptive Card, and the URL as it was given', async () => {
    const { search, body, result } = await posted({
      text: 'Sale *today* [1]\nhttps://example.org/a_b',
      imageUrl: 'https://example.org/a.png',
      buttons: [{ text: 'Open', url: 'https://example.org' }],
    })
    expect([search, result]).toEqual([query, {}])
    expect(body).toEqual({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              { type: 'TextBlock', text: 'Sale \\*today\\* \\[1\\]\n\nhttps://example.org/a_b', wrap: true },
              {
                type: 'Image',
                url: 'https://example.org/a.png',
                altText: 'Sale *today* [1]\nhttps://example.org/a_b',
              },
            ],
            actions: [{ type: 'Action.OpenUrl', title: 'Open', url: 'https://example.org' }],
          },
        },
      ],
    })
  })

  test('leaves a card of one’s own as it is', async () => {
    const own = { body: [{ type: 'TextBlock', text: '**bold**' }], version: '1.5' }
    const { body } = await posted({ text: '', vendor: { teams: own } })
    expect(body).toMatchObject({ attachments: [{ content: own }] })
  })

  test.each([
    ['nothing', ''],
    ['more than 28 KB', 'ž'.repeat(14_500)],
  ])('refuses %s before it calls', async (_, text) => {
    await expect(teams({ webhookUrl }).send(requestFor({ text }), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'text',
    })
  })

  test.each([{}, { webhookUrl: 'x' }, { webhookUrl, channel: 'x' }])('refuses the options %j', (options) => {
    expect(thrownBy(() => teams(options as never)).message).toMatch(/^teams: /)
  })
})
