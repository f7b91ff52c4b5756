// The load of a soak: how notifications are sent, and when it is over.
import { setTimeout as wait } from 'node:timers/promises'
import type { App, SoakStore } from './app.ts'
import type { VendorProcess } from './fleet.ts'
import { type MemorySample, sampleMemory } from './memory.ts'
import { planOf, type VendorName, vendorNames } from './script.ts'

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

const patience = 120_000
const mostInTail = 2000
const betweenInTail = 50

/** Numbers that a run may use: after those that were asked for come some that find out whether circuits close. */
export const mostOf = (notifications: number): number => notifications + mostInTail

/** Sends, no more than `inHand` at a time, and looks at the process now and then. */
export function createLoad({
  notifications,
  seed,
  inHand,
  seconds = Number.POSITIVE_INFINITY,
  lookEvery,
  onProgress,
}: SoakOptions) {
  let sent = 0
  let settledSoFar = 0
  let makeRoom = () => {}
  const failures: unknown[] = []
  const memory: MemorySample[] = []
  const started = performance.now()
  let latest = { at: started, settled: 0 }
  let settledAt = started
  // What never settles must end the run, and be found by those who judge it.
  const isStuck = () => performance.now() - settledAt > patience

  async function sendUpTo(app: App, most: number): Promise<void> {
    while (sent < most && !isStuck()) {
      if (failures.length > 0) throw failures[0]
      if (sent - settledSoFar < inHand) void send(app, sent++)
      else
        await new Promise<void>((resolve) => {
          makeRoom = resolve
        })
    }
  }

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
  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo()) && !isStuck()) {
      if (failures.length > 0) throw failures[0]
      await wait(betweenInTail)
    }
  }

  return {
    most: mostOf(notifications),
    sent: () => sent,
    settled() {
      settledSoFar++
      settledAt = performance.now()
      makeRoom()
    },
    async run(app: App, fleet: Record<VendorName, VendorProcess>): Promise<MemorySample[]> {
      const timers = [setInterval(() => look(app), lookEvery), setInterval(() => makeRoom(), 1000)]
      try {
        while (sent < notifications && !isStuck() && performance.now() - started < seconds * 1000)
          await sendUpTo(app, Math.min(notifications, sent + inHand))
        // A circuit closes by a call: as long as one is open, or a vendor down, somebody must be written to.
        await until(async () => {
          const words = await Promise.all(vendorNames.map((name) => fleet[name].ask<'status'>({ type: 'status' })))
          if (app.circuits.open.size === 0 && !words.some(({ isDown }) => isDown)) return settledSoFar === sent
          if (sent < mostOf(notifications)) await sendUpTo(app, sent + 1)
          return false
        })
        await until(async () => {
          const words = await Promise.all(vendorNames.map((name) => fleet[name].ask<'status'>({ type: 'status' })))
          return words.every(({ pending }) => pending === 0)
        })
        if (failures.length > 0) throw failures[0]
        return memory
      } finally {
        for (const timer of timers) clearInterval(timer)
      }
    },
  }
}
