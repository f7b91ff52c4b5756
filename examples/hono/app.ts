import { Hono } from 'hono'
import { createNotifier, formatTimeline } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { shortenLinks } from 'omnicascade/links'
import { consoleProvider } from 'omnicascade/providers/console'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'
import type { Environment } from '../serve.ts'

/** The app, and its notifier. `url` is where vendors and people reach it. */
export function createApp({ TWIN_EMAIL = '', TWIN_PASSWORD = '', TWIN_URL, HOOK_SECRET = '' }: Environment, url: string) {
  const shortener = storeShortener({ baseUrl: `${url}/s`, store: memoryLinkStore() })
  const notifier = createNotifier({
    providers: [
      twin({
        email: TWIN_EMAIL,
        password: TWIN_PASSWORD,
        ...(TWIN_URL && { baseUrl: TWIN_URL }),
        callbackUrl: `${url}/hooks/twin`,
        callbackSecret: HOOK_SECRET,
      }),
      consoleProvider({ channels: ['email'] }),
    ],
    links: shortenLinks(shortener),
  })
  const webhook = fetchWebhook(notifier, twinWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } })

  const app = new Hono()

  app.post('/hooks/twin', (c) => webhook(c.req.raw))

  app.get('/s/:code', async (c) => {
    const long = await shortener.resolve(c.req.param('code'))
    return long === undefined ? c.notFound() : c.redirect(long)
  })

  app.post('/orders/:order/shipped', async (c) => {
    const order = c.req.param('order')
    const text = `Order ${order} is on its way: https://shop.example/orders/${order}?utm_source=sms&utm_campaign=shipped`
    const { id } = await notifier.send({
      to: { phone: '+420777123456', email: 'ada@example.org' },
      content: { sms: { text }, email: { subject: 'On its way', text } },
      cascade: [{ channel: 'sms', within: '10m' }, 'email'],
      idempotencyKey: `order-${order}-shipped`,
    })
    return c.json({ id }, 202)
  })

  app.get('/notifications/:id', async (c) => {
    const record = await notifier.get(c.req.param('id'))
    return record === undefined ? c.notFound() : c.text(formatTimeline(record))
  })

  return { app, notifier }
}
