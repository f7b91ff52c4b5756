// The mistakes that newcomers make, and what they read: what is wrong, where, and what to do.
import { createNotifier, defineTemplate, type Notifier, type NotifierOptions } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { createSambaClient } from 'omnicascade/samba'
import { fail, scriptedProvider } from 'omnicascade/testing'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { turn } from '../notifier/support.ts'
import { world } from '../support/world.ts'

/** Types would refuse each of these; JavaScript, and a cast, do not. */
const untyped = (value: unknown) => value as never
const to = { phone: '+420777123456' }
const content = { sms: { text: 'Hi' } }
const cascade = ['sms']

function notifier(options: object = {}): Notifier {
  const provider = scriptedProvider({ name: 'twilio', channels: ['sms'], receipts: 'none' })
  return createNotifier(untyped({ providers: [provider], ...options }))
}

const send = (request: object) => notifier().send(untyped({ to, content, cascade, ...request }))
const secret = { query: 'token', values: ['s'] }

const mistakes: Readonly<Record<string, readonly [run: () => unknown, code: string, message: string]>> = {
  'a misspelt option': [
    () => notifier({ provider: [] }),
    'invalid-options',
    'the notifier cannot be created: provider: is unknown: there are providers,',
  ],
  'a misspelt option within another': [
    () => notifier({ retry: { attemts: 5 } }),
    'invalid-options',
    'retry.attemts: is unknown: there are attempts, baseDelay, maxDelay',
  ],
  'no options': [() => createNotifier(untyped(undefined)), 'invalid-options', 'providers: is empty: give at least one'],
  'a provider that was not called': [
    () => createNotifier({ providers: [untyped(telegram)] }),
    'invalid-options',
    'providers[0]: is a function: call it, as in telegram({ … })',
  ],
  'an environment variable that is not set': [
    () => telegram({ token: untyped(undefined) }),
    'invalid-options',
    'telegram: token: is missing (is its environment variable set?): it must be the token that @BotFather gave',
  ],
  'a host in place of a URL': [
    () => smtp({ url: 'mail.example.org', from: 'Shop <shop@example.org>' }),
    'invalid-options',
    'url: must be an smtp:// or smtps:// URL with a host',
  ],
  'a client without its key': [
    () => createSambaClient({ trackpointId: '1', apiKey: untyped(undefined) }),
    'invalid-options',
    'apiKey: must be visible ASCII characters without spaces',
  ],
  'a misspelt field': [() => send({ cascades: [] }), 'invalid-request', 'cascades: is unknown here: there are to, cascade,'],
  'a channel that there is not': [
    () => send({ cascade: ['SMS'] }),
    'invalid-request',
    'cascade[0]: names "SMS", which is no channel: give one of sms, email,',
  ],
  'a channel that nobody sends': [
    () => send({ cascade: ['sms', 'email'], to: { ...to, email: 'ada@example.org' } }),
    'invalid-request',
    'cascade[1]: no provider sends email: add one to createNotifier({ providers })',
  ],
  'a phone number as people write it': [
    () => send({ to: { phone: '0777 123 456' } }),
    'invalid-request',
    'to.phone: is not an E.164 number: write it with + and country code, for example +420777123456',
  ],
  'a recipient without the address': [
    () => send({ to: { email: 'ada@example.org' } }),
    'invalid-request',
    'cascade[0]: cannot apply (no-address): give the recipient an address for sms',
  ],
  'content as a string': [
    () => send({ content: { sms: 'Hi' } }),
    'invalid-request',
    'content.sms: the content must be a plain object, such as { text: … }',
  ],
  'a duration in words': [
    () => send({ cascade: [{ channel: 'sms', within: '2 minutes' }] }),
    'invalid-request',
    "cascade[0].within: is not a duration: give milliseconds or '90s', '2m', '1.5h', '3d'",
  ],
  'a time without its zone': [
    () => send({ sendAt: '2026-11-25 09:00' }),
    'invalid-request',
    'sendAt: is not a moment: give a Date, Unix milliseconds, or ISO 8601 with an offset',
  ],
  'a variable that is missing': [
    () => {
      const template = defineTemplate({
        id: 'hi',
        variables: z.object({ name: z.string() }),
        content: { sms: ({ name }) => ({ text: name }) },
      })
      return send({ template, variables: { nam: 'Ada' }, content: undefined })
    },
    'invalid-request',
    'variables.name: Invalid input: expected string',
  ],
  'the id of a template in its place': [
    () => send({ template: 'hi', content: undefined }),
    'invalid-request',
    'template: is no template: give what defineTemplate made',
  ],
  'a notifier that was closed': [
    async () => {
      const closed = notifier()
      await closed.close()
      await closed.send(untyped({ to, content, cascade }))
    },
    'closed',
    'the notifier is closed: create one for as long as the process runs, and close it last',
  ],
  'a notification of another store': [
    () => notifier().cancel('order-1'),
    'not-found',
    'there is no notification order-1 in the store, or no longer (see keepFor)',
  ],
  'a webhook that anyone could call': [
    () => expressWebhook(notifier(), sendiosWebhook()),
    'invalid-options',
    'expressWebhook: secret: is missing: this vendor proves nothing, and anyone could report in its name',
  ],
  'a secret that is not set': [
    () => expressWebhook(notifier(), sendiosWebhook(), { secret: { query: 'token', values: [untyped(undefined)] } }),
    'invalid-options',
    'secret.values[0]: is empty (is its environment variable set?)',
  ],
  'a webhook that was not called': [
    () => expressWebhook(notifier(), untyped(sendiosWebhook), { secret }),
    'invalid-options',
    'source: is no webhook source: call it',
  ],
  'a webhook before its notifier': [
    () => expressWebhook(untyped(sendiosWebhook()), untyped(notifier()), { secret }),
    'invalid-options',
    'sink: is no notifier: it comes first, then the source',
  ],
  'one receipt in place of several': [
    () => notifier().ingest(untyped({ provider: 'twilio' })),
    'invalid-request',
    'ingest: receipts: is no array, and nothing to iterate over',
  ],
  'a receipt made by hand': [
    () => notifier().ingest([untyped({ provider: 'twilio', key: 'm1', status: 'DELIVERED' })]),
    'invalid-request',
    'ingest: receipt: keys is no array of texts, status is none of sent, delivered, read, clicked, failed, expired, at is no moment',
  ],
}

test.each(Object.entries(mistakes))('%s', async (_, [run, code, message]) => {
  await expect((async () => run())()).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
})

test('a failure names its provider, step, channel and notification, in the record and in its events', async () => {
  const sms = scriptedProvider({ name: 'twilio', channels: ['sms'], replies: [fail('content', 'too long', { code: 21617 })] })
  const email = scriptedProvider({
    name: 'smtp',
    channels: ['email'],
    receipts: 'none',
    replies: [
      untyped(() => {
        throw new TypeError('ada@example.org')
      }),
    ],
  })
  const w = world([sms, email])
  const id = await w.send(['sms', 'email'])
  await w.to(1)
  const failures = w.events.filter(({ type }) => type === 'attempt.failed')
  expect(failures).toMatchObject([
    { id, step: 0, channel: 'sms', provider: 'twilio', failure: { kind: 'content', message: 'too long', code: '21617' } },
    {
      id,
      step: 1,
      channel: 'email',
      provider: 'smtp',
      failure: { kind: 'unknown', message: 'smtp threw TypeError' },
    },
  ])
  const { timeline } = await w.record(id)
  expect(timeline.filter(({ type }) => type === 'attempt.failed')).toMatchObject(
    failures.map((event) => ({ ...event, id: undefined })).map(({ id: _, ...entry }) => entry),
  )
})

test('what fails in the background says of which notification, also where nobody listens', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  const away = new Error('the database is away')
  const options: Partial<NotifierOptions<never>> = { beforeSend: () => Promise.reject(away), createId: () => 'order-1' }
  const silent = notifier(options)
  await silent.send(untyped({ to, content, cascade }))
  await vi.waitFor(() => expect(printed).toHaveBeenCalledWith('omnicascade: notification order-1:', away))
  await silent.close()
  const heard: unknown[] = []
  const listening = notifier(options)
  listening.on('error', (event) => heard.push(event))
  await listening.send(untyped({ to, content, cascade }))
  await vi.waitFor(() => expect(heard).toMatchObject([{ id: 'order-1', error: away }]))
  await listening.close()
  await turn()
})
