import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { mountApp } from './app.ts'
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

  const app = express()
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const telegram = await telegramTwin({ ...telegramLogin, blocked })
  const sendios = await sendiosTwin({ ...sendiosLogin, webhookUrl: () => `${url}/hooks/sendios?token=${hookSecret}` })
  const twin = await twinTwin(twinLogin)
  const samba = await sambaTwin({ ...sambaLogin, generated, breaksOnce: true })
  const mail = await mailTwin()

  const at = ({ baseUrl }: { readonly baseUrl: string }) => ({ baseUrl })
  const { notifier, samba: sambaClient } = mountApp(app, {
    url,
    hookSecret,
    telegram: { ...telegramLogin, ...at(telegram) },
    sendios: { ...sendiosLogin, ...at(sendios) },
    twin: { ...twinLogin, ...at(twin) },
    samba: { ...sambaLogin, ...at(samba) },
    smtpUrl: mail.url,
  })

  return {
    notifier,
    samba: sambaClient,
    generated,
    twins: { telegram, sendios, twin, samba, mail },
    /** The app stops first, so that no vendor is missed by it. */
    async close() {
      await notifier.close({ timeout: '2s' })
      for (const opened of [telegram, sendios, twin, samba, mail]) await opened.close()
      await closeServer(server)
    },
  }
}

/** Twins and app. */
export type Stage = Awaited<ReturnType<typeof openStage>>

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
