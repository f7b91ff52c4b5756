import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { expo } from 'omnicascade/providers/expo'
import { type Answer, providerContract, virtualClock } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cases } from '../support/cases.ts'
import { pushFor } from '../support/push.ts'
import { world } from '../support/world.ts'
import { thrownBy } from './failures.ts'

const accessToken = 'expo-s3cret-token'
const device = 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'
const ticket = 'XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX'
const taken = () => HttpResponse.json({ data: [{ status: 'ok', id: ticket }] })
const refusal =
  (error: string): Answer =>
  () =>
    HttpResponse.json({
      data: [{ status: 'error', message: `"${device}" is wrong for ${accessToken}`, details: { error, expoPushToken: device } }],
    })
const failing =
  (status: number, code: string): Answer =>
  () =>
    HttpResponse.json({ errors: [{ code, message: `no ${device}` }] }, { status })

cases(
  'expo, as every provider',
  providerContract({
    create: (wire) => expo({ accessToken, ...wire }),
    request: pushFor({ title: 'Hi', text: 'Hello' }, device),
    success: { answer: taken, result: { messageId: ticket } },
    failures: {
      'a device that is gone': { answer: refusal('DeviceNotRegistered'), kind: 'recipient', code: 'DeviceNotRegistered' },
      'a message that is too big': { answer: refusal('MessageTooBig'), kind: 'content', code: 'MessageTooBig', field: 'text' },
      'too many for a device': { answer: refusal('MessageRateExceeded'), kind: 'transient', code: 'MessageRateExceeded' },
      'credentials of another': { answer: refusal('MismatchSenderId'), kind: 'configuration' },
      'credentials that are none': { answer: refusal('InvalidCredentials'), kind: 'configuration' },
      'a failure of Apple or Google': { answer: refusal('ProviderError'), kind: 'transient' },
      'an error of Expo': { answer: refusal('ExpoError'), kind: 'transient' },
      'an error of the developer': { answer: refusal('DeveloperError'), kind: 'configuration' },
      'a code that every object has': { answer: refusal('constructor'), kind: 'content', code: 'constructor' },
      'what is new': { answer: refusal('SomethingNew'), kind: 'content', code: 'SomethingNew' },
      'a request that is none': { answer: failing(400, 'VALIDATION_ERROR'), kind: 'content', code: 'VALIDATION_ERROR' },
      'a token that is none': { answer: failing(401, 'UNAUTHORIZED'), kind: 'configuration', code: 'UNAUTHORIZED' },
      'too many': { answer: failing(429, 'TOO_MANY_REQUESTS'), kind: 'transient', code: 'TOO_MANY_REQUESTS' },
      'a ticket without an id': { answer: () => HttpResponse.json({ data: [{ status: 'ok' }] }), kind: 'unknown' },
    },
    secrets: [accessToken],
  }),
)

describe('expo', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  function vendor(receipts: (ids: string[]) => object = () => ({})) {
    const sent: unknown[] = []
    const polled: string[][] = []
    server.use(
      http.post('https://exp.host/--/api/v2/push/send', async ({ request }) => {
        expect(request.headers.get('authorization')).toBe(`Bearer ${accessToken}`)
        sent.push(await request.json())
        return HttpResponse.json({ data: [{ status: 'ok', id: `t${sent.length}` }] })
      }),
      http.post('https://exp.host/--/api/v2/push/getReceipts', async ({ request }) => {
        const { ids } = (await request.json()) as { ids: string[] }
        polled.push(ids)
        return HttpResponse.json({ data: receipts(ids) })
      }),
    )
    return { sent, polled }
  }

  test('sends a message for as long as the step waits, joined with fields of the vendor', async () => {
    const { sent } = vendor()
    const content = {
      title: 'Hi',
      text: 'Hello',
      imageUrl: 'https://example.org/a.png',
      url: 'https://example.org/1',
      data: { order: '17', url: 'x' },
    }
    const vendorFields = { expo: { sound: 'default', channelId: 'orders', to: 'x', ttl: 1 } }
    await expo({ accessToken }).send(pushFor({ ...content, vendor: vendorFields }, device), context)
    expect(sent).toEqual([
      [
        {
          to: device,
          title: 'Hi',
          body: 'Hello',
          data: { url: 'https://example.org/1', order: '17' },
          richContent: { image: 'https://example.org/a.png' },
          ttl: 60,
          sound: 'default',
          channelId: 'orders',
        },
      ],
    ])
  })

  test('polls: what Apple or Google has taken is sent, what they refused has failed, the rest is not known yet', async () => {
    vendor(() => ({ a: { status: 'ok' }, b: { status: 'error', message: 'x', details: { error: 'DeviceNotRegistered' } } }))
    const messages = ['a', 'b', 'c'].map((messageId) => ({ channel: 'push' as const, messageId, keys: [], startedAt: 0 }))
    expect(await expo({ accessToken, clock: virtualClock(5) }).poll?.(messages, context)).toEqual([
      { provider: 'expo', keys: ['a'], status: 'sent', at: 5, raw: 'ok' },
      { provider: 'expo', keys: ['b'], status: 'failed', at: 5, raw: 'error', reason: 'DeviceNotRegistered' },
    ])
  })

  test('a poll that is answered with a page rejects', async () => {
    server.use(http.post('https://exp.host/--/api/v2/push/getReceipts', () => HttpResponse.html('<p>')))
    await expect(expo().poll?.([], context)).rejects.toMatchObject({ kind: 'unknown' })
  })

  test('in a cascade, a device that turns out to be gone makes way for the next channel before silence would count', async () => {
    const { polled } = vendor(() => ({ t1: { status: 'error', details: { error: 'DeviceNotRegistered' } } }))
    const clock = virtualClock(0)
    const email = { name: 'mail', channels: ['email'] as const, receipts: 'none' as const, send: async () => ({}) }
    const w = world([expo({ accessToken, clock }), email], { clock })
    const id = await w.send([{ channel: 'push', within: '10m' }, 'email'], { to: { push: device, email: 'a@example.org' } })
    // The vendor answers over the wire, which the virtual clock does not wait for.
    await w.notifier.idle()
    await w.to(61)
    await w.notifier.idle()
    expect([polled, await w.outcome(id)]).toMatchObject([[['t1']], { by: 'email' }])
  })

  test('accepts its own tokens alone', async () => {
    const { accepts } = expo()
    expect([device, 'ExpoPushToken[a]', 'ExponentPushToken[]', 'fcm:token', 7].map((to) => accepts?.(to))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    await expect(expo().send(pushFor({ text: 'Hi' }, 'fcm:token'), context)).rejects.toMatchObject({ kind: 'recipient' })
  })

  test.each([
    [{ text: '' }, 'text'],
    [{ text: 'x'.repeat(4100) }, 'text'],
  ])('refuses content before it calls (%#)', async (content, field) => {
    await expect(expo().send(pushFor(content, device), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test.each([{ accessToken: 'a b' }, { clock: {} }, { token: 'x' }])('refuses the options %j', (options) => {
    expect(thrownBy(() => expo(options as never)).message).toMatch(/^expo: /)
  })
})
