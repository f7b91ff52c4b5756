import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { vkNotify } from 'omnicascade/providers/vk-notify'
import { type Answer, providerContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MessengerContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { thrownBy } from './failures.ts'

const apiKey = 'QWxhZGRpbjpvcGVuIHNlc2FtZQ=='
const template = { text: '', vendor: { 'vk-notify': { tmpl: 'order', tmpl_data: { order: '17' } } } }
const requestFor = <C extends 'vk' | 'ok'>(channel: C, content: MessengerContent, within = 60_000) =>
  ({
    channel,
    to: '+79100000000',
    content,
    recipient: { phone: '+79100000000' },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within,
  }) as SendRequest<C>
const says =
  (body: object, status = 200): Answer =>
  () =>
    HttpResponse.json(body, { status })

cases(
  'vkNotify, as every provider',
  providerContract({
    create: (wire) => vkNotify({ apiKey, ...wire }),
    request: requestFor('vk', template),
    success: { answer: says({ result: [{ code: 'OK', messageId: 3158611117 }] }), result: { messageId: '3158611117' } },
    failures: {
      'a message that is refused': {
        answer: says({ result: [{ code: 'INVALID_PHONE' }] }),
        kind: 'content',
        code: 'INVALID_PHONE',
      },
      'a success without an id': { answer: says({ result: [{ code: 'OK' }] }), kind: 'unknown' },
      'a success with an empty id': { answer: says({ result: [{ code: 'OK', messageId: '' }] }), kind: 'unknown' },
      'a key that is none': { answer: says({ code: 'UNAUTHORIZED' }, 401), kind: 'configuration', code: '401' },
    },
    secrets: [apiKey, '79100000000'],
  }),
)

describe('vkNotify', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (request: SendRequest<'vk' | 'ok'>, options = {}): Promise<unknown> => {
    let seen: unknown
    server.use(
      http.post('https://api.devino.online/vk/messages', async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Key ${apiKey}`)
        seen = await request.json()
        return HttpResponse.json({ result: [{ code: 'OK', messageId: 1 }] })
      }),
    )
    await vkNotify({ apiKey, ...options }).send(request, context)
    return seen
  }
  const common = { tmpl: 'order', tmpl_data: { order: '17' }, phone: '79100000000' }

  test('sends a template to a phone, on the network of the channel, for as long as the step waits', async () => {
    expect(await posted(requestFor('vk', template))).toEqual({ messages: [{ ...common, routes: ['VK'], validity: 60 }] })
    const options = { service: 'Shop', statusUrl: 'https://app.example.org/vk' }
    expect(await posted(requestFor('ok', template, 7 * 86_400_000), options)).toEqual({
      messages: [
        {
          ...common,
          routes: ['OK'],
          validity: 86_400,
          service: 'Shop',
          status_url: 'https://app.example.org/vk',
          callbackData: { key: 'n1.0.0' },
        },
      ],
    })
    expect(await posted(requestFor('vk', template, 1))).toMatchObject({ messages: [{ validity: 15 }] })
  })

  test('refuses a text without a template before it calls', async () => {
    await expect(vkNotify({ apiKey }).send(requestFor('vk', { text: 'Hi' }), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'vendor.vk-notify',
    })
  })

  test.each([{}, { apiKey: 'a b' }, { apiKey, statusUrl: 'x' }, { apiKey, sender: 'x' }])('refuses the options %j', (options) => {
    expect(thrownBy(() => vkNotify(options as never)).message).toMatch(/^vkNotify: /)
  })
})
