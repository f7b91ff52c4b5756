import {
  type Accepted,
  type ChannelProvider,
  createNotifier,
  defineTemplate,
  type NotificationRequest,
  type Notifier,
  type NotifierEvents,
  type Recipient,
} from 'omnicascade'
import { telegram } from 'omnicascade/providers/telegram'
import { scriptedProvider } from 'omnicascade/testing'
import { describe, expectTypeOf, test } from 'vitest'
import * as z from 'zod'

const sms = scriptedProvider({ channels: ['sms', 'viber'] })
const email = scriptedProvider({ channels: ['email'] })
const chat = scriptedProvider({ channels: ['chat'] })
const notifier = createNotifier({ providers: [telegram({ token: '1:x' }), sms, email, chat] })
const to = { phone: '+420777123456', email: 'ada@example.org', telegram: 42 } as const

const orderShipped = defineTemplate({
  id: 'order-shipped',
  variables: z.object({ name: z.string(), url: z.url(), parcels: z.number().default(1) }),
  content: {
    sms: (v) => ({ text: `${v.name}: ${v.url} (${v.parcels})` }),
    telegram: (v) => ({ text: v.name }),
    email: (v) => ({ subject: v.name, text: v.url }),
  },
})
const variables = { name: 'Ada', url: 'https://example.org/o/1' }

describe('send', () => {
  test('takes what fits, and tells what it answers', () => {
    const accepted = notifier.send({
      to,
      template: orderShipped,
      variables,
      cascade: ['telegram', { channel: 'sms', within: '2m' }, { channel: 'email', required: true }],
      window: { from: '09:00', to: '21:00' },
      idempotencyKey: 'order-1-shipped',
    })
    expectTypeOf(accepted).resolves.toEqualTypeOf<Accepted>()
    notifier.send({ to, content: { sms: { text: 'Hello' } }, cascade: ['sms'] })
    notifier.send({
      to,
      content: { viber: { text: 'Hello' }, sms: { text: 'Hello' } },
      cascade: [{ channels: ['viber', 'sms'], through: 'twin' }],
    })
  })

  test('refuses a wrong, a missing and a superfluous variable', () => {
    // @ts-expect-error name is a number
    notifier.send({ to, template: orderShipped, variables: { ...variables, name: 1 }, cascade: ['sms'] })
    // @ts-expect-error url is missing
    notifier.send({ to, template: orderShipped, variables: { name: 'Ada' }, cascade: ['sms'] })
    const misspelt = { ...variables, nmae: 'Ada' } as const
    // A superfluous variable is caught where it is written, as in any object literal.
    notifier.send({ to, template: orderShipped, variables: misspelt, cascade: ['sms'] })
    // @ts-expect-error there is no variable nmae
    notifier.send({ to, template: orderShipped, variables: { ...variables, nmae: 'Ada' }, cascade: ['sms'] })
  })

  test('refuses a channel that the template has no content for', () => {
    // @ts-expect-error the template has no content for viber
    notifier.send({ to, template: orderShipped, variables, cascade: ['sms', 'viber'] })
    // @ts-expect-error nor by its rules
    notifier.send({ to, template: orderShipped, variables, cascade: [{ channel: 'viber', within: '1m' }] })
    // @ts-expect-error content given as it is has none for email
    notifier.send({ to, content: { sms: { text: 'Hello' } }, cascade: ['sms', 'email'] })
  })

  test('refuses a channel without a provider, and one that does not exist', () => {
    const bare = createNotifier({ providers: [email] })
    // @ts-expect-error nobody sends sms
    bare.send({ to, template: orderShipped, variables, cascade: ['sms'] })
    // @ts-expect-error there is no channel smss
    notifier.send({ to, template: orderShipped, variables, cascade: ['smss'] })
  })

  test('refuses a recipient without an address for any channel of the cascade', () => {
    // @ts-expect-error neither a phone nor an e-mail address
    notifier.send({ to: { telegram: 42 }, template: orderShipped, variables, cascade: ['sms', 'email'] })
    // @ts-expect-error null is no address
    notifier.send({ to: { phone: null }, template: orderShipped, variables, cascade: ['sms'] })
    // One is enough: the others are skipped.
    notifier.send({ to: { telegram: 42 }, template: orderShipped, variables, cascade: ['sms', 'telegram'] })
    // What comes from a database may lack any of them.
    notifier.send({ to: to as Recipient, template: orderShipped, variables, cascade: ['sms'] })
    // A chat may be named by its provider.
    notifier.send({ to: {}, content: { chat: { text: 'Hello' } }, cascade: ['chat'] })
  })

  test('refuses rules that have no meaning', () => {
    // @ts-expect-error no duration
    notifier.send({ to, template: orderShipped, variables, cascade: [{ channel: 'sms', within: '2 minutes' }] })
    // @ts-expect-error a misspelt rule
    notifier.send({ to, template: orderShipped, variables, cascade: ['telegram', { channel: 'sms', whithin: '2m' }] })
    // @ts-expect-error sent is no success
    notifier.send({ to, template: orderShipped, variables, cascade: [{ channel: 'sms', until: 'sent' }] })
    // @ts-expect-error content has no such field
    notifier.send({ to, content: { sms: { text: 'Hello', subject: 'x' } }, cascade: ['sms'] })
  })
})

test('declared categories are the only ones', () => {
  const declared = createNotifier({ providers: [telegram({ token: '1:x' })], categories: ['orders', 'security'] })
  const request = { to: { telegram: 42 }, content: { telegram: { text: 'Hello' } }, cascade: ['telegram'] } as const
  declared.send({ ...request, category: 'security' })
  declared.send(request)
  // @ts-expect-error a misspelt category
  declared.send({ ...request, category: 'secutiry' })
  notifier.send({ ...request, category: 'anything' })
  expectTypeOf(declared).toExtend<Notifier>()
})

test('events are typed by their names', () => {
  notifier.on('attempt.failed', (event) => expectTypeOf(event).toEqualTypeOf<NotifierEvents['attempt.failed']>())
  notifier.on('provider.opened', ({ until }) => expectTypeOf(until).toBeNumber())
  notifier.on('*', (event) => expectTypeOf(event.at).toBeNumber())
  // @ts-expect-error there is no such event
  notifier.on('attempt.exploded', () => {})
})

test('requests from elsewhere are typed loosely, and a notifier is as its providers are', () => {
  expectTypeOf(notifier).toEqualTypeOf<Notifier<'telegram' | 'sms' | 'viber' | 'email' | 'chat'>>()
  const requests: NotificationRequest<'sms'>[] = [{ to, template: orderShipped, variables: {}, cascade: ['sms'] }]
  expectTypeOf(notifier.sendMany(requests)).toHaveProperty('next')
  expectTypeOf(telegram({ token: '1:x' })).toEqualTypeOf<ChannelProvider<'telegram'>>()
})
