import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createNotifier, defineTemplate } from 'omnicascade'
import { shortenLinks } from 'omnicascade/links'
import { sendios } from 'omnicascade/providers/sendios'
import { smtp } from 'omnicascade/providers/smtp'
import { telegram } from 'omnicascade/providers/telegram'
import { twin } from 'omnicascade/providers/twin'
import { storeShortener } from 'omnicascade/shorteners/store'
import { sqlite } from 'omnicascade/stores/sqlite'
import { z } from 'zod'
import { createLinkStore, createSentList } from './tables.ts'

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const projectId = 99
const templateId = 15

/** What the app tells people. */
export const orderShipped = defineTemplate({
  id: 'order-shipped',
  variables: z.object({ name: z.string().min(1), order: z.string().min(1), url: z.url() }),
  content: {
    telegram: ({ name, order, url }) => ({
      text: `${name}, your order ${order} is on its way.`,
      buttons: [{ text: 'Follow it', url }],
    }),
    sms: ({ order, url }) => `Your order ${order} is on its way: ${url}`,
    email: ({ name, order, url }) => ({
      subject: `Your order ${order} is on its way`,
      text: `Dear ${name},\n\nfollow it here: ${url}`,
    }),
  },
})

/** The notifier, its link shortener, and the app's own tables. `publicUrl` is where vendors and browsers reach the app. */
export function openNotifications(env: Environment, publicUrl: string) {
  const folder = env.DATA ?? '.'
  const db = new DatabaseSync(join(folder, 'express-app.db'), { timeout: 5000 })
  const sent = createSentList(db)
  const shortener = storeShortener({ baseUrl: `${publicUrl}/s`, store: createLinkStore(db) })

  const notifier = createNotifier({
    providers: [
      telegram({ token: env.TELEGRAM_TOKEN ?? '', ...at(env.TELEGRAM_URL) }),
      sendios({
        auth: { clientId: Number(env.SENDIOS_CLIENT_ID), apiKey: env.SENDIOS_API_KEY ?? '' },
        ...at(env.SENDIOS_URL),
        projectId,
        sms: {
          templateId,
          // Sendios documents the body for its customers only: yours is as your account manager describes it.
          body: ({ to, content, recipient }) => ({
            project_id: projectId,
            template_id: templateId,
            client_user_id: recipient.userId ?? '',
            phone: String(to),
            text: content.text,
          }),
        },
      }),
      smtp({ url: env.SMTP_URL ?? '', from: 'Shop <shop@example.org>' }),
      // Takes all channels: after the others, for which it may then stand in.
      twin({
        email: env.TWIN_EMAIL ?? '',
        password: env.TWIN_PASSWORD ?? '',
        ...at(env.TWIN_URL),
        callbackUrl: `${publicUrl}/hooks/twin`,
        callbackSecret: env.HOOK_SECRET ?? '',
      }),
    ],
    links: shortenLinks(shortener),
    store: sqlite(join(folder, 'notifications.db')),
    // What an earlier process has sent is rendered by this one.
    templates: [orderShipped],
  })
  notifier.on('error', ({ error, id }) => console.error(id, error))

  return {
    notifier,
    shortener,
    sent,
    async close() {
      await notifier.close()
      db.close()
    },
  }
}

/** What the routes work with. */
export type Notifications = ReturnType<typeof openNotifications>

function at(baseUrl: string | undefined) {
  return baseUrl === undefined ? {} : { baseUrl }
}
