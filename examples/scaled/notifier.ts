// What all processes share: each makes its notifier here, from the same environment.
import { createNotifier, defineTemplate } from 'omnicascade'
import { smtp } from 'omnicascade/providers/smtp'
import { twin } from 'omnicascade/providers/twin'
import { pgBoss } from 'omnicascade/schedulers/pg-boss'
import { postgres } from 'omnicascade/stores/postgres'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { z } from 'zod'
import { log, logEvent } from './process.ts'

const { DATABASE_URL = '', DATABASE_SCHEMA = 'omnicascade', PUBLIC_URL = '', HOOK_SECRET = '' } = process.env
const { TWIN_URL = '', TWIN_EMAIL = '', TWIN_PASSWORD = '', SMTP_URL = '' } = process.env

/** What people are told. Every process knows it: a worker renders what the web process has accepted. */
export const orderShipped = defineTemplate({
  id: 'order-shipped',
  variables: z.object({ order: z.string() }),
  content: {
    sms: ({ order }) => ({ text: `Order ${order} is on its way.` }),
    email: ({ order }) => ({ subject: `Order ${order} is on its way`, text: 'It should reach you tomorrow.' }),
  },
})

/** Workers call providers. The others take requests and receipts, store them, and leave the calls to the workers. */
export interface Role {
  readonly callProviders: boolean
}

/** Connects this process to the database and makes its notifier. `close` lets go of everything, in order. */
export async function openNotifier({ callProviders }: Role) {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
  // An idle connection that is lost must not end the process: the pool makes another.
  pool.on('error', ({ message }) => log('pool.error', { message }))

  const boss = new PgBoss({
    connectionString: DATABASE_URL,
    schema: `${DATABASE_SCHEMA}_jobs`,
    max: 4,
    useListenNotify: true,
    schedule: false,
    // Its upkeep is enough in the workers, and finished wake-ups go once a minute.
    supervise: callProviders,
    maintenanceIntervalSeconds: 60,
  })
  boss.on('error', ({ message }) => log('boss.error', { message }))
  await boss.start()

  const notifier = createNotifier({
    // In order of preference: TWIN could send e-mail too, and stands in if the mail server fails.
    providers: [
      smtp({ url: SMTP_URL, from: 'Shop <shop@example.org>' }),
      twin({
        baseUrls: { notify: `${TWIN_URL}/api/v1`, auth: `${TWIN_URL}/api/v1/auth` },
        email: TWIN_EMAIL,
        password: TWIN_PASSWORD,
        callbackUrl: `${PUBLIC_URL}/hooks/twin`,
        callbackSecret: HOOK_SECRET,
      }),
    ],
    templates: [orderShipped],
    store: postgres({ pool, schema: DATABASE_SCHEMA }),
    // `notify`: a worker sees to what another process has accepted at once, rather than when it next looks.
    scheduler: pgBoss({ boss, notify: true }),
    callProviders,
    keepFor: '30d',
  })
  notifier.on('*', logEvent)

  return {
    notifier,
    async close() {
      await notifier.close()
      await boss.stop()
      await pool.end()
    },
  }
}
