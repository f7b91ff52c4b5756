import { type ChannelProvider, createNotifier, type NotifierOptions } from 'omnicascade'
import { fail, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'

// The app's own code. Production gives it real providers and no clock.
function notifications(options: NotifierOptions<readonly ChannelProvider[]>) {
  const notifier = createNotifier(options)
  const shipped = (to: { phone: string; email: string; timeZone: string }) =>
    notifier.send({
      to,
      content: { sms: { text: 'On its way' }, email: { subject: 'On its way', text: 'On its way' } },
      cascade: [{ channel: 'sms', within: '2m' }, 'email'],
      window: { from: '09:00', to: '21:00' },
    })
  return { notifier, shipped }
}

const ada = { phone: '+420777123456', email: 'ada@example.org', timeZone: 'Europe/Prague' }

function setUp(start: string) {
  const clock = virtualClock(Date.parse(start))
  const sms = scriptedProvider({ channels: ['sms'] })
  const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
  return { clock, sms, email, ...notifications({ providers: [sms, email], clock }) }
}

test('an SMS that stays silent gives way to an e-mail after two minutes', async () => {
  const { clock, email, notifier, shipped } = setUp('2026-11-25T12:00:00+01:00')
  const { id } = await shipped(ada)
  await clock.advance('119s')
  expect(email.calls).toHaveLength(0)
  await clock.advance('1s')
  expect(email.calls).toMatchObject([{ to: 'ada@example.org', content: { subject: 'On its way' } }])
  expect(await notifier.settled(id)).toMatchObject({ status: 'delivered', by: 'email' })
})

test('an SMS that is delivered is all', async () => {
  const { clock, email, notifier, shipped } = setUp('2026-11-25T12:00:00+01:00')
  const { id } = await shipped(ada)
  await notifier.ingest([{ provider: 'sms', keys: [`${id}.0.0`], status: 'delivered', at: clock.now() }])
  await clock.advance('1d')
  expect(email.calls).toHaveLength(0)
})

test('nobody is woken at night, and a wrong number makes an e-mail of it in the morning', async () => {
  const { clock, sms, email, shipped } = setUp('2026-11-25T23:00:00+01:00')
  sms.reply(fail('recipient', 'no such number'))
  await shipped(ada)
  await clock.advance('9h')
  expect(sms.calls).toHaveLength(0)
  await clock.advance('1h')
  expect([sms.calls.length, email.calls.length]).toEqual([1, 1])
})
