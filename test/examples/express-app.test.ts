// The app as its users start it: a process of its own, seen by vendors' twins on one side and by a browser on the other.
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { loopback, reply } from '../../examples/demo/twins/loopback.ts'
import { mailTwin } from '../../examples/demo/twins/mail.ts'
import { sendiosTwin } from '../../examples/demo/twins/sendios.ts'
import { telegramTwin } from '../../examples/demo/twins/telegram.ts'
import { twinTwin } from '../../examples/demo/twins/twin.ts'
import { leftOut } from '../support/left-out.ts'
import { scratch, startExample } from './start.ts'

const executablePath = '/usr/bin/chromium'
const describeBrowser = existsSync(executablePath) ? describe : leftOut('Chromium')
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

async function startApp(env: Readonly<Record<string, string>> = {}) {
  const { child, ended, prints } = startExample('express-app', { PORT: '0', ...env })
  const [url] = await prints(/http:\/\/127\.0\.0\.1:\d+/)
  return { child, ended, url }
}

const order = {
  name: 'Ada',
  order: '1001',
  url: 'https://shop.example/orders/1001?utm_source=cascade&utm_campaign=shipped',
  userId: 'u-42',
}

function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${url}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function open<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
  const twin = await opening
  onTestFinished(() => twin.close())
  return twin
}

/** `reach` gives the address at which Sendios finds the app: its own, unless something stands between. */
async function startWithVendors(reach = async (hook: string) => hook) {
  let hook = ''
  const login = { email: 'shop@example.org', password: 'demo' }
  const telegram = await open(telegramTwin({ token: '1:demo', blocked: [42] }))
  const sendios = await open(sendiosTwin({ clientId: 7, apiKey: 'demo', webhookUrl: () => hook }))
  const twin = await open(twinTwin(login))
  const mail = await open(mailTwin())
  const env = {
    TELEGRAM_TOKEN: '1:demo',
    TELEGRAM_URL: telegram.baseUrl,
    SENDIOS_CLIENT_ID: '7',
    SENDIOS_API_KEY: 'demo',
    SENDIOS_URL: sendios.baseUrl,
    TWIN_EMAIL: login.email,
    TWIN_PASSWORD: login.password,
    TWIN_URL: twin.baseUrl,
    SMTP_URL: mail.url,
    HOOK_SECRET: 's3cret',
    DATA: scratch(),
  }
  const app = await startApp(env)
  hook = await reach(`${app.url}/hooks/sendios?token=s3cret`)
  return { ...app, env, sendios, twin, mail }
}

describe('with vendors of its own', { timeout: 30_000 }, () => {
  const smsOf = ({ requests }: { readonly requests: readonly { readonly body: unknown }[] }) =>
    (requests[0]?.body as { text: string } | undefined)?.text ?? ''

  test('goes from one vendor to the next as their webhooks say, and its short links lead where they should', async () => {
    const { url, sendios, twin, child, ended } = await startWithVendors()
    const answer = await post(url, { ...order, telegram: 42, phone: '+420777123456' })
    expect(answer.status).toBe(202)
    const { id } = (await answer.json()) as { id: string }
    await vi.waitUntil(async () => (await (await fetch(`${url}/?id=${id}`)).text()).includes('settled: delivered by sms'), 10_000)
    expect(await sendios.answers(), 'sent, then lost').toEqual([200, 200])
    expect(await twin.answers()).toEqual([200])

    const [, link = ''] = /: (http\S+)$/.exec(smsOf(sendios)) ?? []
    expect(link).toMatch(new RegExp(`^${url}/s/\\w{8}$`))
    const followed = await fetch(link, { redirect: 'manual' })
    expect([followed.status, followed.headers.get('location')]).toEqual([302, order.url])
    expect((await fetch(`${url}/s/unknown1`, { redirect: 'manual' })).status).toBe(404)

    expect(await (await post(url, { ...order, telegram: 42, phone: '+420777123456' })).json()).toEqual({ id, created: false })
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  test('finds its list, its links and its notifications again after a restart', async () => {
    const { env, child, ended, sendios } = await startWithVendors()
    const first = await startApp(env) // a second process on the same files, as in a deployment
    await post(first.url, { ...order, telegram: 42, phone: '+420777123456' })
    await vi.waitUntil(() => sendios.requests.length === 1, 10_000)
    for (const app of [{ child, ended }, first]) {
      app.child.kill('SIGTERM')
      expect((await app.ended).code).toBe(0)
    }
    const { url } = await startApp(env)
    expect(await (await fetch(url)).text()).toContain('Order 1001, Ada')
    const path = new URL(/http\S+$/.exec(smsOf(sendios))?.[0] ?? '').pathname
    expect((await fetch(url + path, { redirect: 'manual' })).headers.get('location')).toBe(order.url)
  })

  test('refuses strangers, other sites, and what cannot be sent', async () => {
    const { url } = await startWithVendors()
    const hooks = ['sendios', 'twin'].map((name) => fetch(`${url}/hooks/${name}?token=wrong`, { method: 'POST', body: '{}' }))
    expect((await Promise.all(hooks)).map(({ status }) => status)).toEqual([401, 401])
    expect((await post(url, order, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    const empty = await post(url, {})
    expect([empty.status, await empty.json()]).toMatchObject([400, { error: 'invalid-request' }])
    expect((await post(url, { ...order, order: { number: 1 }, telegram: 43 })).status, 'no text').toBe(400)
    const first = { ...order, email: 'ada@example.org' }
    const statuses = [await post(url, first), await post(url, { ...first, name: 'Grace' })].map(({ status }) => status)
    expect(statuses).toEqual([202, 409])
  })
})

describeBrowser('in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser
  const problems: string[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args })
  }, 60_000)
  afterAll(() => browser.close())

  async function openPage(url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const context = await browser.newContext(options)
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.on('console', (message) => problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(url)
    return page
  }

  const picture = (page: Page) =>
    page
      .locator('.picture img')
      .evaluate((image: { naturalWidth: number; src: string }) => [image.naturalWidth, image.src] as const)

  test('somebody is told, and the page shows it as it happens, without being loaded again', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { url } = await startWithVendors(async (hook) => {
      const gate = await open(
        loopback(async ({ body }, response) => {
          await released
          await fetch(hook, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
          reply(response, 200, {})
        }),
      )
      return gate.baseUrl
    })
    const page = await openPage(url)
    await page.getByLabel('Name').fill('<img src=x onerror=alert(1)> & Ada')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('status').filter({ hasText: 'under way' }).waitFor()
    await page.evaluate(() => Object.assign(globalThis, { isTheSamePage: true }))
    const [, early] = await picture(page)
    await page.locator('#words').click()
    release()
    await page.getByRole('status').filter({ hasText: 'delivered by sms' }).waitFor()

    expect(await page.evaluate(() => 'isTheSamePage' in globalThis)).toBe(true)
    const [width, src] = await picture(page)
    expect(width, 'the picture is there').toBeGreaterThan(500)
    expect(src, 'and is another one').not.toBe(early)
    expect(await page.locator('pre').isVisible(), 'what was opened stays open').toBe(true)
    expect(await page.locator('pre').textContent()).toMatch(/bot was blocked(.|\n)*sms_lost(.|\n)*settled: delivered by sms/)
    expect(await page.locator('#list').textContent(), 'text stays text').toContain('<img src=x onerror=alert(1)> & Ada')
    expect(problems, 'what the console, and the content security policy, have to say').toEqual([])
  })

  test('it is used by keyboard, and a change takes the focus from nobody', async () => {
    const { url } = await startApp()
    for (const [index, name] of ['Ada', 'Grace'].entries()) {
      await post(url, { ...order, name, order: String(index), telegram: 43 + index })
    }
    const page = await openPage(url)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Order 0, Ada' }).waitFor()
    await page.getByRole('link', { name: 'Order 0, Ada delivered by telegram' }).focus()
    await post(url, { ...order, order: '3', name: 'Hedy', telegram: 45 })
    await page.getByRole('link', { name: 'Order 3, Hedy delivered by telegram' }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Order 0, Ada delivered by telegram')
    expect(await page.getByRole('heading', { name: 'Order 0, Ada' }).isVisible(), 'nor what is read').toBe(true)
    expect(problems).toEqual([])
  })

  test('it fits a phone, and the dark', async () => {
    const { url } = await startApp()
    await post(url, { ...order, telegram: 43 })
    const background = async (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const phone = await openPage(url, { viewport: { width: 360, height: 740 }, isMobile: true })
    expect(await phone.evaluate('document.documentElement.scrollWidth'), 'nothing sticks out').toBe(360)
    expect(await background(phone)).toBe('rgb(255, 255, 255)')
    expect(await background(await openPage(url, { colorScheme: 'dark' }))).toBe('rgb(21, 25, 30)')
    expect(problems).toEqual([])
  })
})
