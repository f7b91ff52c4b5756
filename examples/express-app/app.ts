import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import { isOmnicascadeError } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { timelineSvg } from 'omnicascade/pictures'
import { twinWebhook } from 'omnicascade/providers/twin'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { type Notifications, orderShipped } from './notifications.ts'
import { page } from './page.ts'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"

/** The routes. All but the webhooks and the short links belong behind the app's own login. */
export function createApp({ notifier, shortener, sent }: Notifications, hookSecret: string): Express {
  const app = express()
  const changes = new EventEmitter().setMaxListeners(0)
  notifier.on('*', (event) => 'id' in event && changes.emit('change', event.id))
  const secret = { query: 'token', values: [hookSecret] }

  // Before any body parser, for the handlers need the bytes as they came.
  app.post('/hooks/sendios', expressWebhook(notifier, sendiosWebhook(), { secret }))
  app.post('/hooks/twin', expressWebhook(notifier, twinWebhook(), { secret }))

  app.get('/s/:code', async (request, response) => {
    const url = await shortener.resolve(request.params.code, { agent: request.get('user-agent') })
    if (url === undefined) response.sendStatus(404)
    else response.redirect(302, url)
  })

  app.use((_request, response, next) => {
    response.set({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    next()
  })

  app.post('/send', sameSite, express.json(), express.urlencoded({ extended: false }), async (request, response) => {
    const { name, order, url, userId, telegram, phone, email } = fieldsOf(request)
    // `send` checks all of it, and says what is wrong.
    const { id, created } = await notifier.send({
      to: { userId, telegram: telegram && Number(telegram), phone, email },
      template: orderShipped,
      variables: { name: name ?? '', order: order ?? '', url: url ?? '' },
      cascade: [
        'telegram',
        { channel: 'sms', through: 'sendios', within: '10m' },
        { channel: 'sms', through: 'twin', within: '5m' },
        'email',
      ],
      // A client that got no answer asks again, and gets the same notification.
      idempotencyKey: `order-${order}-shipped`,
    })
    sent.add({ id, title: `Order ${order}, ${name}` })
    changes.emit('change', id)
    if (request.is('json')) response.status(202).json({ id, created })
    else response.redirect(303, `/?id=${id}`)
  })

  app.get('/', async (request, response) => {
    const list = await Promise.all(sent.newest(20).map(async ({ id, title }) => ({ id, title, record: await notifier.get(id) })))
    response.send(page(list, typeof request.query.id === 'string' ? request.query.id : list[0]?.id))
  })

  app.get('/notifications/:id/timeline.svg', async (request, response) => {
    const record = await notifier.get(request.params.id)
    if (record === undefined) return void response.sendStatus(404)
    // The picture has its own styles, and stands alone. What its address says of the version changes with the record.
    response.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
    response.set('cache-control', 'private, max-age=31536000, immutable')
    response.type('svg').send(timelineSvg(record))
  })

  // Whose notification has changed; the page then asks for what it shows.
  app.get('/events', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write(': hello\n\n')
    const tell = (id: string) => void response.write(`data: ${id}\n\n`)
    changes.on('change', tell)
    response.once('close', () => changes.off('change', tell))
  })

  app.use(express.static(join(import.meta.dirname, 'public'), { index: false }))
  app.use(answerError)
  return app
}

/** A form on another site may not send in the name of whoever looks at it. */
const sameSite: express.RequestHandler = (request, response, next) => {
  if (['same-origin', 'none', undefined].includes(request.get('sec-fetch-site'))) next()
  else response.sendStatus(403)
}

function fieldsOf({ body }: Request): Readonly<Record<string, string | undefined>> {
  // A field that was left empty is none.
  const fields = Object.entries({ ...body }).filter(([, value]) => value !== '' && ['string', 'number'].includes(typeof value))
  return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]))
}

const statuses: Readonly<Record<string, number>> = { 'invalid-request': 400, 'idempotency-conflict': 409 }

const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!isOmnicascadeError(error)) return next(error)
  // Anything else is the store's, or the process is closing: the client may ask again.
  response.status(statuses[error.code] ?? 503).json({ error: error.code, message: error.message })
}
