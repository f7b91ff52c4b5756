import type { Notifier } from 'omnicascade'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { twilio } from 'omnicascade/providers/twilio'
import { createTestNotifier } from 'omnicascade/testing'
import { matchers } from 'omnicascade/testing/vitest'
import { expect, test } from 'vitest'

expect.extend(matchers)

// The app's own code. Production calls notifications(createNotifier(options(secrets))).
const options = (secrets: { telegram: string; twilio: string; smtp: string }) => ({
  providers: [
    telegram({ token: secrets.telegram }),
    twilio({
      accountSid: 'AC00000000000000000000000000000000',
      authToken: secrets.twilio,
      senders: { sms: '+15005550006' },
      callbackUrl: 'https://shop.example/hooks/twilio',
    }),
    smtp({ url: secrets.smtp, from: 'Shop <shop@example.org>' }),
  ],
})
function notifications(notifier: Notifier<'telegram' | 'sms' | 'email'>) {
  const text = 'Your order is on its way'
  const shipped = (to: { telegram?: number; phone: string; email: string; timeZone: string }) =>
    notifier.send({
      to,
      content: { telegram: { text }, sms: { text }, email: { subject: text, text } },
      cascade: ['telegram', { channel: 'sms', within: '2m' }, 'email'],
      window: { from: '09:00', to: '21:00' },
    })
  return { shipped }
}

// No vendor is called, so these open nothing.
const forTests = options({ telegram: '1:test', twilio: 'test', smtp: 'smtp://localhost' })
const ada = { telegram: 42, phone: '+420777123456', email: 'ada@example.org', timeZone: 'Europe/Prague' }
const bob = { phone: '+420777654321', email: 'bob@example.org', timeZone: 'Europe/Prague' }

test('Ada gets a Telegram message, and nothing else', async () => {
  const notifier = createTestNotifier(forTests)
  const { id } = await notifications(notifier).shipped(ada)
  expect(await notifier.get(id)).toHaveDelivered('telegram')
  expect(notifier.outbox.all).toMatchObject([{ to: 42, content: { text: 'Your order is on its way' } }])
})

test('Ada has blocked the bot, and the vendor of SMS is busy for a moment', async () => {
  const notifier = createTestNotifier(forTests)
  notifier.whenSending('telegram').fail('recipient')
  notifier.whenSending('sms').fail('transient').then.accept().receipt('delivered', { after: '3s' })
  const { id } = await notifications(notifier).shipped(ada)
  await notifier.clock.advance('10s')
  expect(await notifier.get(id)).toHaveDelivered('sms')
  expect(notifier.outbox.email).toEqual([])
})

test('an SMS that stays silent gives way to an e-mail after two minutes', async () => {
  const notifier = createTestNotifier(forTests)
  notifier.whenSending('twilio').accept()
  const { id } = await notifications(notifier).shipped(bob)
  await notifier.clock.advance('119s')
  expect(notifier.outbox.email).toEqual([])
  await notifier.clock.advance('1s')
  expect(notifier.outbox).toHaveSentTo('bob@example.org', { subject: 'Your order is on its way' })
  expect(await notifier.get(id)).toHaveTried('sms', 'email')
})

test('nobody is woken at night, and a wrong number makes an e-mail of it in the morning', async () => {
  const notifier = createTestNotifier({ ...forTests, start: Date.parse('2026-11-25T23:00:00+01:00') })
  notifier.whenSending('sms').fail('recipient')
  const { id } = await notifications(notifier).shipped(bob)
  await notifier.clock.advance('9h')
  expect(await notifier.get(id)).toHaveTried()
  await notifier.clock.advance('1h')
  expect(await notifier.get(id)).toHaveDelivered('email')
})
