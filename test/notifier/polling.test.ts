import { type ChannelProvider, memoryStore, type PollRequest, type Receipt } from 'omnicascade'
import { accept, scriptedProvider } from 'omnicascade/testing'
import { expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { ada, world } from '../support/world.ts'

/** A provider that is polled, and what it was asked: [second, message ids]. */
function polled(answer: (id: string, now: number) => Receipt['status'] | undefined, options: Partial<ChannelProvider> = {}) {
  let sent = 0
  let now = () => 0
  const asked: [number, (string | undefined)[]][] = []
  const inner = scriptedProvider({ name: 'expo', channels: ['push'], receipts: 'full' })
  const provider: ChannelProvider = {
    ...inner,
    send: async () => ({ messageId: `m${++sent}` }),
    async poll(messages: readonly PollRequest[]) {
      asked.push([now() / 1000, messages.map(({ messageId }) => messageId)])
      return messages.flatMap(({ messageId = '' }) => {
        const status = answer(messageId, now() / 1000)
        return status === undefined ? [] : [{ provider: 'expo', keys: [messageId], status, at: now() }]
      })
    },
    ...options,
  }
  return { provider, asked, at: (clock: { now(): number }) => (now = () => clock.now()) }
}
const email = () => scriptedProvider({ channels: ['email'], receipts: 'none', replies: [accept()] })

test('a message is asked about ever more rarely, until its fate is known', async () => {
  const { provider, asked, at } = polled((_, now) => (now >= 100 ? 'delivered' : undefined))
  const w = world([provider])
  at(w.clock)
  const id = await w.send(['push'])
  await w.to(1000)
  expect(asked.map(([second]) => second)).toEqual([15, 45, 105])
  expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'push' })
})

test('several messages are asked about in one call', async () => {
  const { provider, asked, at } = polled(() => 'delivered', { pollEvery: '30s' })
  const w = world([provider])
  at(w.clock)
  for (let n = 0; n < 250; n++) await w.send(['push'])
  await w.to(31)
  expect(asked.map(([second, ids]) => [second, ids.length])).toEqual([
    [30, 100],
    [30, 100],
    [30, 50],
  ])
})

test('silence is not taken for an answer before the vendor is asked once more, also by another process', async () => {
  const store = { ...memoryStore(), shared: true }
  const { provider, asked, at } = polled(() => 'delivered')
  const dead = world([provider, email()], { store, scheduler: 'manual' })
  at(dead.clock)
  const id = await dead.send([{ channel: 'push', within: '10s' }, 'email'])
  await dead.notifier.idle()
  const fallback = email()
  const next = world([provider, fallback], { store, clock: dead.clock })
  await next.to(11)
  expect(asked).toEqual([[10, ['m1']]])
  expect([await next.outcome(id), fallback.calls.length]).toMatchObject([{ by: 'push' }, 0])
})

test('a vendor that cannot be asked is told of, and silence counts', async () => {
  const { provider } = polled(() => undefined, { poll: () => Promise.reject(new Error(`no way for ${ada.push}`)) })
  const w = world([provider, email()])
  const id = await w.send([{ channel: 'push', within: '10s' }, 'email'])
  await w.to(11)
  expect(await w.outcome(id)).toMatchObject({ by: 'email' })
  const errors = w.events.filter(({ type }) => type === 'error') as unknown as { error: Error }[]
  expect(errors.map(({ error }) => error.message)).toEqual([expect.stringContaining('in its poll')])
  expect(errors[0]?.error.message).not.toContain('no way')
})

test('a poll that never answers is cut, and the next one is made', async () => {
  let calls = 0
  const { provider } = polled(() => undefined, {
    timeout: '20s',
    poll: (_, { signal }) => {
      calls++
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  const w = world([provider])
  await w.send(['push'])
  await w.to(100)
  expect(calls).toBeGreaterThan(1)
})

test('nothing is asked after the wait, nor after close, and no timer is left', async () => {
  const { provider, asked, at } = polled(() => undefined)
  const w = world([provider])
  at(w.clock)
  await w.send([{ channel: 'push', within: '40s' }])
  await w.to(3600)
  expect(asked.map(([second]) => second)).toEqual([15, 40])
  await w.send(['push'])
  await w.to(3601)
  await w.notifier.close()
  await w.to(4000)
  expect([asked.length, w.clock.timers]).toEqual([2, 0])
})

test('a pollEvery that is no duration is refused', () => {
  expect(() => world([polled(() => undefined, { pollEvery: 'soon' as never }).provider])).toThrow(/pollEvery/)
})
