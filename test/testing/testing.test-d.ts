import { type ChannelProvider, defineTemplate, type NotificationRecord, type Notifier, type SmsContent } from 'omnicascade'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { createTestNotifier, type SentMessage } from 'omnicascade/testing'
import { matchers } from 'omnicascade/testing/vitest'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

const to = { phone: '+420777123456', email: 'ada@example.org', telegram: 42 } as const
const options = { providers: [telegram({ token: '1:x' }), smtp({ url: 'smtp://localhost', from: 'a@example.org' })] }

describe('a test notifier', () => {
  test('checks what is sent as createNotifier does', () => {
    const notifier = createTestNotifier(options)
    expectTypeOf(notifier).toExtend<Notifier<'telegram' | 'email'>>()
    const shipped = defineTemplate({
      id: 'shipped',
      variables: z.object({ name: z.string() }),
      content: { email: ({ name }) => ({ subject: name, text: name }) },
    })
    void notifier.send({ to, template: shipped, variables: { name: 'Ada' }, cascade: ['email'] })
    // @ts-expect-error name is a number
    void notifier.send({ to, template: shipped, variables: { name: 1 }, cascade: ['email'] })
    // @ts-expect-error the template has no content for telegram
    void notifier.send({ to, template: shipped, variables: { name: 'Ada' }, cascade: ['telegram'] })
    // @ts-expect-error nobody sends sms
    void notifier.send({ to, content: { sms: { text: 'Hi' } }, cascade: ['sms'] })
    // @ts-expect-error a misspelt rule
    void notifier.send({ to, content: { email: { subject: 'Hi' } }, cascade: [{ channel: 'email', whithin: '2m' }] })
    // @ts-expect-error no such option
    void createTestNotifier({ startAt: 0 })
  })

  test('has every channel where it is given no providers', () => {
    const notifier = createTestNotifier({ defaults: { within: '1m' } })
    expectTypeOf(notifier).toExtend<Notifier>()
    void notifier.send({ to, content: { sms: { text: 'Hi' } }, cascade: ['sms'] })
    expectTypeOf(notifier.outbox.vk).toEqualTypeOf<readonly SentMessage<'vk'>[]>()
  })

  test('can be given to an app’s code, which knows its own channels alone', () => {
    const app = (notifier: Notifier<'telegram' | 'email'>) => notifier
    app(createTestNotifier(options))
  })

  test('has an outbox whose messages are typed by their channels', () => {
    const { outbox } = createTestNotifier()
    expectTypeOf(outbox.sms[0]!.content).toEqualTypeOf<SmsContent>()
    for (const message of outbox.all) if (message.channel === 'email') expectTypeOf(message.content.subject).toBeString()
    // @ts-expect-error nobody sends sms
    createTestNotifier(options).outbox.sms
    outbox.where({ to: 42, channel: 'telegram' })
    // @ts-expect-error no such field
    outbox.where({ adress: 42 })
  })
})

describe('a script', () => {
  const { whenSending } = createTestNotifier()

  test('reads as sentences', () => {
    whenSending('sms')
      .fail('transient', { retryAfter: 5000, after: '1s' })
      .then.accept({ messageId: 'm1' })
      .receipt('sent')
      .receipt('read', { after: '3s' })
      .then.hang()
    whenSending('twilio').reply(async () => ({}))
  })

  test('refuses what is none', () => {
    // @ts-expect-error no kind of failure
    whenSending('sms').fail('busy')
    // @ts-expect-error accepted is no receipt
    whenSending('sms').accept().receipt('accepted')
    // @ts-expect-error no duration
    whenSending('sms').accept().receipt('delivered', { after: '3 seconds' })
    // @ts-expect-error a receipt is of a call
    whenSending('sms').receipt('delivered')
    // @ts-expect-error the next line comes after then
    whenSending('sms').accept().accept()
  })
})

test('vitest knows the matchers, by what they take', () => {
  expect.extend(matchers)
  const record = {} as NotificationRecord
  const outbox = createTestNotifier({ providers: [] as ChannelProvider<'sms'>[] }).outbox
  expect(record).not.toHaveDelivered('sms')
  expect(record).toHaveTried('sms', 'twilio')
  expect(outbox).toHaveSentTo('+420777123456', { text: expect.stringContaining('x') })
  expectTypeOf(expect(record).toHaveDelivered).returns.toBeVoid()
  // @ts-expect-error no such outcome
  expect(record).toHaveSettledAs('sent')
})
