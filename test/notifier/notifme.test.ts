// What notifme-sdk 1.16.25 gets wrong, case by case, and what happens here. It is no dependency of ours: each case was run against that
// version, installed on its own, under Node 20.20 and 24.21; the comments say what was seen. There, `sms` was a channel with one or more
// providers of type `custom` and the strategy `fallback` (the default) or `roundrobin`.
import { RequestError } from 'omnicascade'
import { type accept, fail, hang, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { ada, content, world } from '../support/world.ts'

const sms = (name: string, replies: ReturnType<typeof accept>[] = [], timeout?: '5s') =>
  scriptedProvider({ name, channels: ['sms'], receipts: 'none', replies, ...(timeout && { timeout }) })

async function refusal(request: object) {
  const w = world([sms('a')])
  const sent = await (w.notifier.send as unknown as (request: object) => Promise<unknown>)(request).catch(
    (error: unknown) => error,
  )
  await w.to(3600)
  expect(w.events).toEqual([])
  return sent as RequestError
}

describe('requests that nobody could deliver', () => {
  // send({ smss: { … } }) -> { status: 'success' }: keys that name no channel are filtered out, and nothing left is a success.
  test('notifme answers `success` to a mistyped channel; here it is an error that names it', async () => {
    const error = await refusal({ to: ada, content, cascade: ['smss'] })
    expect(error).toBeInstanceOf(RequestError)
    expect(error.issues).toEqual([{ path: 'cascade[0]', message: expect.stringContaining('"smss", which is no channel') }])
    const other = await refusal({ to: ada, content: { smss: { text: 'Hello' } }, cascade: ['sms'] })
    expect(other.issues.map(({ path }) => path)).toContain('content.smss')
  })

  // send({}) -> { status: 'success' }
  test('notifme answers `success` to an empty request; here it is an error that says what is missing', async () => {
    const error = await refusal({})
    expect(error).toBeInstanceOf(RequestError)
    expect(error.issues.map(({ path }) => path)).toEqual(['to', 'template', 'cascade'])
  })

  // send({ email: { … } }) with providers for sms alone -> { status: 'success', channels: { email: { id: 'id-54191699', providerId:
  // 'email-logger-provider' } } }, with a made-up id: it went to a logger that stands in for the missing provider.
  test('notifme answers `success` for a channel without a provider; here it is an error that says so', async () => {
    const error = await refusal({ to: ada, content, cascade: ['email'] })
    expect(error).toBeInstanceOf(RequestError)
    expect(error.message).toContain('no provider sends email: add one to createNotifier({ providers })')
  })
})

describe('providers that fail', () => {
  // The promise of send was still pending after 3 seconds, and the second provider had not been called; there is no time-out.
  test('notifme waits for a hung provider for ever; here it is cut, and the next channel is tried', async () => {
    const hung = sms('hung', [hang()], '5s')
    const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
    const w = world([hung, email])
    const id = await w.send(['sms', 'email'])
    await w.to(5)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'email' })
    expect((await w.record(id)).steps[0]!.attempts).toMatchObject([
      { provider: 'hung', state: 'unknown', failure: { code: 'TIMEOUT' } },
    ])
  })

  // 15 sends at once: the hung provider was called 15 times, the second not once, and after 3 seconds none had ended.
  test('notifme goes on calling a hung provider; here, after five calls that were cut, others go to the next provider at once', async () => {
    const hung = sms('hung', Array(100).fill(hang()), '5s')
    const b = sms('b')
    const w = world([hung, b])
    for (let i = 0; i < 5; i++) await w.send(['sms'])
    await w.to(5)
    for (let i = 0; i < 10; i++) await w.send(['sms'])
    await w.to(6)
    expect([hung.calls.length, b.calls.length]).toEqual([5, 10])
  })

  // Three providers that reject with `unknown number`: all three were called, a, b and c.
  test('notifme tries a permanent error on every provider; here the next channel is tried at once', async () => {
    const unknownNumber = fail('recipient', 'unknown number')
    const providers = [sms('a', [unknownNumber]), sms('b', [unknownNumber]), sms('c', [unknownNumber])]
    const telegram = scriptedProvider({ channels: ['telegram'], receipts: 'none' })
    const w = world([...providers, telegram])
    const id = await w.send(['sms', 'telegram'])
    await w.to(0)
    expect(providers.map(({ calls }) => calls.length)).toEqual([1, 0, 0])
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'telegram' })
  })

  // -> { status: 'error', errors: { sms: 'error of c' } }: the errors of a and b are in its log alone.
  test('notifme keeps the error of the last provider; here the record keeps that of every attempt', async () => {
    const providers = ['a', 'b', 'c'].map((name) => sms(name, [fail('configuration', `error of ${name}`)]))
    const w = world(providers)
    const id = await w.send(['sms'])
    await w.to(3600)
    const { attempts } = (await w.record(id)).steps[0]!
    expect(attempts.slice(0, 3).map(({ provider, failure }) => `${provider}: ${failure?.message}`)).toEqual([
      'a: error of a',
      'b: error of b',
      'c: error of c',
    ])
  })

  // A last provider that throws null -> { status: 'error', channels: { sms: {} }, errors: { sms: "Cannot set properties of null (setting
  // 'providerId')" } }: an error, but one of its own making, and which provider threw is lost. The same with undefined; a string gives
  // "Cannot create property 'providerId' on string 'boom'".
  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'boom'],
  ])(
    'notifme stumbles over %s that is thrown; here it is a failure of that provider, and the next channel is tried',
    async (_, thrown) => {
      const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
      const w = world([sms('a', [() => Promise.reject(thrown)]), email])
      const id = await w.send(['sms', 'email'])
      await w.to(1)
      expect((await w.record(id)).steps[0]!.attempts).toMatchObject([
        {
          provider: 'a',
          state: 'unknown',
          failure: { kind: 'unknown', message: expect.stringMatching(/^a threw .*which is no SendError$/) },
        },
      ])
      expect((await w.outcome(id))?.by).toBe('email')
    },
  )

  // -> { status: 'success', channels: { sms: { id: undefined, providerId: 'a' } } }; null gives id: null. The next provider is not tried.
  test.each([
    ['undefined', undefined],
    ['null', null],
  ])(
    'notifme takes %s that is returned for a success; here it is an error: nothing shows that it was sent',
    async (_, returned) => {
      const w = world([sms('a', [async () => returned as never])])
      const id = await w.send(['sms'])
      await w.to(1)
      expect(await w.outcome(id)).toMatchObject({ status: 'failed', by: null })
      expect((await w.record(id)).steps[0]!.attempts).toMatchObject([
        { state: 'unknown', failure: { kind: 'unknown', message: expect.stringContaining('without a result') } },
      ])
    },
  )
})

// 1,000 sends, one after another, to a provider that always fails and one that always works: the dead one was called 500 times.
test('notifme tries a dead provider in round robin 500 times in 1,000; here it is probed: 8 times in 100 seconds', async () => {
  const dead = sms('dead', Array(1000).fill(fail('transient', 'down')))
  const alive = sms('alive')
  const w = world([dead, alive], { routing: { sms: 'round-robin' } })
  for (let i = 0; i < 1000; i++) {
    await w.send(['sms'])
    await w.to((i + 1) / 10)
  }
  await w.to(200)
  expect(alive.calls).toHaveLength(1000)
  // Five failures in a row open its circuit; then there is one probe every 30 seconds.
  expect(dead.calls).toHaveLength(5 + 3)
  expect(w.events.filter(({ type }) => type === 'notification.settled')).toHaveLength(1000)
})
