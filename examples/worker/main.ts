// npm run example:worker: the worker on Node, with a vendor's twin and a cron trigger every second. On the platform: `npx wrangler dev`.
import { onNode, onStop, openVendor, serve } from '../serve.ts'
import worker, { type Bindings } from './worker.ts'

const { PORT = '3000', PUBLIC_URL = `http://127.0.0.1:${PORT}` } = process.env

const vendor = await openVendor(process.env)
const { TWIN_EMAIL = '', TWIN_PASSWORD = '', TWIN_URL, HOOK_SECRET = '' } = vendor.env
const env: Bindings = { PUBLIC_URL, TWIN_EMAIL, TWIN_PASSWORD, TWIN_URL, HOOK_SECRET }
const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(console.error) }
const server = await serve(
  onNode((request) => worker.fetch(request, env, context)),
  Number(PORT),
)
const cron = setInterval(() => void worker.scheduled(undefined, env).catch(console.error), 1000)
console.log(`curl -X POST ${PUBLIC_URL}/orders/1/shipped`)
console.log(`curl ${PUBLIC_URL}/notifications/<its id>`)

onStop(async () => {
  clearInterval(cron)
  await server.close()
  await vendor.close()
})
