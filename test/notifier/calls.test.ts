// What a provider is given for a step: the address, the content, and for a delegated step every part of it.
import { memoryStore, RequestError } from 'omnicascade'
import { fail, scriptedProvider } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { ada, content, world } from '../support/world.ts'

test('a call carries the address, the content, the recipient, the idempotency key and the wait of its step', async () => {
  const sms = scriptedProvider({ channels: ['sms'] })
  const w = world([sms])
  const id = await w.send([{ channel: 'sms', within: '2m' }])
  await w.to(1)
  expect(sms.calls).toEqual([
    {
      channel: 'sms',
      to: '+420777123456',
      content: { text: 'Hello' },
      recipient: ada,
      idempotencyKey: `${id}.0.0`,
      notificationId: id,
      within: 120_000,
    },
  ])
  expect((await w.record(id)).steps[0]!.attempts[0]).toMatchObject({
    provider: 'sms',
    to: '+420777123456',
    idempotencyKey: `${id}.0.0`,
  })
})

test('a channel is reached by its own address first, then by the phone, or as its provider declares', async () => {
  const viber = scriptedProvider({ channels: ['viber'], receipts: 'none' })
  const telegram = scriptedProvider({ channels: ['telegram'], receipts: 'none', addresses: { telegram: ['phone'] } })
  const chat = scriptedProvider({ channels: ['chat'], receipts: 'none', addresses: { chat: 'fixed' } })
  const w = world([viber, telegram, chat])
  await w.send(['viber'], { to: { phone: '+420777000001' } })
  await w.send(['viber'], { to: { phone: '+420777000001', viber: 'ada=' } })
  await w.send(['telegram'], { to: { phone: '+420777000001', telegram: 42 } })
  const fixed = await w.send(['chat'], { to: {} })
  await w.to(1)
  expect(viber.calls.map(({ to }) => to)).toEqual(['+420777000001', 'ada='])
  expect(telegram.calls.map(({ to }) => to)).toEqual(['+420777000001'])
  expect(chat.calls.map(({ to }) => to)).toEqual([undefined])
  expect((await w.record(fixed)).steps[0]!.attempts[0]!.to).toBeNull()
})

test('of several providers only those are asked that can reach the recipient', async () => {
  const byId = scriptedProvider({ name: 'bot', channels: ['telegram'], receipts: 'none' })
  const byPhone = scriptedProvider({ name: 'twin', channels: ['telegram'], receipts: 'none', addresses: { telegram: ['phone'] } })
  const w = world([byId, byPhone])
  await w.send(['telegram'], { to: { phone: '+420777000001' } })
  await w.to(1)
  expect([byId.calls.length, byPhone.calls.length]).toEqual([0, 1])
})

test('what a provider does not accept is left to another, and to none if there is none', async () => {
  const subscription = { endpoint: 'https://push.example.org/1', keys: { p256dh: 'p', auth: 'a' } }
  const devices = {
    ...scriptedProvider({ name: 'devices', channels: ['push'], receipts: 'none' }),
    accepts: (to: unknown) => typeof to === 'string',
  }
  const browsers = {
    ...scriptedProvider({ name: 'browsers', channels: ['push'], receipts: 'none' }),
    accepts: (to: unknown) => typeof to === 'object',
  }
  const w = world([devices, browsers])
  await w.send(['push'], { to: { push: subscription } })
  await w.send(['push'], { to: { push: 'token' } })
  await w.to(0)
  expect([devices.calls.map(({ to }) => to), browsers.calls.map(({ to }) => to)]).toEqual([['token'], [subscription]])
  const alone = world([devices])
  const id = await alone.send(['push'], { to: { push: subscription } }).catch((error: unknown) => error)
  expect(id).toBeInstanceOf(RequestError)
})

test('a step with `through` goes to that provider alone, also when it fails', async () => {
  const a = scriptedProvider({ name: 'a', channels: ['sms'] })
  const b = scriptedProvider({ name: 'b', channels: ['sms'], replies: [fail('configuration')] })
  const w = world([a, b, scriptedProvider({ channels: ['email'], receipts: 'none' })])
  const id = await w.send([{ channel: 'sms', through: 'b' }, 'email'])
  await w.to(1)
  expect([a.calls.length, b.calls.length]).toEqual([0, 1])
  expect(await w.states(id)).toEqual(['failed', 'succeeded'])
})

test('a delegated step is one call that carries each channel that has content and an address, in order', async () => {
  const twin = scriptedProvider({
    name: 'twin',
    channels: ['telegram', 'whatsapp', 'sms', 'vk'],
    receipts: 'full',
    delegates: true,
  })
  const w = world([twin, scriptedProvider({ channels: ['email'], receipts: 'none' })])
  const { vk: _, ...some } = content
  const id = await w.send([{ channels: ['telegram', 'whatsapp', 'vk', 'sms'], through: 'twin' }, 'email'], {
    to: { phone: '+420777000001', vk: 7, email: 'ada@example.org' },
    content: some,
  })
  await w.to(1)
  const parts = [
    { channel: 'whatsapp', to: '+420777000001', content: content.whatsapp },
    { channel: 'sms', to: '+420777000001', content: content.sms },
  ]
  expect(twin.calls).toMatchObject([{ ...parts[0], parts }])
  expect(twin.calls[0]!.parts).toHaveLength(2)
  expect((await w.record(id)).steps[0]).toMatchObject({
    channel: 'telegram',
    state: 'awaiting',
    attempts: [{ provider: 'twin' }],
  })
  await w.receipt('twin', 'delivered', `${id}.0.0`)
  expect(await w.states(id)).toEqual(['succeeded', 'skipped'])
})

test('content that a template no longer has for any provider of the step makes way for the next step', async () => {
  const store = memoryStore()
  const template = (channels: readonly string[]) =>
    ({
      id: 't',
      version: '1',
      channels,
      validate: (value: unknown) => ({ value }),
      render: (channel: string) => (channels.includes(channel) ? { subject: 'Hello', text: 'Hello' } : undefined),
    }) as never
  const providers = [
    scriptedProvider({ channels: ['sms'], receipts: 'none' }),
    scriptedProvider({ channels: ['email'], receipts: 'none' }),
  ]
  const first = world(providers, { store })
  const id = await first.send(['sms', 'email'], {
    content: undefined as never,
    template: template(['sms', 'email']),
    sendAt: 1000,
  })
  await first.notifier.close()
  const w = world(providers, { store, templates: [template(['email'])] })
  await w.to(1)
  expect((await w.record(id)).steps).toMatchObject([{ state: 'failed', reason: 'content' }, { state: 'succeeded' }])
})

test('an accepted message is called back at the provider that has it; one that this process does not know is left alone', async () => {
  const store = memoryStore()
  const provider = scriptedProvider({ channels: ['sms'], cancels: true })
  const one = world([provider], { store })
  const two = world([scriptedProvider({ channels: ['email'] })], { store })
  const ids = [await one.send(['sms']), await one.send(['sms'])] as const
  await one.to(1)
  expect(await two.notifier.cancel(ids[0])).toBe('too-late')
  await two.to(1)
  expect(provider.cancels).toEqual([])
  expect(await one.states(ids[0])).toEqual(['awaiting'])
  expect(await one.notifier.cancel(ids[1])).toBe('too-late')
  await one.to(1)
  expect(provider.cancels).toEqual([{ channel: 'sms', messageId: `${ids[1]}.0.0`, keys: [`${ids[1]}.0.0`] }])
  expect(await one.states(ids[1])).toEqual(['recalled'])
  expect([...one.events, ...two.events].filter(({ type }) => type === 'error')).toEqual([])
})

test.each<[string, object, object]>([
  ['a number for an id', { messageId: 5 }, { messageId: '5', keys: ['5'] }],
  ['null for everything', { messageId: null, keys: null, status: null }, { messageId: null, keys: [], status: 'accepted' }],
  ['keys that are none', { keys: ['a', undefined, null, {}, 7] }, { messageId: null, keys: ['a', '7'] }],
  ['no list of keys', { keys: 'abc' }, { keys: [] }],
  ['a status of its own', { messageId: 'm', status: 'nonsense' }, { messageId: 'm', status: 'accepted' }],
  ['a status that every object has', { messageId: 'm', status: 'constructor' }, { messageId: 'm', status: 'accepted' }],
])('an adapter that answers with %s has been accepted, and receipts find it', async (_, result, expected) => {
  const w = world([scriptedProvider({ channels: ['sms'], replies: [async () => result as never] })])
  const id = await w.send(['sms'])
  await w.to(1)
  const [attempt] = (await w.record(id)).steps[0]!.attempts
  expect(attempt).toMatchObject({ state: 'accepted', status: 'accepted', ...expected })
  for (const key of attempt!.keys.slice(0, 1)) expect(await w.receipt('sms', 'delivered', key)).toMatchObject({ applied: 1 })
})

test('keys that a provider gives before the call are held to the same', async () => {
  for (const keys of [null, [null, 5]]) {
    const w = world([scriptedProvider({ channels: ['sms'], keys: () => keys as never })])
    const id = await w.send(['sms'])
    await w.to(1)
    expect((await w.record(id)).steps[0]!.attempts).toMatchObject([{ state: 'accepted' }])
    if (keys !== null) expect(await w.receipt('sms', 'delivered', '5')).toMatchObject({ applied: 1 })
  }
})
