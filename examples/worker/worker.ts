import { createNotifier, formatTimeline, memoryStore } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { shortenLinks } from 'omnicascade/links'
import { consoleProvider } from 'omnicascade/providers/console'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'

/** What the platform binds: secrets and variables of the worker. */
export interface Bindings {
  readonly PUBLIC_URL: string
  readonly TWIN_EMAIL: string
  readonly TWIN_PASSWORD: string
  readonly TWIN_URL?: string | undefined
  readonly HOOK_SECRET: string
}

/** The part of the platform's context that is used. */
export interface Context {
  waitUntil(promise: Promise<unknown>): void
}

// Memory of this isolate: what waits there is lost when the platform ends it, and no other isolate sees it. Enough to try;
// for what must arrive, a store and a table of yours behind the same two interfaces (docs/stores.md).
const store = memoryStore()
const links = memoryLinkStore()

/** One for each event, on the store that they share: a worker may not wait for what another request has begun. */
function open({ PUBLIC_URL, TWIN_EMAIL, TWIN_PASSWORD, TWIN_URL, HOOK_SECRET }: Bindings) {
  const shortener = storeShortener({ baseUrl: `${PUBLIC_URL}/s`, store: links })
  const notifier = createNotifier({
    providers: [
      twin({
        email: TWIN_EMAIL,
        password: TWIN_PASSWORD,
        ...(TWIN_URL && { baseUrl: TWIN_URL }),
        callbackUrl: `${PUBLIC_URL}/hooks/twin`,
        callbackSecret: HOOK_SECRET,
      }),
      consoleProvider({ channels: ['email'] }),
    ],
    links: shortenLinks(shortener),
    store,
    // No timer outlives an event: `scheduled` wakes what is due.
    scheduler: 'manual',
  })
  const webhook = fetchWebhook(notifier, twinWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } })

  async function route(request: Request): Promise<Response> {
    const [, place = '', name = ''] = new URL(request.url).pathname.split('/')
    if (place === 'hooks') return webhook(request)
    if (place === 's') {
      const long = await shortener.resolve(name)
      return long === undefined ? new Response(null, { status: 404 }) : Response.redirect(long)
    }
    if (place === 'orders' && request.method === 'POST') {
      const text = `Order ${name} is on its way: https://shop.example/orders/${name}?utm_source=sms&utm_campaign=shipped`
      const { id } = await notifier.send({
        to: { phone: '+420777123456', email: 'ada@example.org' },
        content: { sms: { text }, email: { subject: 'On its way', text } },
        cascade: [{ channel: 'sms', within: '10m' }, 'email'],
        idempotencyKey: `order-${name}-shipped`,
      })
      return Response.json({ id }, { status: 202 })
    }
    const record = place === 'notifications' ? await notifier.get(name) : undefined
    return record === undefined ? new Response(null, { status: 404 }) : new Response(formatTimeline(record))
  }
  return { notifier, route }
}

/** The worker: `scheduled` is called by a cron trigger, every minute say. */
const worker = {
  async fetch(request: Request, env: Bindings, context: Context): Promise<Response> {
    const { notifier, route } = open(env)
    const response = await route(request)
    // The answer does not wait for the vendor, and the platform does.
    context.waitUntil(notifier.idle())
    return response
  },
  async scheduled(_event: unknown, env: Bindings): Promise<void> {
    await open(env).notifier.tick()
  },
}

// biome-ignore lint/style/noDefaultExport: it is what a worker is looked for at
export default worker
