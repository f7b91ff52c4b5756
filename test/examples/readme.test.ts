// The README's examples are the files in examples/: compiled with the project, and run here as they are published, each in a
// process of its own. Only its environment differs, and where its calls go: loopback.ts sends those to the demo's twins.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { pages } from '../../docs/.vitepress/repository.ts'
import { mailTwin } from '../../examples/demo/twins/mail.ts'
import { sambaTwin } from '../../examples/demo/twins/samba.ts'
import { sendiosTwin } from '../../examples/demo/twins/sendios.ts'
import { telegramTwin } from '../../examples/demo/twins/telegram.ts'
import { twinTwin } from '../../examples/demo/twins/twin.ts'
import { problemsOf, snippetsOf } from './snippets.ts'

const root = resolve(import.meta.dirname, '../..')
const readme = snippetsOf('README.md')
const docs = pages.filter((page) => page.startsWith('docs/')).flatMap(snippetsOf)

// What the prose around the documentation's examples takes for granted. A block that defines one of these itself has its own.
const takenForGranted = `
declare const app: import('express').Express
declare const express: typeof import('express')
declare const notifier: import('omnicascade').Notifier
declare const id: string
declare const hookSecret: string
declare const email: string
declare const password: string
type Handler = (request: Request) => Response | Promise<Response>
declare const Bun: { serve(options: { routes: Record<string, Handler> }): void }
declare const Deno: { serve(handler: Handler): void }
`

describe('the examples', () => {
  test.each(['send.ts', 'express-webhook.ts', 'samba-export.ts'])('of the README hold examples/%s, word for word', (name) => {
    const file = readFileSync(resolve(root, 'examples', name), 'utf8')
    expect(readme.map(({ code }) => code)).toContain(file)
  })

  test('of the page on testing begin with test/examples/own-cascades.test.ts, which runs', () => {
    const file = readFileSync(resolve(root, 'test/examples/own-cascades.test.ts'), 'utf8')
    expect(snippetsOf('docs/testing.md')[0]?.code).toBe(file)
  })

  test('of the README and of every page of the documentation compile', { timeout: 120_000 }, () => {
    expect(readme.length).toBeGreaterThanOrEqual(3)
    expect(docs.length).toBeGreaterThan(10)
    expect(problemsOf([...readme, ...docs], takenForGranted)).toEqual([])
  })

  test('are all marked `ts`, so that none goes unseen', () => {
    const others = pages.filter((page) =>
      /^```(js|javascript|typescript|tsx|mts|vue)$/m.test(readFileSync(resolve(root, page), 'utf8')),
    )
    expect(others).toEqual([])
  })

  test('are checked by a compiler that finds a mistake, and says where', { timeout: 30_000 }, () => {
    const mistake = {
      file: 'docs/x.md',
      line: 7,
      code: "import { createNotifier } from 'omnicascade'\n\ncreateNotifier({ provider: [] })\n",
    }
    expect(problemsOf([mistake])).toEqual([expect.stringMatching(/^docs\/x\.md:9: .*provider/s)])
  })
})

/** Runs an example until it ends by itself or is stopped. */
function run(name: string, env: Readonly<Record<string, string>>, twins: Readonly<Record<string, string>>) {
  const args = ['--conditions=@omnicascade/source', '--import', './test/examples/loopback.ts', `examples/${name}`]
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, ...env, TWINS: JSON.stringify(twins) },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  let look = () => {}
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      look()
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code, output }))
  const prints = (words: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      look = () => {
        const found = words.exec(output)
        if (found) resolve(found)
      }
      look()
      void ended.then(() => reject(new Error(`it ended without: ${output}`)))
    })
  return { child, ended, prints }
}

async function open<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
  const twin = await opening
  onTestFinished(() => twin.close())
  return twin
}

describe('run as published', { timeout: 30_000 }, () => {
  test('send.ts tells Ada by Telegram and, because it is required, by e-mail', async () => {
    const token = '1:demo'
    const telegram = await open(telegramTwin({ token }))
    const mail = await open(mailTwin())
    const env = { TELEGRAM_TOKEN: token, TWIN_EMAIL: 'shop@example.org', TWIN_PASSWORD: 'demo', SMTP_URL: mail.url }
    const { code, output } = await run('send.ts', env, { 'api.telegram.org': telegram.baseUrl }).ended
    expect(output).toMatch(/^delivered telegram\n/)
    expect(output).toContain('skipped: another channel delivered')
    expect(telegram.requests.map(({ body }) => body)).toMatchObject([{ chat_id: 42, text: 'Ada, your order is on its way.' }])
    expect(mail.received).toMatchObject([{ to: ['ada@example.org'], subject: 'Your order is on its way' }])
    expect(code).toBe(0)
  })

  test('send.ts goes on to an SMS when Ada has blocked the bot', async () => {
    const token = '1:demo'
    const login = { email: 'shop@example.org', password: 'demo' }
    const telegram = await open(telegramTwin({ token, blocked: [42] }))
    const twin = await open(twinTwin(login))
    const mail = await open(mailTwin())
    const env = { TELEGRAM_TOKEN: token, TWIN_EMAIL: login.email, TWIN_PASSWORD: login.password, SMTP_URL: mail.url }
    const twins = { 'api.telegram.org': telegram.baseUrl, 'iam.twin24.ai': twin.baseUrl, 'notify.twin24.ai': twin.baseUrl }
    const { code, output } = await run('send.ts', env, twins).ended
    expect(output).toMatch(/^delivered sms\n/)
    expect(twin.requests.at(-1)?.body).toMatchObject({
      messages: [{ channels: { sms: { text: 'Your order is on its way: https://shop.example/orders/1' } } }],
    })
    expect(code).toBe(0)
  })

  test('express-webhook.ts sends an e-mail once Sendios has lost the SMS', async () => {
    const mail = await open(mailTwin())
    // Sendios has to know the app's URL, and the app where Sendios is.
    let webhookUrl = ''
    const sendios = await open(sendiosTwin({ clientId: 7, apiKey: 'demo', webhookUrl: () => webhookUrl }))
    const env = { SENDIOS_API_KEY: 'demo', HOOK_SECRET: 's3cret', SMTP_URL: mail.url, PORT: '0' }
    const { child, ended, prints } = run('express-webhook.ts', env, { 'api.sendios.io': sendios.baseUrl })
    const [, port] = await prints(/port: (\d+)/)
    webhookUrl = `http://127.0.0.1:${port}/hooks/sendios?token=s3cret`

    const answer = await fetch(`http://127.0.0.1:${port}/orders/1/shipped`, { method: 'POST' })
    expect(answer.status).toBe(202)
    await vi.waitUntil(() => mail.received.length > 0, 10_000)
    expect(mail.received).toMatchObject([{ to: ['ada@example.org'], text: 'Order 1 is on its way.' }])
    expect(await sendios.answers()).toEqual([200, 200])

    const stranger = await fetch(`http://127.0.0.1:${port}/hooks/sendios`, { method: 'POST', body: '{}' })
    expect(stranger.status).toBe(401)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  test('samba-export.ts counts what became of every SMS', async () => {
    const samba = await open(sambaTwin({ trackpointId: '4541245641234564', apiKey: 'demo', generated: 1000 }))
    const env = { SAMBA_TRACKPOINT: '4541245641234564', SAMBA_API_KEY: 'demo' }
    const { code, output } = await run('samba-export.ts', env, { 'api.samba.ai': samba.baseUrl }).ended
    expect(output).toContain('user 3 did not get "Černý pátek"')
    expect(output).toContain('{ DELIVERED: 602, ACCEPTED: 200, UNDELIVERABLE: 200 }')
    expect(code).toBe(0)
  })
})
