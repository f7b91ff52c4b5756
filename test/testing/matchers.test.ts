// The matchers under vitest's own expect: what passes, what fails, and what is said then.
import { createTestNotifier } from 'omnicascade/testing'
import { matchers } from 'omnicascade/testing/vitest'
import { describe, expect, test } from 'vitest'

expect.extend(matchers)

const ada = { phone: '+420777123456', email: 'ada@example.org', telegram: 42 }
const content = {
  sms: { text: 'Your parcel is on its way' },
  email: { subject: 'Parcel', text: 'On its way' },
  telegram: { text: 'Hi' },
}
const providers = [
  { name: 'bot', channels: ['telegram'], receipts: 'none', send: async () => ({}) },
  { name: 'twilio', channels: ['sms'], receipts: 'full', send: async () => ({}) },
  { name: 'vonage', channels: ['sms'], receipts: 'full', send: async () => ({}) },
  { name: 'smtp', channels: ['email'], receipts: 'none', send: async () => ({}) },
] as const

/** A bot that is blocked, a vendor of SMS that is down, and one that delivers. */
async function told() {
  const notifier = createTestNotifier({ providers })
  notifier.whenSending('bot').fail('recipient', { message: 'the bot was blocked' })
  notifier.whenSending('twilio').fail('transient', { message: 'busy' })
  const { id } = await notifier.send({ to: ada, content, cascade: ['telegram', 'sms', 'email'] })
  await notifier.clock.advance('1m')
  return { record: await notifier.get(id), outbox: notifier.outbox }
}

const saidBy = (run: () => void) => {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('nothing failed')
}

describe('of a record', () => {
  test('toHaveDelivered: at all, by a channel, by a provider', async () => {
    const { record } = await told()
    expect(record).toHaveDelivered()
    expect(record).toHaveDelivered('sms')
    expect(record).toHaveDelivered('vonage')
    expect(record).not.toHaveDelivered('twilio')
    expect(record).not.toHaveDelivered('email')
    const said = saidBy(() => expect(record).toHaveDelivered('email'))
    expect(said.split('\n').slice(0, 5)).toEqual([
      'expected the notification to have been delivered by email',
      '',
      'notification-1: delivered by sms (2026-01-05, UTC)',
      '+0.0s  12:00:00            created',
      '+0.0s  12:00:00  telegram  sending by bot',
    ])
    expect(said).toContain('telegram  bot failed: the bot was blocked (recipient)')
    expect(saidBy(() => expect(record).not.toHaveDelivered())).toMatch(
      /^expected the notification not to have been delivered\n\n/,
    )
  })

  test('toHaveSettledAs: how it ended, and that it has', async () => {
    const { record } = await told()
    expect(record).toHaveSettledAs('delivered')
    expect(record).not.toHaveSettledAs('failed')
    const notifier = createTestNotifier()
    notifier.whenSending('sms').accept()
    const { id } = await notifier.send({ to: ada, content, cascade: ['sms'] })
    expect(saidBy(() => expect(record).toHaveSettledAs('expired'))).toMatch(
      /^expected the notification to have settled as expired\n/,
    )
    const open = await notifier.get(id)
    expect(open).not.toHaveDelivered()
    expect(saidBy(() => expect(open).toHaveSettledAs('failed'))).toContain('notification-1: under way')
    await notifier.clock.advance('5m')
    expect(await notifier.get(id)).toHaveSettledAs('failed')
  })

  test('toHaveTried: channels or providers, in their order, retries left out', async () => {
    const { record } = await told()
    expect(record).toHaveTried('telegram', 'twilio', 'vonage')
    expect(record).toHaveTried('bot', 'sms', 'sms')
    expect(record).not.toHaveTried('telegram', 'sms')
    expect(record).not.toHaveTried('sms', 'telegram', 'sms')
    expect(saidBy(() => expect(record).toHaveTried('telegram', 'email'))).toMatch(
      /^expected the notification to have tried telegram, email, not bot, twilio, vonage\n\n/,
    )
    expect(saidBy(() => expect(record).toHaveTried())).toMatch(/^expected the notification to have tried nothing, not bot/)
    expect(saidBy(() => expect(record).not.toHaveTried('bot', 'sms', 'sms'))).toMatch(/not to have tried bot, sms, sms\n\n/)
    const notifier = createTestNotifier()
    const { id } = await notifier.send({ to: ada, content, cascade: ['sms'], sendAt: notifier.clock.now() + 1 })
    expect(await notifier.get(id)).toHaveTried()
  })

  test('anything else is a mistake of the test, also under not', async () => {
    const { outbox } = await told()
    for (const value of [undefined, null, {}, outbox, 'notification-1']) {
      expect(() => expect(value).toHaveDelivered()).toThrow(
        /toHaveDelivered is for a notification's record: give expect\(\) what await/,
      )
      expect(() => expect(value).not.toHaveSettledAs('failed')).toThrow(TypeError)
      expect(() => expect(value).not.toHaveTried('sms')).toThrow(TypeError)
    }
  })
})

describe('of an outbox', () => {
  test('toHaveSentTo: an address, and what the content holds', async () => {
    const { outbox } = await told()
    expect(outbox).toHaveSentTo(ada.phone)
    expect(outbox).toHaveSentTo(ada.phone, { text: 'Your parcel is on its way' })
    expect(outbox).toHaveSentTo(ada.phone, { text: expect.stringContaining('parcel') })
    expect(outbox).not.toHaveSentTo(ada.phone, { text: 'parcel' })
    expect(outbox).not.toHaveSentTo(42)
    expect(saidBy(() => expect(outbox).toHaveSentTo(ada.email, { subject: 'Parcel' }))).toMatch(
      /^expected the outbox to have sent to "ada@example.org" content with .*Parcel.*\n\nsms to "\+420777123456": \{"text":"Your parcel/s,
    )
    outbox.clear()
    expect(saidBy(() => expect(outbox).toHaveSentTo(42))).toBe('expected the outbox to have sent to 42\n\nit is empty')
    expect(() => expect([]).not.toHaveSentTo(42)).toThrow(/toHaveSentTo is for the outbox/)
  })
})
