// The app under load: a notifier, and an Express app that takes the vendors' reports.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { type ChannelProvider, createNotifier, memoryStore, type NotificationStore, type Notifier, SendError } from 'omnicascade'
import type { FastClock } from '../crash/clock.ts'
import { openEngine } from '../crash/engines.ts'
import { type Circuits, createCircuits } from './circuits.ts'
import { createGauge, type Gauge } from './gauge.ts'
import { handlersOf, providersOf } from './providers.ts'
import { addressesOf, type Plan, type SoakChannel, settings, timing, type VendorName, vendorNames } from './script.ts'
import { type Counter, createCounter } from './tally.ts'

/** Where a soak keeps its notifications. */
export type SoakStore = 'memory' | 'sqlite'

/** What the app is made of. */
export interface AppOptions {
  readonly notifications: number
  readonly store: SoakStore
  /** The file of the SQLite store. */
  readonly path: string
  readonly clock: FastClock
  readonly factor: number
  readonly onError: (error: unknown) => void
  /** A notification has settled for the first time. */
  readonly onSettled: () => void
}

/** The app, listening, once its vendors are known. */
export interface App {
  readonly counter: Counter
  readonly circuits: Circuits
  /** What left for each vendor, by the run's own clock. */
  readonly left: Readonly<Record<VendorName, Gauge>>
  send(plan: Plan): Promise<void>
  close(): Promise<void>
}

/** The app's web server, which has its address before there are vendors. */
export interface Web {
  readonly server: Server
  readonly webhooks: Readonly<Record<VendorName, string>>
  readonly app: express.Express
}

/** Listens. */
export async function openWeb(): Promise<Web> {
  const app = express()
  const server = createServer(app)
  // Vendors that keep a connection must not find it closed.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = (vendor: VendorName) => `http://127.0.0.1:${port}/hooks/${vendor}`
  return { app, server, webhooks: Object.fromEntries(vendorNames.map((name) => [name, url(name)])) as Web['webhooks'] }
}

// What is forgotten before its latest receipt could not be corrected by it: longer than the latest takes, and not for ever.
const keepSettled = 30_000
const keepFor = 20 * timing.within

async function storeOf({ store, path, clock, factor, onError }: AppOptions): Promise<NotificationStore> {
  if (store === 'memory') return memoryStore({ keepSettled })
  return (await openEngine({ engine: 'sqlite', path }, { clock, factor, onError })).store
}

/** Starts the app. */
export async function openApp(
  options: AppOptions,
  web: Web,
  vendors: Readonly<Record<VendorName, string>>,
  sendgridKey: string,
): Promise<App> {
  const { clock, factor, onError, onSettled } = options
  const counter = createCounter(options.notifications)
  const circuits = createCircuits(clock.now, factor)
  const left = Object.fromEntries(
    vendorNames.map((name) => {
      const { rate, concurrency } = settings[name].limits
      return [name, createGauge({ ...rate, concurrency }, { now: clock.now, isExact: true })]
    }),
  ) as App['left']
  const providers = providersOf({ vendors, webhooks: web.webhooks }).map((provider) => watched(provider, circuits, left))
  const notifier: Notifier<SoakChannel> = createNotifier({
    providers,
    store: await storeOf(options),
    clock,
    routing: { sms: { weights: { gateway: 18, infobip: 1, twilio: 1 } } },
    breaker: { threshold: timing.threshold, coolDown: timing.coolDown },
    defaults: { within: timing.within },
    keepFor,
    createId: counter.createId,
    onSettled(record) {
      if (counter.settle(record)) onSettled()
    },
  })
  notifier.on('*', (event) => {
    counter.hear(event)
    circuits.hear(event)
    if (event.type === 'error') onError(event.error)
  })
  const onRefused = (error: unknown, { status }: { readonly status: number }) => {
    // A vendor that hung up was not answered, and will post again.
    if (status !== 400 || !String(error).includes('the connection ended')) onError(error)
  }
  for (const [name, handler] of Object.entries(handlersOf(notifier, sendgridKey, { clock, onError: onRefused })))
    web.app.post(`/hooks/${name}`, handler)

  return {
    counter,
    circuits,
    left,
    async send({ number, cascade, twice }) {
      const request = {
        to: addressesOf(number),
        content: { sms: textOf(number), chat: textOf(number), email: { subject: 'Soak', ...textOf(number) } },
        cascade,
        ...(twice && { idempotencyKey: `run-${number}` }),
      }
      const { id } = await notifier.send(request as never)
      counter.name(id, number)
      if (!twice) return
      const again = await notifier.send(request as never)
      if (again.created || again.id !== id) throw new Error(`number ${number} was created twice`)
    },
    async close() {
      await notifier.close()
      web.server.closeAllConnections()
      await new Promise((resolve) => web.server.close(resolve))
    },
  }
}

const textOf = (number: number) => ({ text: `This is number ${number}.` })

/** Counts calls as they leave, and tells the circuits' watcher how each ended: a call that is cut ends there and then. */
function watched<C extends SoakChannel>(
  provider: ChannelProvider<C>,
  { ended }: Circuits,
  left: App['left'],
): ChannelProvider<C> {
  const vendor = provider.name as VendorName
  return {
    ...provider,
    async send(request, context) {
      let isOver = false
      const passage = left[vendor].enter()
      const end = (works: boolean) => {
        passage.leave(false)
        if (!isOver) ended(vendor, works)
        isOver = true
      }
      const cut = () => end(false)
      context.signal.addEventListener('abort', cut, { once: true })
      try {
        const result = await provider.send(request, context)
        end(true)
        return result
      } catch (error) {
        end(error instanceof SendError && (error.kind === 'recipient' || error.kind === 'content'))
        throw error
      } finally {
        context.signal.removeEventListener('abort', cut)
      }
    },
  }
}
