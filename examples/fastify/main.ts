// npm run example:fastify: an SMS with a short link, TWIN's report on it as a webhook, and an e-mail if it is not delivered.
import { onStop, openVendor } from '../serve.ts'
import { createApp } from './app.ts'

const { PORT = '3000', PUBLIC_URL = `http://127.0.0.1:${PORT}` } = process.env

const vendor = await openVendor(process.env)
const app = createApp(vendor.env, PUBLIC_URL)
await app.listen({ port: Number(PORT) })
console.log(`curl -X POST ${PUBLIC_URL}/orders/1/shipped`)
console.log(`curl ${PUBLIC_URL}/notifications/<its id>`)

onStop(async () => {
  await app.close()
  await vendor.close()
})
