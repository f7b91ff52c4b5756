import { RequestError, type Suppression, type SuppressionList } from 'omnicascade'
import { type accept, fail, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { ada, world } from '../support/world.ts'

const sms = (...replies: ReturnType<typeof accept>[]) => scriptedProvider({ channels: ['sms'], receipts: 'none', replies })
const email = () => scriptedProvider({ channels: ['email'], receipts: 'none', replies: [] })
const listing = (...addresses: unknown[]): SuppressionList => ({ isSuppressed: ({ address }) => addresses.includes(address) })
const stop: Suppression = {
  state: 'suppressed',
  provider: 'sms',
  channel: 'sms',
  address: ada.phone,
  reason: 'opted-out',
  at: 5,
  raw: 'STOP',
}

describe('a step whose address is on the list', () => {
  test('is skipped, and the next one begins at once', async () => {
    const [first, second] = [sms(), email()]
    const w = world([first, second], { suppression: listing(ada.phone) })
    const id = await w.send(['sms', 'email'])
    await w.to(0)
    expect([first.calls.length, second.calls.length]).toEqual([0, 1])
    expect((await w.record(id)).steps[0]).toMatchObject({ state: 'skipped', reason: 'vetoed: suppressed' })
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'email' })
  })

  test('is sent through another provider that reaches the recipient elsewhere', async () => {
    const bot = scriptedProvider({ name: 'bot', channels: ['telegram'], receipts: 'none' })
    const gateway = scriptedProvider({
      name: 'gateway',
      channels: ['telegram'],
      receipts: 'none',
      addresses: { telegram: ['phone'] },
    })
    const w = world([bot, gateway], { suppression: listing(ada.telegram) })
    await w.send(['telegram'])
    await w.to(0)
    expect([bot.calls.length, gateway.calls.map(({ to }) => to)]).toEqual([0, [ada.phone]])
  })

  test('makes way within a delegated step to the other channels', async () => {
    const hub = scriptedProvider({ name: 'hub', channels: ['sms', 'email'], delegates: true, receipts: 'none' })
    const w = world([hub], { suppression: listing(ada.phone) })
    await w.send([{ channels: ['sms', 'email'], through: 'hub' }])
    await w.to(0)
    expect(hub.calls.map(({ parts }) => parts?.map(({ channel }) => channel))).toEqual([['email']])
  })

  test('is not sent again either, should it come onto the list between two tries', async () => {
    const listed = new Set<unknown>()
    const provider = sms(fail('transient'))
    const w = world([provider, email()], { suppression: { isSuppressed: ({ address }) => listed.has(address) } })
    const id = await w.send(['sms', 'email'])
    await w.to(0)
    listed.add(ada.phone)
    await w.to(60)
    expect(provider.calls).toHaveLength(1)
    expect(await w.outcome(id)).toMatchObject({ by: 'email' })
  })

  test('for want of any other leaves a failed outcome', async () => {
    const w = world([sms()], { suppression: listing(ada.phone) })
    const id = await w.send(['sms'])
    await w.to(0)
    expect(await w.outcome(id)).toMatchObject({ status: 'failed' })
  })
})

test('the list is asked with the channel, the address and the recipient, before each attempt', async () => {
  const asked: unknown[] = []
  const provider = sms(fail('transient'))
  const w = world([provider], {
    suppression: {
      async isSuppressed(target) {
        await Promise.resolve()
        asked.push(target)
        return false
      },
    },
  })
  await w.send(['sms'])
  await w.to(60)
  const target = { channel: 'sms', address: ada.phone, recipient: ada }
  expect([asked, provider.calls.length]).toEqual([[target, target], 2])
})

test('an open circuit is no suppression', async () => {
  const provider = sms(...Array.from({ length: 5 }, () => fail('configuration')))
  const w = world([provider, email()], { suppression: listing('other'), breaker: { threshold: 1, coolDown: '1h' } })
  await w.send(['sms', 'email'])
  const id = await w.send(['sms', 'email'])
  await w.to(0)
  expect((await w.record(id)).steps[0]?.reason).not.toBe('vetoed: suppressed')
})

test.each<[string, () => Promise<boolean>, number]>([
  ['throws', () => Promise.reject(new Error('database down')), 61],
  ['never answers', () => new Promise(() => {}), 91],
])('a list that %s holds the step, and is asked again', async (_, isSuppressed, sent) => {
  let works = false
  const provider = sms()
  const w = world([provider], { suppression: { isSuppressed: () => (works ? false : isSuppressed()) } })
  await w.send(['sms'])
  await w.to(sent - 2)
  expect(provider.calls).toHaveLength(0)
  works = true
  await w.to(sent)
  expect(provider.calls).toHaveLength(1)
  expect(w.events.filter(({ type }) => type === 'error')).toHaveLength(1)
})

describe('what vendors say of addresses', () => {
  test('is kept by the list, and told to those who listen', async () => {
    const kept: Suppression[] = []
    const w = world([sms()], { suppression: { isSuppressed: () => false, add: (one) => void kept.push(one) } })
    await w.notifier.suppress([stop, { ...stop, state: 'restored', at: 9 }])
    expect(kept).toEqual([stop, { ...stop, state: 'restored', at: 9 }])
    expect(w.events).toMatchObject([
      { type: 'recipient.suppressed', suppression: stop },
      { type: 'recipient.restored', suppression: { at: 9 } },
    ])
  })

  test('is not taken for kept when the list fails', async () => {
    const w = world([sms()], { suppression: { isSuppressed: () => false, add: () => Promise.reject(new Error('down')) } })
    await expect(w.notifier.suppress([stop])).rejects.toThrow('down')
    expect(w.events).toEqual([])
  })

  test('includes a send that is refused for its address', async () => {
    const kept: Suppression[] = []
    const w = world([sms(fail('recipient', 'no such number', { code: '21211' })), email()], {
      start: 1000,
      suppression: { isSuppressed: () => false, add: (one) => void kept.push(one) },
    })
    await w.send(['sms', 'email'])
    await w.to(0)
    expect(kept).toEqual([{ ...stop, reason: 'refused', raw: '21211', at: 1000 }])
    expect(w.times('recipient.suppressed')).toEqual([0])
  })
})

test('a list without isSuppressed is refused', () => {
  expect(() => world([sms()], { suppression: {} as never })).toThrow(RequestError)
})
