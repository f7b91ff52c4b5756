import { createNotifier } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { shortenLinks } from 'omnicascade/links'
import { consoleProvider } from 'omnicascade/providers/console'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'
import { sqlite } from 'omnicascade/stores/sqlite'

function open() {
  const { PUBLIC_URL = 'http://localhost:3000', TWIN_EMAIL = '', TWIN_PASSWORD = '', TWIN_URL } = process.env
  const { HOOK_SECRET = '', DATABASE = 'notifications.db' } = process.env
  const shortener = storeShortener({ baseUrl: `${PUBLIC_URL}/s`, store: memoryLinkStore() })
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
    store: sqlite(DATABASE),
  })
  const webhook = fetchWebhook(notifier, twinWebhook(), { secret: { query: 'token', values: [HOOK_SECRET] } })
  return { notifier, shortener, webhook }
}

const kept = globalThis as { notifications?: ReturnType<typeof open> }

/** Opened when first asked for, since `next build` loads routes where there are no secrets; and once, since `next dev` loads modules again. */
export function notifications(): ReturnType<typeof open> {
  kept.notifications ??= open()
  return kept.notifications
}
