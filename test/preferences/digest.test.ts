import { type Recipient, RequestError, StoreError } from 'omnicascade'
import { createPreferences, type DigestStore, digest, memoryPreferences } from 'omnicascade/preferences'
import { fail, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { email, list, listDigest, ofUser, sms } from './support.ts'

const hour = 3600

function shop(provider = sms(), options: Partial<Parameters<typeof world>[1]> = {}) {
  const clock = virtualClock()
  const store = memoryPreferences()
  const news = listDigest(store, clock)
  const w = world([provider, email()], { clock, templates: [news.template], ...options })
  const add = (item: string, rest: object = {}) => news.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], item, ...rest })
  const texts = () => provider.calls.map(({ content }) => (content as { text: string }).text)
  return { ...w, clock, store, news, provider, add, texts }
}

describe('a digest', () => {
  test('collects for its window, from the first item on, and sends one notification with all of it', async () => {
    const w = shop()
    const first = await w.add('a')
    await w.to(1800)
    const second = await w.add('b')
    expect([first, second]).toEqual([
      { id: first.id, until: hour * 1000 },
      { id: first.id, until: hour * 1000 },
    ])
    await w.to(hour - 1)
    expect(w.texts()).toEqual([])
    await w.to(hour)
    expect(w.texts()).toEqual(['a,b'])
    expect(await w.outcome(first.id)).toMatchObject({ status: 'delivered' })
    const next = await w.add('c')
    expect(next).toMatchObject({ until: 2 * hour * 1000 })
    await w.to(2 * hour)
    expect(w.texts()).toEqual(['a,b', 'c'])
  })

  test('is of one recipient and key, whatever addresses are at hand', async () => {
    const w = shop()
    await w.add('a', { key: 'x' })
    await w.add('b', { key: 'y' })
    await w.add('c')
    await w.add('d', ofUser('u2'))
    await w.add('e', { key: 'x', to: { userId: 'u1', email: 'new@example.org' } })
    await w.to(hour)
    expect(w.texts().sort()).toEqual(['a,e', 'b', 'c', 'd'])
  })

  test('counts an item once under its id, also after its window', async () => {
    const w = shop()
    const first = await w.add('a', { id: '1' })
    expect(await w.add('a', { id: '1' })).toEqual(first)
    await w.add('a')
    await w.to(hour)
    expect(await w.add('a', { id: '1' })).toEqual(first)
    await w.to(3 * hour)
    expect(w.texts()).toEqual(['a,a'])
  })

  test('shows the same in each attempt and on each channel, and takes what comes between them into the next', async () => {
    const w = shop(sms([fail('transient'), fail('recipient')]))
    await w.add('a', { cascade: ['sms', 'email'] })
    await w.to(hour)
    await w.add('b', { cascade: ['email'] })
    await w.to(3 * hour)
    expect(w.texts()).toEqual(['a', 'a'])
    const mails = w.events.filter(({ type }) => type === 'attempt.accepted')
    expect(mails).toHaveLength(2)
  })

  test('keeps the rules of the item that opened it', async () => {
    const w = shop()
    const opened = await w.add('a', { category: 'news', metadata: { of: 1 }, cascade: ['sms', 'email'] })
    await w.add('b', { category: 'other', cascade: ['email'] })
    expect(await w.record(opened.id)).toMatchObject({ category: 'news', metadata: { of: 1 }, steps: [{}, {}] })
    await w.to(hour)
    expect(w.texts()).toEqual(['a,b'])
  })

  test('that two open at once with other rules is one', async () => {
    const w = shop()
    const [one, other] = await Promise.all([w.add('a', { metadata: { of: 1 } }), w.add('b', { metadata: { of: 2 } })])
    expect(one).toEqual(other)
    await w.to(hour)
    expect(w.texts()).toEqual(['a,b'])
  })

  test('heeds preferences when it is sent', async () => {
    const clock = virtualClock()
    const store = memoryPreferences()
    const news = listDigest(store, clock)
    const categories = { news: {} }
    const provider = sms()
    const w = world([provider], { clock, templates: [news.template], ...createPreferences({ store, categories, clock }) })
    const { id } = await news.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], category: 'news', item: 'a' })
    await store.optOut({ recipient: 'user:u1', category: 'news' })
    await w.to(hour)
    expect(provider.calls).toHaveLength(0)
    expect((await w.record(id)).steps[0]?.reason).toBe('vetoed: opted out')
  })

  test('may stand beside notifications of its own template', async () => {
    const w = shop()
    await w.add('a')
    await w.send(['sms'], { content: undefined as never, template: list as never, variables: { items: ['now'] } })
    await w.to(hour)
    expect(w.texts()).toEqual(['now', 'a'])
  })

  test('refuses what send refuses, and nothing is left behind', async () => {
    const w = shop()
    await expect(w.add('a', { cascade: ['fax'] })).rejects.toThrow(RequestError)
    await expect(w.add('a', { catgory: 'news' })).rejects.toThrow('catgory: is unknown')
    await expect(w.add(undefined as never)).rejects.toThrow('item: is no JSON')
    await w.add('b')
    await w.to(2 * hour)
    expect(w.texts()).toEqual(['b'])
  })

  test('opens the next window where its own ends while its notification is planned', async () => {
    const w = shop()
    const slow = { ...w.store }
    const news = digest({
      store: {
        ...slow,
        async openWindow(request) {
          const window = await slow.openWindow(request)
          if (window.until === 1000) await w.clock.advanceTo(1000)
          return window
        },
      },
      clock: w.clock,
      window: '1s',
      template: list,
      merge: (items: readonly string[]) => ({ items: [...items] }),
    })
    expect(await news.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], item: 'a' })).toMatchObject({ until: 2000 })
  })

  test('that has lost its items, or never got one, fails and says so', async () => {
    const w = shop()
    const refused = { ...w.store, addItem: () => Promise.reject(new Error('down')) }
    const news = listDigest(refused, w.clock)
    await expect(news.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], item: 'a' })).rejects.toThrow('down')
    await w.to(hour)
    expect(w.texts()).toEqual([])
    const [told] = w.events.filter(({ type }) => type === 'content.refused')
    expect(told).toMatchObject({ failure: { message: expect.stringContaining('holds no items') } })
  })

  test.each([
    ['a store', new StoreError('postgres', 'unavailable', 'down')],
    ['a store of the app', new Error('down')],
  ])('whose items %s cannot give now waits a minute for them, says so, and loses none', async (_, error) => {
    const [clock, store] = [virtualClock(), memoryPreferences()]
    let isDown = false
    const closeWindow: DigestStore['closeWindow'] = async (...args) => {
      if (isDown) throw error
      return store.closeWindow(...args)
    }
    const news = listDigest({ ...store, closeWindow }, clock)
    const provider = sms()
    const w = world([provider, email()], { clock, templates: [news.template] })
    const { id } = await news.add(w.notifier, { ...ofUser('u1'), cascade: ['sms', 'email'], item: 'a' })
    isDown = true
    await w.to(hour + 30)
    expect(await w.states(id)).toEqual(['ready', 'pending'])
    expect(w.events.filter(({ type }) => type === 'step.held')).toMatchObject([{ until: (hour + 60) * 1000, reason: 'hook' }])
    const [told] = w.events.filter((event) => event.type === 'error')
    expect([told?.id, told?.error.cause ?? told?.error]).toEqual([id, error])
    isDown = false
    await w.to(hour + 60)
    expect(provider.calls.map(({ content }) => content)).toEqual([{ text: 'a' }])
  })

  test('whose clock is behind waits for its end, and shows nobody what is not rendered', async () => {
    const [clock, behind, store] = [virtualClock(), virtualClock(), memoryPreferences()]
    const provider = sms()
    const template = { ...list, render: () => ({ text: 'what there is' }) } as unknown as typeof list
    const news = listDigest(store, behind, { template })
    const w = world([provider], { clock, templates: [news.template] })
    await news.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], item: 'a' })
    await behind.advanceTo((hour - 10) * 1000)
    await w.to(hour)
    expect(w.events.filter(({ type }) => type === 'step.held')).toMatchObject([{ until: (hour + 10) * 1000 }])
    expect(w.events.filter((event) => event.type === 'error')).toMatchObject([
      { error: { message: expect.stringContaining('give digest() the clock of the notifier') } },
    ])
    await behind.advanceTo(hour * 1000)
    await w.to(hour + 9)
    expect(provider.calls).toHaveLength(0)
    await w.to(hour + 10)
    expect(provider.calls).toHaveLength(1)
  })

  test('stands beside others of its template, each under its id', async () => {
    const [clock, store] = [virtualClock(), memoryPreferences()]
    const hourly = listDigest(store, clock)
    const daily = listDigest(store, clock, {
      id: 'daily',
      window: '2h',
      merge: (items: readonly string[]) => ({ items: ['daily', ...items] }),
    })
    const provider = sms()
    const w = world([provider], { clock, templates: [hourly.template, daily.template] })
    await hourly.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], item: 'a' })
    await daily.add(w.notifier, { ...ofUser('u1'), cascade: ['sms'], item: 'b' })
    await w.to(2 * hour)
    expect(provider.calls.map(({ content }) => content)).toEqual([{ text: 'a' }, { text: 'daily,b' }])
  })

  test('is of whom the app says, and of the address where it says nothing', async () => {
    const [clock, store] = [virtualClock(), memoryPreferences()]
    const asked: unknown[] = []
    const recipient = ({ userId, locale }: Recipient, channel: string) => {
      asked.push(channel)
      return userId ? `${locale}/${userId}` : undefined
    }
    const news = listDigest(store, clock, { recipient })
    const provider = sms()
    const w = world([provider], { clock, templates: [news.template] })
    const add = (item: string, to: object, cascade: never) => news.add(w.notifier, { to, cascade, item })
    await add('a', { userId: 'u1', locale: 'cs', phone: '+420777123456' }, ['sms'] as never)
    await add('b', { userId: 'u1', locale: 'sk', phone: '+420777123456' }, [{ channel: 'sms' }] as never)
    await add('c', { phone: '+420777123456' }, [{ channel: 'sms', within: '1h' }, 'sms'] as never)
    await add('d', { phone: '+420777123457' }, ['sms'] as never)
    await expect(add('e', ofUser('u1'), undefined as never)).rejects.toThrow(RequestError)
    expect(asked).toEqual(['sms', 'sms', 'sms', 'sms', undefined])
    await w.to(hour)
    expect(provider.calls.map(({ content }) => (content as { text: string }).text).sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('is not rendered to put its steps in order by price: it has none yet', async () => {
    const rendered: unknown[] = []
    const [clock, store] = [virtualClock(), memoryPreferences()]
    const template = {
      ...list,
      render(channel: 'sms', variables: never, locale: string | undefined) {
        rendered.push(variables)
        return list.render(channel, variables, locale)
      },
    }
    const news = listDigest(store, clock, { template })
    const provider = sms()
    const prices = { [provider.name]: () => ({ amount: '1', currency: 'EUR' }) }
    const w = world([provider, email()], { clock, templates: [news.template], prices })
    const item = { ...ofUser('u1'), cascade: ['sms', 'email'] as const, order: 'cheapest' as const, item: 'a' }
    await news.add(w.notifier, item)
    expect(rendered).toEqual([])
    await w.to(hour)
    expect(rendered).toEqual([{ items: ['a'] }])
  })

  test.each([
    [{ window: 0 }, 'window: must be longer than nothing'],
    [{ window: 'soon' }, 'window'],
    [{ store: {} }, 'store: must be a store of digests'],
    [{ template: {} }, 'template: must be what defineTemplate made'],
    [{ merge: undefined }, 'merge'],
    [{ keepFor: 'ever' }, 'keepFor'],
    [{ id: '' }, 'id: is missing'],
    [{ recipient: 'userId' }, 'recipient: must be a function'],
    [{ every: '1h' }, 'every: is no option'],
  ])('with the options %j is refused', (wrong, words) => {
    const options = { store: memoryPreferences(), window: '1h', template: list, merge: () => ({ items: [] }), ...wrong }
    expect(() => digest(options as never)).toThrow(words)
    expect(() => digest(undefined as never)).toThrow(RequestError)
  })
})
