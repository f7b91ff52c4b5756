// The small apps, each as its users start it: a process of its own, with a twin of the vendor on the other side. Next's routes are called as Next does.
import { build } from 'esbuild'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { twinTwin } from '../../examples/demo/twins/twin.ts'
import { onNode, serve } from '../../examples/serve.ts'
import { freePort } from '../support/free-port.ts'
import { scratch, startExample } from './start.ts'

const login = { email: 'shop@example.org', password: 'demo' }

async function vendor() {
  const twin = await twinTwin(login)
  onTestFinished(() => twin.close())
  const env = { TWIN_EMAIL: login.email, TWIN_PASSWORD: login.password, TWIN_URL: twin.baseUrl, HOOK_SECRET: 'hook-secret' }
  return { twin, env }
}

/** Goes through what each of the apps does. */
async function tryOut(url: string, twin: Awaited<ReturnType<typeof twinTwin>>) {
  const answer = await fetch(`${url}/orders/7/shipped`, { method: 'POST' })
  const { id } = (await answer.json()) as { id: string }
  expect(answer.status).toBe(202)
  const told = await vi.waitUntil(async () => {
    const timeline = await (await fetch(`${url}/notifications/${id}`)).text()
    return timeline.includes('delivered by sms') && timeline
  }, 15_000)
  expect(told).toContain('twin reported delivered (DELIVERED)')
  expect(await twin.answers()).toEqual([200])

  const sms = JSON.stringify(twin.requests.at(-1)?.body)
  const short = new RegExp(`${url}/s/\\w+`).exec(sms)?.[0]
  expect(sms).not.toContain('shop.example')
  const redirect = await fetch(short ?? '', { redirect: 'manual' })
  expect([redirect.status, redirect.headers.get('location')]).toEqual([
    302,
    'https://shop.example/orders/7?utm_source=sms&utm_campaign=shipped',
  ])
  expect((await fetch(`${url}/s/unknown1`, { redirect: 'manual' })).status).toBe(404)
  expect((await fetch(`${url}/notifications/unknown`)).status).toBe(404)
  const stranger = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  expect((await fetch(`${url}/hooks/twin?token=guess`, stranger)).status).toBe(401)
}

describe.each(['fastify', 'hono', 'worker'])('npm run example:%s', { timeout: 60_000 }, (name) => {
  test('sends an SMS with a short link, takes the report, and stops when it is told to', async () => {
    const { twin, env } = await vendor()
    const port = await freePort()
    const { child, ended, prints } = startExample(name, { ...env, PORT: String(port) })
    await prints(/curl/)
    await tryOut(`http://127.0.0.1:${port}`, twin)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  test('needs no account', async () => {
    const port = await freePort()
    const { prints } = startExample(name, { PORT: String(port) })
    await prints(/curl/)
    const { id } = (await (await fetch(`http://127.0.0.1:${port}/orders/1/shipped`, { method: 'POST' })).json()) as { id: string }
    await vi.waitUntil(async () => {
      const timeline = await (await fetch(`http://127.0.0.1:${port}/notifications/${id}`)).text()
      return timeline.includes('delivered by sms')
    }, 15_000)
  })
})

describe('the routes for Next', () => {
  test('do the same, and what was waiting goes on when a server starts', { timeout: 30_000 }, async () => {
    const { twin, env } = await vendor()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const all = { ...env, PUBLIC_URL: url, DATABASE: `${scratch()}/notifications.db`, NEXT_RUNTIME: 'nodejs' }
    for (const [key, value] of Object.entries(all)) vi.stubEnv(key, value)
    onTestFinished(() => void vi.unstubAllEnvs())

    const { notifications } = await import('../../examples/next/lib/notifications.ts')
    const { register } = await import('../../examples/next/instrumentation.ts')
    await register()
    onTestFinished(() => notifications().notifier.close())
    const hook = await import('../../examples/next/app/hooks/twin/route.ts')
    const short = await import('../../examples/next/app/s/[code]/route.ts')
    const shipped = await import('../../examples/next/app/orders/[order]/shipped/route.ts')
    const notification = await import('../../examples/next/app/notifications/[id]/route.ts')

    // Next's file system router, as far as these files go.
    const next = await serve(
      onNode((request) => {
        const [, place, name = ''] = new URL(request.url).pathname.split('/')
        if (place === 'hooks') return hook.POST(request)
        if (place === 's') return short.GET(request, { params: Promise.resolve({ code: name }) })
        if (place === 'orders') return shipped.POST(request, { params: Promise.resolve({ order: name }) })
        return notification.GET(request, { params: Promise.resolve({ id: name }) })
      }),
      port,
    )
    onTestFinished(() => next.close())
    await tryOut(url, twin)
  })

  test('can be loaded without a secret, as `next build` does', async () => {
    vi.resetModules()
    await import('../../examples/next/app/hooks/twin/route.ts')
  })
})

test('the worker’s bundle holds no module of Node’s, nor its globals', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ['examples/worker/worker.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['@omnicascade/source', 'worker', 'browser'],
  })
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter(({ external }) => external))
  expect(imported).toEqual([])
  const text = outputFiles[0]?.text ?? ''
  expect(text).toContain('scheduled')
  expect(text.match(/\b(?:Buffer|process)\.\w+/g)).toBeNull()
})
