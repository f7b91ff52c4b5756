// One soak: vendors, the app, its load, and what is left of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type FastClock, fastClock } from '../crash/clock.ts'
import { openApp, openWeb } from './app.ts'
import { startVendor, type VendorProcess } from './fleet.ts'
import { type Broken, judge, type SoakEvidence } from './invariants.ts'
import { createLoad, mostOf, type SoakOptions } from './load.ts'
import { settings, type VendorName, vendorNames } from './script.ts'
import { watchProcess } from './watch-process.ts'

/** What a soak has come to. */
export interface SoakResult {
  readonly evidence: SoakEvidence
  readonly broken: readonly Broken[]
  readonly seconds: number
  /** CPU of the app's process, in seconds. */
  readonly cpu: number
}

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
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
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
      stalled: delays.max / 1e6,
      turns: app.circuits.turns,
      open: [...app.circuits.open],
      errors: watch.errors,
      memory,
      openHandles: [...left, ...(timersLeft > 0 ? [`${timersLeft} timers of the notifier`] : [])],
    }
    return { evidence, broken: judge(evidence), seconds, cpu: (user + system) / 1e6 }
  } finally {
    delays.disable()
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

async function evidenceOf(fleet: Record<VendorName, VendorProcess>): Promise<SoakEvidence['vendors']> {
  const all = await Promise.all(
    vendorNames.map(async (name) => [name, (await fleet[name].ask<'evidence'>({ type: 'evidence' })).evidence] as const),
  )
  return Object.fromEntries(all) as SoakEvidence['vendors']
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
