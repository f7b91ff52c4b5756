import fastify, { type FastifyInstance } from 'fastify'
import { createNotifier, formatTimeline } from 'omnicascade'
import { fastifyWebhook } from 'omnicascade/http/fastify'
import { shortenLinks } from 'omnicascade/links'
import { consoleProvider } from 'omnicascade/providers/console'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'
import type { Environment } from '../serve.ts'

/** The app. `url` is where vendors and people reach it. */
export function createApp(
  { TWIN_EMAIL = '', TWIN_PASSWORD = '', TWIN_URL, HOOK_SECRET = '' }: Environment,
  url: string,
): FastifyInstance {
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

  const app = fastify()

  app.register(fastifyWebhook(notifier, twinWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } }), {
    prefix: '/hooks/twin',
  })

  app.get<{ Params: { code: string } }>('/s/:code', async ({ params }, reply) => {
    const long = await shortener.resolve(params.code)
    return long === undefined ? reply.code(404).send() : reply.redirect(long)
  })

  app.post<{ Params: { order: string } }>('/orders/:order/shipped', async ({ params: { order } }, reply) => {
    const text = `Order ${order} is on its way: https://shop.example/orders/${order}?utm_source=sms&utm_campaign=shipped`
    const { id } = await notifier.send({
      to: { phone: '+420777123456', email: 'ada@example.org' },
      content: { sms: { text }, email: { subject: 'On its way', text } },
      cascade: [{ channel: 'sms', within: '10m' }, 'email'],
      idempotencyKey: `order-${order}-shipped`,
    })
    return reply.code(202).send({ id })
  })

  app.get<{ Params: { id: string } }>('/notifications/:id', async ({ params }, reply) => {
    const record = await notifier.get(params.id)
    return record === undefined ? reply.code(404).send() : reply.send(formatTimeline(record))
  })

  app.addHook('onClose', () => notifier.close())
  return app
}
