import { migrate } from 'omnicascade/stores/postgres'
import pg from 'pg'
import { mailTwin } from '../demo/twins/mail.ts'
import { createProcesses } from './processes.ts'
import { smsVendor } from './vendors.ts'

const { DATABASE_URL = 'postgres://postgres@127.0.0.1:5432/test' } = process.env
const publicUrl = 'https://shop.example'

/** Makes the tables, opens the vendors' twins, and starts the four processes. Nothing leaves this machine, and nothing stays. */
export async function openStage(signal: AbortSignal) {
  const schema = `omnicascade_scaled_${crypto.randomUUID().slice(0, 8)}`
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 1 })
  const login = { email: 'shop@example.org', password: 'demo-password' }
  let hooksUrl = ''
  const mail = await mailTwin()
  const sms = await smsVendor(login, (url) => url.replace(publicUrl, hooksUrl))
  const processes = createProcesses(
    {
      DATABASE_URL,
      DATABASE_SCHEMA: schema,
      PUBLIC_URL: publicUrl,
      HOOK_SECRET: crypto.randomUUID(),
      TWIN_URL: sms.baseUrl,
      TWIN_EMAIL: login.email,
      TWIN_PASSWORD: login.password,
      SMTP_URL: mail.url,
      PORT: '0',
    },
    signal,
  )

  async function close(): Promise<void> {
    await processes.endAll()
    await sms.close()
    await mail.close()
    await pool.query(`drop schema if exists ${schema}, ${schema}_jobs cascade`).catch(() => {})
    await pool.end()
  }

  try {
    // Once for each deployment, before its processes start. pg-boss sees to its own tables when it starts.
    await migrate({ pool, schema })
    const [web, hooks] = await Promise.all([
      processes.start('web', 'web.ts'),
      processes.start('webhooks', 'webhooks.ts'),
      processes.start('worker-1', 'worker.ts'),
      processes.start('worker-2', 'worker.ts'),
    ])
    hooksUrl = hooks
    return { schema, web, processes, sms, mail, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Database, vendors and processes. */
export type Stage = Awaited<ReturnType<typeof openStage>>
