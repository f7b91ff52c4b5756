// The process that takes webhooks: stores what vendors report. If a cascade is to go on, a worker is woken.
import express from 'express'
import { expressWebhook } from 'omnicascade/http/express'
import { twinWebhook } from 'omnicascade/providers/twin'
import { openNotifier } from './notifier.ts'
import { closeOnSignal, listen } from './process.ts'

const { HOOK_SECRET = '' } = process.env

const { notifier, close } = await openNotifier({ callProviders: false })
const app = express()

app.post('/hooks/twin', expressWebhook(notifier, twinWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } }))

const server = await listen(app)

closeOnSignal(async () => {
  server.close()
  await close()
})
