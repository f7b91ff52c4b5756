// npm run example:otp: one-time codes over Telegram, SMS and e-mail.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import { createNotifier } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { openTwins } from '../express-app/twins.ts'
import { addRoutes } from './app.ts'
import { createCodes } from './codes.ts'
import { createOneTimeCodes, oneTimeCode } from './one-time-codes.ts'
import { sealedStore } from './store.ts'

const { PORT = '3000', HOST = '127.0.0.1', PUBLIC_URL } = process.env

const app = express()
const server = app.listen(Number(PORT), HOST)
await once(server, 'listening')
const url = PUBLIC_URL ?? `http://${HOST}:${(server.address() as AddressInfo).port}`

// Without an account anywhere, twins on this machine; Ada (chat 42) has blocked their bot.
const twins = process.env.TELEGRAM_TOKEN === undefined ? await openTwins(url) : undefined
const env = twins === undefined ? process.env : { OTP_SECRET: crypto.randomUUID(), ...twins.env }
const { OTP_SECRET = '', HOOK_SECRET = '', DATA = '.' } = env
if (OTP_SECRET.length < 32) throw new Error('OTP_SECRET must be a secret of at least 32 characters: openssl rand -base64 32')

const notifier = createNotifier({
  providers: [
    telegram({ token: env.TELEGRAM_TOKEN ?? '', baseUrl: env.TELEGRAM_URL ?? 'https://api.telegram.org' }),
    smtp({ url: env.SMTP_URL ?? '', from: 'Shop <shop@example.org>' }),
    twin({
      email: env.TWIN_EMAIL ?? '',
      password: env.TWIN_PASSWORD ?? '',
      ...(env.TWIN_URL !== undefined && { baseUrl: env.TWIN_URL }),
      callbackUrl: `${url}/hooks/twin`,
      callbackSecret: HOOK_SECRET,
    }),
  ],
  store: sealedStore(join(DATA, 'otp-notifications.db'), OTP_SECRET),
  templates: [oneTimeCode],
  // Somebody waits: a vendor that is busy is tried once more, and then the next channel.
  retry: { attempts: 2, baseDelay: '500ms', maxDelay: '2s' },
})
notifier.on('error', ({ error, id }) => console.error(id, error))

// What happened, and where: an event has neither the code nor an address in it.
notifier.on('notification.settled', ({ id, status, by }) => console.log(id, status, by ?? ''))

const db = new DatabaseSync(join(DATA, 'otp.db'), { timeout: 5000 })
// In your app, its own people.
const { USER_TELEGRAM = '42', USER_PHONE = '+420777123456', USER_EMAIL = 'ada@example.org' } = env
const people = new Map([['ada', { telegram: Number(USER_TELEGRAM), phone: USER_PHONE, email: USER_EMAIL }]])
const oneTimeCodes = createOneTimeCodes({
  notifier,
  codes: createCodes(db, OTP_SECRET),
  recipientOf: (person) => people.get(person),
})

app.post('/hooks/twin', expressWebhook(notifier, twinWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } }))
// What the twins have taken stands for what people see on their phones.
if (twins) app.get('/phone', (_request, response) => void response.json(twins.messages()))
addRoutes(app, oneTimeCodes)

console.log(`${url} ${twins ? 'with twins of Telegram, TWIN and a mail server' : 'with your vendors'}`)
console.log(`
  curl ${url}/codes --json '{"person":"ada"}'
  ${twins ? `curl ${url}/phone` : '(look at your phone)'}
  curl ${url}/codes/<id>/again --json '{"channel":"email"}'   (20 seconds after the first)
  curl ${url}/codes/<id>/check --json '{"code":"<code>"}'
`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    server.close()
    await notifier.close()
    db.close()
    await twins?.close()
  })
}
