import express from 'express'
import { createNotifier } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { sendios } from 'omnicascade/providers/sendios'
import { smtp } from 'omnicascade/providers/smtp'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'

const { SENDIOS_API_KEY = '', HOOK_SECRET = '', SMTP_URL = '', PORT = '3000' } = process.env

const notifier = createNotifier({
  providers: [
    sendios({
      auth: { clientId: 7, apiKey: SENDIOS_API_KEY },
      projectId: 99,
      sms: {
        templateId: 15,
        // Sendios documents the body for its customers only: yours is as your account manager describes it.
        body: ({ to, content, recipient }) => ({
          project_id: 99,
          template_id: 15,
          client_user_id: recipient.userId ?? null,
          phone: String(to),
          text: content.text,
        }),
      },
    }),
    smtp({ url: SMTP_URL, from: 'Shop <shop@example.org>' }),
  ],
})

const app = express()

// Before express.json(), for the handler needs the bytes as they came. The URL to give to Sendios ends in ?token=…
app.post('/hooks/sendios', expressWebhook(notifier, sendiosWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } }))

app.use(express.json())

app.post('/orders/:id/shipped', async (request, response) => {
  const text = `Order ${request.params.id} is on its way.`
  const { id } = await notifier.send({
    to: { userId: 'u-42', phone: '+420777123456', email: 'ada@example.org' },
    content: { sms: { text }, email: { subject: 'Your order is on its way', text } },
    cascade: [{ channel: 'sms', within: '10m' }, 'email'],
    idempotencyKey: `order-${request.params.id}-shipped`,
  })
  response.status(202).json({ id })
})

const server = app.listen(Number(PORT), () => console.log('listening on', server.address()))

process.once('SIGTERM', async () => {
  server.close()
  await notifier.close()
})
