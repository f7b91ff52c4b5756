import { createNotifier, defineTemplate, formatTimeline } from 'omnicascade'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { twin } from 'omnicascade/providers/twin'
import { z } from 'zod'

const { TELEGRAM_TOKEN = '', TWIN_EMAIL = '', TWIN_PASSWORD = '', SMTP_URL = '' } = process.env

const notifier = createNotifier({
  providers: [
    telegram({ token: TELEGRAM_TOKEN }),
    smtp({ url: SMTP_URL, from: 'Shop <shop@example.org>' }),
    twin({ email: TWIN_EMAIL, password: TWIN_PASSWORD }),
  ],
})

const orderShipped = defineTemplate({
  id: 'order-shipped',
  variables: z.object({ name: z.string(), url: z.url() }),
  content: {
    telegram: ({ name, url }) => ({ text: `${name}, your order is on its way.`, buttons: [{ text: 'Follow it', url }] }),
    sms: ({ url }) => ({ text: `Your order is on its way: ${url}` }),
    email: ({ name, url }) => ({ subject: 'Your order is on its way', text: `Dear ${name},\n\nfollow it here: ${url}` }),
  },
})

const { id } = await notifier.send({
  to: { telegram: 42, phone: '+420777123456', email: 'ada@example.org' },
  template: orderShipped,
  variables: { name: 'Ada', url: 'https://shop.example/orders/1' },
  cascade: ['telegram', { channel: 'sms', within: '2m' }, { channel: 'email', required: true }],
  idempotencyKey: 'order-1-shipped',
})

const outcome = await notifier.settled(id)
console.log(outcome.status, outcome.by)

const record = await notifier.get(id)
if (record) console.log(formatTimeline(record))

await notifier.close()
