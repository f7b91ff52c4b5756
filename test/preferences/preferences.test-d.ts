import { createNotifier, type Notifier } from 'omnicascade'
import { createPreferences, digest, memoryPreferences } from 'omnicascade/preferences'
import { telegram } from 'omnicascade/providers/telegram'
import { expectTypeOf, test } from 'vitest'
import { list } from './support.ts'

const store = memoryPreferences()
const providers = [telegram({ token: '1:x' })] as const
const request = { to: { telegram: 42 }, content: { telegram: { text: 'Hello' } }, cascade: ['telegram'] } as const

test('categories of preferences are those of the notifier', () => {
  const preferences = createPreferences({ store, categories: { orders: {}, security: { critical: true } } })
  const notifier = createNotifier({ providers, ...preferences })
  expectTypeOf(notifier).toEqualTypeOf<Notifier<'telegram', 'orders' | 'security'>>()
  notifier.send({ ...request, category: 'orders' })
  // @ts-expect-error a misspelt category
  notifier.send({ ...request, category: 'order' })
})

test('a cap is of a category that there is', () => {
  createPreferences({ store, categories: { orders: {} }, caps: [{ category: 'orders', count: 1, per: '1d' }] })
  // @ts-expect-error a misspelt category
  createPreferences({ store, categories: { orders: {} }, caps: [{ category: 'order', count: 1, per: '1d' }] })
  // @ts-expect-error a misspelt rule
  createPreferences({ store, categories: { orders: { critcal: true } } })
})

test('a digest takes its own items, and channels that its template has content for', () => {
  const news = digest({
    store,
    window: '1h',
    template: list,
    merge: (items: readonly number[]) => ({ items: items.map(String) }),
  })
  const notifier = createNotifier({ providers, templates: [news.template] })
  void news.add(notifier, { to: { phone: '+420777123456' }, cascade: ['sms'], item: 1 })
  // @ts-expect-error another kind of item
  void news.add(notifier, { to: { phone: '+420777123456' }, cascade: ['sms'], item: 'a' })
  // @ts-expect-error the template has no content for it
  void news.add(notifier, { to: { phone: '+420777123456' }, cascade: ['viber'], item: 1 })
  // @ts-expect-error not what the template takes
  digest({ store, window: '1h', template: list, merge: (items: readonly number[]) => ({ items }) })
})
