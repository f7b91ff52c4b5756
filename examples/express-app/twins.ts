import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailTwin } from '../demo/twins/mail.ts'
import { sendiosTwin } from '../demo/twins/sendios.ts'
import { telegramTwin } from '../demo/twins/telegram.ts'
import { twinTwin } from '../demo/twins/twin.ts'
import type { Environment } from './notifications.ts'

/** The vendors on this machine, and an environment that leads to them: Ada (chat 42) has blocked the bot, and Sendios loses every SMS. */
export async function openTwins(publicUrl: string) {
  const token = '110201543:demo'
  const login = { email: 'shop@example.org', password: 'demo-password' }
  const secret = crypto.randomUUID()
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-express-'))
  const telegram = await telegramTwin({ token, blocked: [42] })
  const sendios = await sendiosTwin({
    clientId: 7,
    apiKey: 'demo-key',
    webhookUrl: () => `${publicUrl}/hooks/sendios?token=${secret}`,
  })
  const twin = await twinTwin(login)
  const mail = await mailTwin()
  const env: Environment = {
    TELEGRAM_TOKEN: token,
    TELEGRAM_URL: telegram.baseUrl,
    SENDIOS_CLIENT_ID: '7',
    SENDIOS_API_KEY: 'demo-key',
    SENDIOS_URL: sendios.baseUrl,
    TWIN_EMAIL: login.email,
    TWIN_PASSWORD: login.password,
    TWIN_URL: twin.baseUrl,
    SMTP_URL: mail.url,
    HOOK_SECRET: secret,
    DATA: folder,
  }
  return {
    env,
    /** What the vendors were asked to send, each in its vendor's own form. */
    messages: () => [
      ...[telegram, sendios, twin]
        .flatMap(({ requests }) => requests.filter(({ path }) => !path.endsWith('/login')))
        .map(({ body }) => body),
      ...mail.received,
    ],
    async close() {
      for (const opened of [telegram, sendios, twin, mail]) await opened.close()
      await rm(folder, { recursive: true })
    },
  }
}
