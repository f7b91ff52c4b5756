// The web process: takes orders, answers at once, and calls no provider.
import express, { type ErrorRequestHandler } from 'express'
import { formatTimeline, isOmnicascadeError } from 'omnicascade'
import { openNotifier, orderShipped } from './notifier.ts'
import { closeOnSignal, listen } from './process.ts'

const { notifier, close } = await openNotifier({ callProviders: false })
const app = express()

app.post('/orders/:id/shipped', express.json(), async (request, response) => {
  const order = request.params.id
  const { phone, email } = request.body ?? {}
  const accepted = await notifier.send({
    to: { phone, email },
    template: orderShipped,
    variables: { order },
    cascade: [{ channel: 'sms', within: '1m' }, 'email'],
    // A client that asks twice, as it got no answer, gets the same notification.
    idempotencyKey: `order-${order}-shipped`,
  })
  response.status(202).json(accepted)
})

app.get('/notifications/:id', async (request, response) => {
  const record = await notifier.get(request.params.id)
  if (record === undefined) return void response.sendStatus(404)
  const { outcome, timeline } = record
  response.format({
    text: () => response.send(`${formatTimeline(record)}\n`),
    json: () => response.json({ outcome, timeline, text: formatTimeline(record) }),
  })
})

// Answers once it has settled, whichever process settles it; or after 25 s, to be asked again.
app.get('/notifications/:id/outcome', async (request, response) => {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(25_000)])
  try {
    response.json(await notifier.settled(request.params.id, { signal }))
  } catch (error) {
    if (!signal.aborted) throw error
    response.status(202).json({ status: 'under way' })
  }
})

const statuses: Readonly<Record<string, number>> = { 'invalid-request': 400, 'idempotency-conflict': 409, 'not-found': 404 }

const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!isOmnicascadeError(error)) return next(error)
  // Anything else is the store's, or the process is closing: the client may ask again.
  response.status(statuses[error.code] ?? 503).json({ error: error.code, message: error.message })
}
app.use(answerError)

const server = await listen(app)

closeOnSignal(async () => {
  server.close()
  // Ends the waits for outcomes as well.
  await close()
})
