import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { type AppOptions, mountApp } from './app.ts'
import { mailTwin } from './twins/mail.ts'
import { sambaTwin } from './twins/samba.ts'
import { sendiosTwin } from './twins/sendios.ts'
import { telegramTwin } from './twins/telegram.ts'
import { twinTwin } from './twins/twin.ts'

/** Ways in which the twins may behave otherwise than the story has it. */
export interface StageOptions {
  /** Chats that have blocked the bot. */
  readonly blocked?: readonly number[]
  /** Generated events of Samba. */
  readonly generated?: number
}

/** Opens the twins, and the app with every base URL pointing at them. Nothing leaves this machine. */
export async function openStage({ blocked = [42], generated = 100_000 }: StageOptions = {}) {
  const hookSecret = crypto.randomUUID()
  const telegramLogin = { token: '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw' }
  const sendiosLogin = { clientId: 7, apiKey: 'demo-key' }
  const twinLogin = { email: 'shop@example.org', password: 'demo-password' }
  const sambaLogin = { trackpointId: '4541245641234564', apiKey: 'demo-key' }

  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-demo-'))
  const url = `http://127.0.0.1:${await freePort()}`

  const telegram = await telegramTwin({ ...telegramLogin, blocked })
  const sendios = await sendiosTwin({ ...sendiosLogin, webhookUrl: () => `${url}/hooks/sendios?token=${hookSecret}` })
  const twin = await twinTwin(twinLogin)
  const samba = await sambaTwin({ ...sambaLogin, generated, breaksOnce: true })
  const mail = await mailTwin()

  const at = ({ baseUrl }: { readonly baseUrl: string }) => ({ baseUrl })
  const options: AppOptions = {
    url,
    hookSecret,
    telegram: { ...telegramLogin, ...at(telegram) },
    sendios: { ...sendiosLogin, ...at(sendios) },
    twin: { ...twinLogin, ...at(twin) },
    samba: { ...sambaLogin, ...at(samba) },
    smtpUrl: mail.url,
    file: join(folder, 'notifications.db'),
  }
  let app = await startApp(options)

  return {
    get notifier() {
      return app.notifier
    },
    get samba() {
      return app.samba
    },
    generated,
    twins: { telegram, sendios, twin, samba, mail },
    /** Stops the app and starts another one in its place, which knows nothing but what is in the file. */
    async redeploy() {
      await app.stop()
      app = await startApp(options)
    },
    /** The app stops first, so that no vendor is missed by it. */
    async close() {
      await app.stop()
      for (const opened of [telegram, sendios, twin, samba, mail]) await opened.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Twins and app. */
export type Stage = Awaited<ReturnType<typeof openStage>>

async function startApp(options: AppOptions) {
  const app = express()
  const mounted = mountApp(app, options)
  const server = app.listen(Number(new URL(options.url).port), '127.0.0.1')
  await once(server, 'listening')
  return {
    ...mounted,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await mounted.notifier.close({ timeout: '2s' })
    },
  }
}

async function freePort(): Promise<number> {
  const server = express().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
