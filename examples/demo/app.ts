import type { Express } from 'express'
import { createNotifier, defineTemplate } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { shortenLinks } from 'omnicascade/links'
import { sendios } from 'omnicascade/providers/sendios'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { createSambaClient } from 'omnicascade/samba'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'
import { sqlite } from 'omnicascade/stores/sqlite'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { z } from 'zod'

/** Where the vendors are and how to log in; in an app of yours, mostly environment variables. */
export interface AppOptions {
  /** Where the app itself is reached. */
  readonly url: string
  readonly hookSecret: string
  readonly telegram: { readonly baseUrl: string; readonly token: string }
  readonly sendios: { readonly baseUrl: string; readonly clientId: number; readonly apiKey: string }
  readonly twin: { readonly baseUrl: string; readonly email: string; readonly password: string }
  readonly samba: { readonly baseUrl: string; readonly trackpointId: string; readonly apiKey: string }
  readonly smtpUrl: string
  /** The file in which notifications live. */
  readonly file: string
}

const sms = { project: 99, template: 15 }

/** What the demo tells people. The compiler checks its variables, and that it has content for every channel of a cascade. */
export const orderShipped = defineTemplate({
  id: 'order-shipped',
  variables: z.object({ name: z.string(), order: z.string(), url: z.url() }),
  content: {
    telegram: ({ name, order }) => ({ text: `${name}, your order ${order} is on its way.` }),
    sms: ({ order, url }) => ({ text: `Order ${order} is on its way: ${url}` }),
    email: ({ name, order, url }) => ({
      subject: `Your order ${order} is on its way`,
      text: `Dear ${name},\n\nyou can follow it here: ${url}`,
    }),
  },
})

/** An Express app that notifies people. Everything in here is omnicascade as any app uses it; nothing knows of the twins. */
export function mountApp(app: Express, options: AppOptions) {
  const { url, hookSecret } = options
  const secret = { query: 'token', values: [hookSecret] }

  const links = storeShortener({ baseUrl: `${url}/s`, store: memoryLinkStore() })
  const notifier = createNotifier({
    providers: [
      telegram(options.telegram),
      sendios({
        baseUrl: options.sendios.baseUrl,
        auth: { clientId: options.sendios.clientId, apiKey: options.sendios.apiKey },
        projectId: sms.project,
        sms: {
          templateId: sms.template,
          body: ({ to, content, recipient }) => ({
            project_id: sms.project,
            template_id: sms.template,
            client_user_id: recipient.userId ?? '',
            phone: String(to),
            text: content.text,
          }),
        },
      }),
      smtp({ url: options.smtpUrl, from: 'Shop <shop@example.org>' }),
      twin({
        baseUrls: { notify: `${options.twin.baseUrl}/api/v1`, auth: `${options.twin.baseUrl}/api/v1/auth` },
        email: options.twin.email,
        password: options.twin.password,
        callbackUrl: `${url}/hooks/twin`,
        callbackSecret: hookSecret,
      }),
    ],
    links: shortenLinks(links),
    store: sqlite(options.file),
    // What an earlier process has sent is rendered by this one.
    templates: [orderShipped],
  })

  app.post('/hooks/sendios', expressWebhook(notifier, sendiosWebhook(), { secret }))
  app.post('/hooks/twin', expressWebhook(notifier, twinWebhook(), { secret }))
  app.get('/s/:code', async (request, response) => {
    const long = await links.resolve(request.params.code)
    if (long === undefined) response.sendStatus(404)
    else response.redirect(long)
  })

  return { notifier, samba: createSambaClient(options.samba) }
}
