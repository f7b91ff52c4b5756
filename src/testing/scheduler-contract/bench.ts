import assert from 'node:assert/strict'
import type { Scheduler } from '../../contract/store.ts'
import type { ContractTime, SchedulerContractOptions } from '../scheduler-contract.ts'

/** Schedulers on one queue, with handlers that behave as the engine's does, and what they have seen. */
export interface Bench {
  readonly scheduler: Scheduler
  readonly errors: readonly unknown[]
  another(): Promise<Scheduler>
  start(scheduler?: Scheduler): Promise<void>
  now(): number
  /** Moves a notification's due time to `delay` from now, and tells a scheduler. */
  schedule(id: string, delay: number, scheduler?: Scheduler, lease?: boolean): Promise<void>
  scheduleAt(id: string, time: number, scheduler?: Scheduler, lease?: boolean): Promise<void>
  /** What a handler does with a notification that is due. */
  onWake(handle: (id: string) => Promise<void>): void
  /** Waits until each was woken when it was due. */
  woken(...ids: readonly string[]): Promise<void>
  until(condition: () => boolean, what: string): Promise<void>
  /** Lets the time pass in which anything that was still to happen would have. */
  quiet(): Promise<void>
  /** None was woken before its time; one that was moved later may have been, at the time it had before. */
  notEarly(...ids: readonly string[]): void
  wakes(id: string): number
  allWoken(): readonly string[]
  dispose(): Promise<void>
}

const step = 10
// A scheduler that spins on what is not due yet would keep a test's own time from passing.
const tooOften = 20

/** The machine's own time. */
const realTime: ContractTime = {
  now: Date.now,
  pass: (duration) => new Promise((resolve) => setTimeout(resolve, duration)),
}

/** A fresh queue, with one scheduler on it. */
export async function createBench(options: SchedulerContractOptions): Promise<Bench> {
  const { time = realTime, early = 0, patience = 20_000, quiet = 1500 } = options
  const opened = await options.open()
  const { scheduler } = opened
  const all = [scheduler]
  const due = new Map<string, number>()
  const firstDue = new Map<string, number>()
  const wakes = new Map<string, number[]>()
  const seenTo = new Set<string>()
  const errors: unknown[] = []
  let handle: (id: string) => Promise<void> = async () => {}

  async function scheduleAt(id: string, at: number, by = scheduler, lease = false): Promise<void> {
    due.set(id, at)
    firstDue.set(id, Math.min(at, firstDue.get(id) ?? at))
    seenTo.delete(id)
    await by.wakeAt({ id, time: at, lease })
  }

  /** As the engine does it: what is not due yet is put off, what is due is seen to. */
  async function wake(by: Scheduler, id: string): Promise<void> {
    const moments = wakes.get(id) ?? []
    wakes.set(id, moments)
    moments.push(time.now())
    const at = due.get(id)
    if (at === undefined) return
    if (at > time.now()) {
      assert(moments.length < tooOften, `${id} is woken before its time again and again`)
      return void (await by.wakeAt({ id, time: at, lease: false }))
    }
    seenTo.add(id)
    await handle(id)
  }

  async function until(condition: () => boolean, what: string): Promise<void> {
    for (const end = time.now() + patience; !condition(); ) {
      assert(time.now() < end, `waited for ${patience} ms: ${what}`)
      await time.pass(step)
    }
  }

  return {
    scheduler,
    errors,
    async another() {
      const other = await opened.another()
      all.push(other)
      return other
    },
    async start(one = scheduler) {
      await one.start(
        (id) => wake(one, id).catch((error) => void errors.push(error)),
        (error) => errors.push(error),
      )
    },
    now: () => time.now(),
    schedule: (id, delay, by, lease) => scheduleAt(id, time.now() + delay, by, lease),
    scheduleAt,
    onWake(given) {
      handle = given
    },
    woken: (...ids) => until(() => ids.every((id) => seenTo.has(id)), `${ids.length} were woken when due, ${ids.slice(0, 3)} …`),
    until,
    quiet: () => time.pass(quiet),
    notEarly(...ids) {
      for (const id of ids) {
        const [first = 0] = wakes.get(id) ?? []
        const least = firstDue.get(id) ?? 0
        assert(first >= least - early, `${id} was woken ${least - first} ms before its time`)
      }
    },
    wakes: (id) => wakes.get(id)?.length ?? 0,
    allWoken: () => [...wakes.keys()],
    async dispose() {
      try {
        for (const one of all) await one.stop()
      } finally {
        await opened.dispose()
      }
    },
  }
}
