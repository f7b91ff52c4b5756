// One process of the app under test: takes requests, calls providers, listens for receipts, and dies when it is told to.
import { writeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { type Accepted, createNotifier, type NotificationRequest, type Receipt } from 'omnicascade'
import { type ClockSetting, fastClock } from './clock.ts'
import { type EngineSetting, openEngine } from './engines.ts'
import { http } from './http.ts'
import { createPass, type Fate, passBeforeCommit, withPoints } from './points.ts'
import { providersOf, requestOf } from './providers.ts'
import { type Fault, withFault, withFaultyCalls } from './sabotage.ts'
import { planOf } from './script.ts'

/** What a child is started with. */
export interface ChildSetting {
  readonly seed: number
  readonly clock: ClockSetting
  readonly engine: EngineSetting
  readonly vendor: string
  /** It calls providers; a front or a webhook process does not. */
  readonly works: boolean
  /** The numbers of the notifications it is to send, and how many at a time. */
  readonly requests: readonly number[]
  readonly atATime: number
  /** How many notifications that were woken it sees to at a time. */
  readonly concurrency: number
  readonly fate: Fate | null
  /** Planted, to see that it is found. */
  readonly fault: Fault | null
}

/** What a child tells its parent: a line of JSON each. */
export type ChildMessage =
  | { readonly type: 'up'; readonly port: number }
  | { readonly type: 'sent'; readonly number: number; readonly id: string; readonly created: boolean }
  | { readonly type: 'told'; readonly id: string; readonly version: number; readonly status: string | null }
  | { readonly type: 'error'; readonly message: string }

// Synchronous: what was told before a kill has been told.
const tell = (message: ChildMessage) => void writeSync(1, `${JSON.stringify(message)}\n`)
const tellError = (error: unknown) => tell({ type: 'error', message: error instanceof Error ? error.message : String(error) })

const setting = JSON.parse(process.env.CRASH_CHILD ?? '') as ChildSetting
const pass = createPass(setting.fate ?? undefined)
if (setting.fate?.point === 'commit') passBeforeCommit(pass)
const clock = fastClock(setting.clock)
const engine = await openEngine(setting.engine, { clock, factor: setting.clock.factor, onError: tellError })
const store = withPoints(withFault(engine.store, setting.fault), pass)
const notifier = createNotifier({
  providers: providersOf(setting.vendor, pass).map((provider) => withFaultyCalls(provider, setting.fault)),
  store,
  ...(engine.scheduler && { scheduler: engine.scheduler }),
  clock,
  callProviders: setting.works,
  concurrency: setting.concurrency,
  // How often something is tried again must not decide the outcome: crashes are tries too.
  retry: { attempts: 1000 },
  breaker: { threshold: 1_000_000, coolDown: '10s' },
  // Longer than a leap: a receipt is kept for as long as its step waits.
  parkFor: '10d',
  keepFor: '1000d',
  onSettled({ id, version, outcome }) {
    pass('tell.before')
    tell({ type: 'told', id, version, status: outcome?.status ?? null })
    pass('tell.after')
  },
})
notifier.on('error', ({ error }) => tellError(error))
let isClosing = false

async function answer(path: string, body: string): Promise<unknown> {
  if (path === '/receipts') {
    pass('receipt.taken')
    await notifier.ingest(JSON.parse(body) as Receipt[])
    pass('receipt.answering')
    return {}
  }
  if (path === '/leap') {
    clock.leapTo(JSON.parse(body).leap)
    return {}
  }
  if (path === '/send') {
    void sendAll(JSON.parse(body) as number[])
    return {}
  }
  const dueAt = await store.nextDueAt()
  return { dueIn: dueAt === null ? null : dueAt - clock.now() }
}

async function sendAll(requests: readonly number[]): Promise<void> {
  const numbers = requests.values()
  const send = notifier.send as (request: NotificationRequest) => Promise<Accepted>
  const work = async () => {
    for (const number of numbers) {
      if (isClosing) return
      try {
        const { id, created } = await send(requestOf(planOf(setting.seed, number)))
        pass('send.resolved')
        tell({ type: 'sent', number, id, created })
      } catch (error) {
        // What is not acknowledged is sent again, by this process or the next.
        tellError(error)
      }
    }
  }
  await Promise.all(Array.from({ length: setting.atATime }, work))
}

const server = http.createServer(async (request, response) => {
  response.on('error', () => {})
  try {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const said = await answer(request.url ?? '', Buffer.concat(chunks).toString())
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  } catch (error) {
    if (!isClosing) tellError(error)
    response.writeHead(500).end()
  }
})
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  tell({ type: 'up', port: (server.address() as AddressInfo).port })
  void sendAll(setting.requests)
})

// Nobody is left to hear of it.
process.stdin.resume().on('close', () => process.exit(1))

process.on('SIGTERM', async () => {
  isClosing = true
  try {
    await notifier.close({ timeout: '10m' })
    await engine.close()
  } catch (error) {
    tellError(error)
  }
  process.exit(0)
})
