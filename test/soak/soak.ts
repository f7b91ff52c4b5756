// One soak: vendors, the app, its load, and what is left of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type FastClock, fastClock } from '../crash/clock.ts'
import { type App, openApp, openWeb, type SoakStore } from './app.ts'
import { startVendor, type VendorProcess } from './fleet.ts'
import { type Broken, judge, type SoakEvidence } from './invariants.ts'
import { type MemorySample, sampleMemory } from './memory.ts'
import { planOf, settings, type VendorName, vendorNames } from './script.ts'
import { watchProcess } from './watch-process.ts'

/** What a soak is to be like. */
export interface SoakOptions {
  readonly notifications: number
  readonly store: SoakStore
  readonly seed: number
  /** How many notifications may be sent and not settled at a time. */
  readonly inHand: number
  /** How much faster than real time the run's clock goes. */
  readonly factor: number
  /** How often each vendor is down. */
  readonly outages: number
  /** After so many seconds nothing more is sent. */
  readonly seconds?: number
  /** How often memory is looked at, in milliseconds. */
  readonly lookEvery: number
  /** Told every few seconds how far it is. */
  readonly onProgress?: (progress: Progress) => void
}

/** How far a soak is. */
export interface Progress {
  readonly seconds: number
  readonly settled: number
  /** Settled per second, since the progress before. */
  readonly perSecond: number
  readonly inHand: number
  readonly memory: MemorySample
  readonly open: readonly VendorName[]
}

/** What a soak has come to. */
export interface SoakResult {
  readonly evidence: SoakEvidence
  readonly broken: readonly Broken[]
  readonly seconds: number
  /** CPU of the app's process, in seconds. */
  readonly cpu: number
}

const patience = 120_000
const mostInTail = 2000
const betweenInTail = 50

/** Runs a soak to its end, and judges it. Rejects only if it cannot be run. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { factor } = options
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-soak-'))
  const watch = watchProcess()
  const timers = countTimers(fastClock({ start: Date.now(), factor, leap: 0 }))
  const fleet = Object.fromEntries(vendorNames.map((name) => [name, startVendor(watch.note)])) as Record<
    VendorName,
    VendorProcess
  >
  const started = { at: performance.now(), cpu: process.cpuUsage() }
  try {
    const web = await openWeb()
    const opened = await openFleet(options, fleet, web.webhooks)
    const load = createLoad(options)
    const app = await openApp(
      {
        ...options,
        notifications: load.most,
        path: join(folder, 'soak.db'),
        clock: timers.clock,
        onError: watch.note,
        onSettled: load.settled,
      },
      web,
      opened.urls,
      opened.sendgridKey,
    )
    const memory = await load.run(app, fleet)
    const seconds = (performance.now() - started.at) / 1000
    const { user, system } = process.cpuUsage(started.cpu)
    const vendors = await evidenceOf(fleet)
    await app.close()
    const timersLeft = timers.armed()
    await Promise.all(vendorNames.map((name) => fleet[name].end()))
    const left = await watch.left()
    const evidence: SoakEvidence = {
      seed: options.seed,
      sent: load.sent(),
      factor,
      tally: app.counter.tally,
      vendors,
      left: Object.fromEntries(vendorNames.map((name) => [name, app.left[name].measured()])) as SoakEvidence['left'],
      turns: app.circuits.turns,
      open: [...app.circuits.open],
      errors: watch.errors,
      memory,
      openHandles: [...left, ...(timersLeft > 0 ? [`${timersLeft} timers of the notifier`] : [])],
    }
    return { evidence, broken: judge(evidence), seconds, cpu: (user + system) / 1e6 }
  } finally {
    watch.end()
    await Promise.all(vendorNames.map((name) => fleet[name].end()))
    await rm(folder, { recursive: true, force: true })
  }
}

async function openFleet(
  { seed, factor, notifications, outages }: SoakOptions,
  fleet: Record<VendorName, VendorProcess>,
  webhooks: Readonly<Record<VendorName, string>>,
) {
  const start = Date.now()
  const ups = await Promise.all(
    vendorNames.map(async (vendor) => {
      const outageEvery = Math.max(20, Math.floor((notifications * settings[vendor].share) / (outages + 0.5)))
      const order = { type: 'open', vendor, seed, factor, start, outageEvery, outages, webhook: webhooks[vendor] } as const
      return [vendor, await fleet[vendor].ask<'open'>({ ...order, notifications: mostOf(notifications) })] as const
    }),
  )
  return {
    urls: Object.fromEntries(ups.map(([name, { port }]) => [name, `http://127.0.0.1:${port}`])) as Record<VendorName, string>,
    sendgridKey: ups.find(([name]) => name === 'sendgrid')?.[1].publicKey ?? '',
  }
}

/** Numbers that a run may use: after those that were asked for come some that find out whether circuits close. */
const mostOf = (notifications: number) => notifications + mostInTail

async function evidenceOf(fleet: Record<VendorName, VendorProcess>): Promise<SoakEvidence['vendors']> {
  const all = await Promise.all(
    vendorNames.map(async (name) => [name, (await fleet[name].ask<'evidence'>({ type: 'evidence' })).evidence] as const),
  )
  return Object.fromEntries(all) as SoakEvidence['vendors']
}

/** Sends, no more than `inHand` at a time, and looks at the process now and then. */
function createLoad({ notifications, seed, inHand, seconds = Number.POSITIVE_INFINITY, lookEvery, onProgress }: SoakOptions) {
  let sent = 0
  let settledSoFar = 0
  let makeRoom = () => {}
  const memory: MemorySample[] = []
  const started = performance.now()
  let latest = { at: started, settled: 0 }

  async function sendUpTo(app: App, most: number): Promise<void> {
    while (sent < most) {
      if (sent - settledSoFar < inHand) void send(app, sent++)
      else
        await new Promise<void>((resolve) => {
          makeRoom = resolve
        })
    }
  }

  const failures: unknown[] = []
  async function send(app: App, number: number): Promise<void> {
    try {
      await app.send(planOf(seed, number))
    } catch (error) {
      failures.push(error)
      makeRoom()
    }
  }

  function look(app: App): void {
    const sample = sampleMemory(settledSoFar)
    memory.push(sample)
    const at = performance.now()
    onProgress?.({
      seconds: (at - started) / 1000,
      settled: settledSoFar,
      perSecond: ((settledSoFar - latest.settled) / (at - latest.at)) * 1000,
      inHand: sent - settledSoFar,
      memory: sample,
      open: [...app.circuits.open],
    })
    latest = { at, settled: settledSoFar }
  }

  /** Waits for something, as long as anything goes on. */
  async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    let before = settledSoFar
    let since = performance.now()
    while (!(await isSo())) {
      if (failures.length > 0) throw failures[0]
      if (settledSoFar !== before) {
        before = settledSoFar
        since = performance.now()
      }
      if (performance.now() - since > patience) return console.error(`nothing goes on any more, and still not: ${what}`)
      await wait(betweenInTail)
    }
  }

  return {
    most: mostOf(notifications),
    sent: () => sent,
    settled() {
      settledSoFar++
      makeRoom()
    },
    async run(app: App, fleet: Record<VendorName, VendorProcess>): Promise<MemorySample[]> {
      const timer = setInterval(() => look(app), lookEvery)
      try {
        while (sent < notifications && performance.now() - started < seconds * 1000)
          await sendUpTo(app, Math.min(notifications, sent + inHand))
        // A circuit closes by a call: as long as one is open, or a vendor down, somebody must be written to.
        await until('every notification is settled, and every circuit closed', async () => {
          const words = await Promise.all(vendorNames.map((name) => fleet[name].ask<'status'>({ type: 'status' })))
          if (app.circuits.open.size === 0 && !words.some(({ isDown }) => isDown)) return settledSoFar === sent
          if (sent < mostOf(notifications)) await sendUpTo(app, sent + 1)
          return false
        })
        await until('every report is taken', async () => {
          const words = await Promise.all(vendorNames.map((name) => fleet[name].ask<'status'>({ type: 'status' })))
          return words.every(({ pending }) => pending === 0)
        })
        if (failures.length > 0) throw failures[0]
        return memory
      } finally {
        clearInterval(timer)
      }
    },
  }
}

/** A clock that knows how many of its timers are armed. */
function countTimers(clock: FastClock): { readonly clock: FastClock; armed(): number } {
  const armed = new Set<object>()
  return {
    armed: () => armed.size,
    clock: {
      ...clock,
      setTimer(delay, run) {
        const own = {}
        armed.add(own)
        const disarm = clock.setTimer(delay, () => {
          armed.delete(own)
          run()
        })
        return () => {
          armed.delete(own)
          disarm()
        }
      },
    },
  }
}
