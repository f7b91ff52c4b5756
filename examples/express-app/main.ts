// npm run example:express-app: an Express app that notifies, and a page that shows how each notification fares.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.ts'
import { openNotifications } from './notifications.ts'
import { openTwins } from './twins.ts'

// The page has no login: it stays on this machine unless you say otherwise.
const { PORT = '3000', HOST = '127.0.0.1', PUBLIC_URL } = process.env

const server = createServer().listen(Number(PORT), HOST)
await once(server, 'listening')
const url = PUBLIC_URL ?? `http://${HOST}:${(server.address() as AddressInfo).port}`

// Without an account anywhere, twins on this machine.
const twins = process.env.TELEGRAM_TOKEN === undefined ? await openTwins(url) : undefined
const env = twins?.env ?? process.env
const notifications = openNotifications(env, url)
server.on('request', createApp(notifications, env.HOOK_SECRET ?? ''))
console.log(`Open ${url} (${twins ? 'with twins of Telegram, Sendios, TWIN and a mail server' : 'with your vendors'})`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    server.close()
    await notifications.close()
    // Pages that listen for events would hold it open.
    server.closeAllConnections()
    await twins?.close()
  })
}
