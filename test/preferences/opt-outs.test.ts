import { RequestError, StoreError } from 'omnicascade'
import { createPreferences, memoryPreferences, type OptOut, recipientKey } from 'omnicascade/preferences'
import { fail, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { email, ofUser, sms } from './support.ts'

const categories = { security: { critical: true }, orders: {}, marketing: {} }
const recipient = 'user:u1'

function shop(store = memoryPreferences()) {
  const providers = [sms(), email()] as const
  return { store, providers, ...world(providers, createPreferences({ store, categories })) }
}

describe('an opt-out', () => {
  const skipped = 'vetoed: opted out'
  const cases: readonly (readonly [string, OptOut, category: string | undefined, readonly (string | null)[]])[] = [
    ['of a category stops it on every channel', { recipient, category: 'marketing' }, 'marketing', [skipped, skipped]],
    ['of a category stops no other', { recipient, category: 'marketing' }, 'orders', [null, 'delivered']],
    ['of a category does not stop what has none', { recipient, category: 'marketing' }, undefined, [null, 'delivered']],
    ['of a channel stops every category on it', { recipient, channel: 'sms' }, 'orders', [skipped, null]],
    ['of a channel stops what has no category', { recipient, channel: 'sms' }, undefined, [skipped, null]],
    ['of a category on a channel stops it there', { recipient, channel: 'sms', category: 'orders' }, 'orders', [skipped, null]],
    [
      'of a category on a channel stops no other there',
      { recipient, channel: 'sms', category: 'orders' },
      'marketing',
      [null, 'delivered'],
    ],
    ['of everything stops everything', { recipient }, 'orders', [skipped, skipped]],
    ['of everything stops nothing critical', { recipient }, 'security', [null, 'delivered']],
    ['of somebody else stops nothing', { recipient: 'user:u2' }, 'orders', [null, 'delivered']],
  ]
  test.each(cases)('%s', async (_, choice, category, reasons) => {
    const w = shop()
    await w.store.optOut(choice)
    const id = await w.send(['sms', 'email'], { ...ofUser('u1'), ...(category && { category }) })
    await w.to(1)
    expect((await w.record(id)).steps.map(({ reason }) => reason)).toEqual(reasons)
  })

  test('that comes while the notification waits still counts, and says why in the timeline', async () => {
    const w = shop()
    const id = await w.send(['sms'], { ...ofUser('u1'), category: 'orders', sendAt: 5000 })
    await w.store.optOut({ recipient, category: 'orders' })
    await w.to(5)
    expect(w.providers[0].calls).toHaveLength(0)
    expect(await w.outcome(id)).toMatchObject({ status: 'failed', reason: 'no-applicable-step' })
    expect((await w.record(id)).timeline).toContainEqual(
      expect.objectContaining({ type: 'step.skipped', reason: 'vetoed: opted out' }),
    )
  })

  test('stops a retry', async () => {
    const store = memoryPreferences()
    const provider = sms([fail('transient')])
    const w = world([provider], createPreferences({ store, categories }))
    await w.send(['sms'], { ...ofUser('u1'), category: 'orders' })
    await w.to(0)
    await store.optOut({ recipient })
    await w.to(60)
    expect(provider.calls).toHaveLength(1)
  })

  test('of any of the channels that are left to a vendor stops all of them', async () => {
    const store = memoryPreferences()
    const vendor = scriptedProvider({ name: 'vendor', channels: ['sms', 'viber'], delegates: true, receipts: 'none' })
    const w = world([vendor], createPreferences({ store, categories }))
    await store.optOut({ recipient, channel: 'sms' })
    const id = await w.send([{ channels: ['viber', 'sms'], through: 'vendor' }], { ...ofUser('u1'), category: 'orders' })
    await w.to(1)
    expect((await w.record(id)).steps[0]?.reason).toBe('vetoed: opted out')
  })

  test('is not asked for where nobody can be told apart, and the app may tell people apart by itself', async () => {
    const asked: string[] = []
    const store = { isOptedOut: ({ recipient: key }: { recipient: string }) => asked.push(key) < 0 }
    const byTenant = createPreferences({ store, categories, recipient: ({ userId }) => (userId ? `t1/${userId}` : undefined) })
    const provider = sms()
    const w = world([provider], byTenant)
    await w.send(['sms'])
    await w.send(['sms'], ofUser('u1'))
    await w.to(1)
    expect([asked, provider.calls.length]).toEqual([['t1/u1'], 2])
  })

  test('that cannot be looked up holds the step for a minute', async () => {
    let isDown = true
    const store = {
      isOptedOut: async () => {
        if (isDown) throw new StoreError('postgres', 'unavailable', 'down')
        return false
      },
    }
    const provider = sms()
    const w = world([provider], createPreferences({ store, categories }))
    await w.send(['sms'], ofUser('u1'))
    await w.to(30)
    isDown = false
    expect(provider.calls).toHaveLength(0)
    await w.to(60)
    expect(provider.calls).toHaveLength(1)
  })
})

describe('recipientKey', () => {
  test.each([
    [{ userId: 'u1', email: 'ada@example.org' }, 'email', 'user:u1'],
    [{ email: 'Ada@Example.org', phone: '+420777123456' }, 'email', 'email:ada@example.org'],
    [{ email: 'Ada@Example.org', phone: '+420777123456' }, 'sms', 'phone:+420777123456'],
    [{ viber: 'Ab', phone: '+420777123456' }, 'viber', 'viber:Ab'],
    // Through a vendor that reaches the channel by number.
    [{ phone: '+420777123456' }, 'telegram', 'phone:+420777123456'],
    [{ telegram: 42 }, 'telegram', 'telegram:42'],
    [{ push: { endpoint: 'https://push.example/1', keys: { p256dh: '', auth: '' } } }, 'push', 'push:https://push.example/1'],
    [{ userId: null, email: null, phone: '+420777123456' }, undefined, 'phone:+420777123456'],
    [{}, 'chat', undefined],
  ] as const)('of %j on %s is %s', (to, channel, key) => {
    expect(recipientKey(to, channel)).toBe(key)
  })
})

describe('options', () => {
  const create = createPreferences as (options: unknown) => unknown
  const store = memoryPreferences()
  test.each([
    [undefined, 'categories'],
    [{ store, categories: {} }, 'categories: must name each category'],
    [{ categories }, 'store: is missing'],
    [{ store: {}, categories }, 'store: must have isOptedOut()'],
    [{ store: { isOptedOut: () => false }, categories, caps: [{ count: 1, per: '1d' }] }, 'takePlace() and giveBack()'],
    [{ store, categories, caps: [{ category: 'markting', count: 1, per: '1d' }] }, 'caps[0].category: must be one of security'],
    [{ store, categories, caps: [{ count: 0, per: '1d' }] }, 'caps[0].count'],
    [
      { store, categories, caps: [{ count: 1, per: 'week' }] },
      'caps[0].per: must be longer than nothing; what was given is not a duration',
    ],
    [{ store, categories, caps: [{ count: 1, per: 0 }] }, 'caps[0].per'],
    [{ store, categories, caps: { count: 1, per: '1d' } }, 'caps: must be a list'],
    [{ store, categories, cap: [] }, 'cap: is no option'],
    [{ store, categories: { orders: { critcal: true } } }, 'categories.orders: critcal: is no option'],
    [{ store, categories: { orders: { whenCapped: 'wait' } } }, "whenCapped: must be 'skip' or 'hold'"],
    [{ store, categories, recipient: 'userId' }, 'recipient: must be a function'],
    [{ store, categories, clock: {} }, 'clock'],
  ])('%j are refused', (options, words) => {
    expect(() => create(options)).toThrow(RequestError)
    expect(() => create(options)).toThrow(words)
  })
})
