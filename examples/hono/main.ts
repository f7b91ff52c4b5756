// npm run example:hono: an SMS with a short link, TWIN's report on it as a webhook, and an e-mail if it is not delivered.
// Bun and Deno serve `app.fetch` as it is; on Node, `@hono/node-server` does what `onNode` does here.
import { onNode, onStop, openVendor, serve } from '../serve.ts'
import { createApp } from './app.ts'

const { PORT = '3000', PUBLIC_URL = `http://127.0.0.1:${PORT}` } = process.env

const vendor = await openVendor(process.env)
const { app, notifier } = createApp(vendor.env, PUBLIC_URL)
const server = await serve(
  onNode((request) => app.fetch(request)),
  Number(PORT),
)
console.log(`curl -X POST ${PUBLIC_URL}/orders/1/shipped`)
console.log(`curl ${PUBLIC_URL}/notifications/<its id>`)

onStop(async () => {
  await server.close()
  await notifier.close()
  await vendor.close()
})
