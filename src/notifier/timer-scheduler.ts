import type { Awaitable } from '../contract/json.ts'
import type { NotificationStore, Scheduler } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'

const batch = 256
const retryDelay = 1000
// A shared store may tell of many changes at once: one look is enough for them all.
const gatherDelay = 20
// Timers do not run while a machine sleeps, and do not hear of a clock that is set: the store is asked this often.
const longestSleep = 60_000

/**
 * Sees to all that is due, each notification once, a batch at a time. Those that stay due, as their store does not take the change,
 * keep none of the others waiting. Ends early once `see` gives nothing to wait for.
 */
export async function eachDue(
  store: NotificationStore,
  now: () => number,
  see: (ids: readonly string[]) => Promise<unknown> | undefined,
): Promise<void> {
  const seen = new Set<string>()
  for (let limit = batch; ; ) {
    const due = await store.due(now(), limit)
    const ids = due.filter((id) => !seen.has(id))
    if (ids.length === 0 && due.length < limit) return
    limit = due.length - ids.length + batch
    for (const id of ids) seen.add(id)
    const work = see(ids)
    if (work === undefined) return
    await work
  }
}

/** Wakes from the store's own index of `dueAt`: one timer, for the earliest of all. Where others write to the store, it hears of what they write. */
export function timerScheduler(store: NotificationStore, clock: Clock): Scheduler {
  let wake: ((id: string) => Promise<void>) | undefined
  let report: (error: unknown) => void
  let armedFor = Number.POSITIVE_INFINITY
  let disarm = () => {}
  let sweeping: Promise<void> | undefined
  let isMissed = false
  let unwatch: (() => Awaitable<void>) | undefined

  function arm(time: number): void {
    const now = clock.now()
    // A timer that should have fired by now runs on the wrong time: the clock was set.
    if (wake === undefined || (time >= armedFor && armedFor >= now)) return
    disarm()
    armedFor = Math.min(time, armedFor)
    disarm = clock.setTimer(Math.min(armedFor - now, longestSleep), fire)
  }

  function fire(): void {
    armedFor = Number.POSITIVE_INFINITY
    // What was stored while it sweeps may have been missed by it.
    isMissed = sweeping !== undefined
    sweeping ??= sweep().finally(() => {
      sweeping = undefined
      if (isMissed && wake !== undefined) fire()
    })
  }

  async function sweep(): Promise<void> {
    let asked = 0
    const now = () => {
      asked = clock.now()
      return asked
    }
    try {
      await eachDue(store, now, (ids) => wake && Promise.all(ids.map(wake)))
      const next = await store.nextDueAt()
      // What was due when it was last asked for was seen and could not be moved on: the store is in trouble, so do not spin.
      if (next !== null) arm(next <= asked ? clock.now() + retryDelay : next)
    } catch (error) {
      report(error)
      arm(clock.now() + retryDelay)
    }
  }

  return {
    wakeAt: ({ time }) => arm(time),
    async start(onWake, onError) {
      wake = onWake
      report = onError
      fire()
      if (!store.shared) return
      unwatch = await store.watch?.(() => arm(clock.now() + gatherDelay))
      if (wake === undefined) await unwatch?.()
    },
    async stop() {
      wake = undefined
      disarm()
      await unwatch?.()
      await sweeping
    },
  }
}

/** Never wakes by itself: `tick()` does. */
export const manualScheduler: Scheduler = { wakeAt() {}, start() {}, stop() {} }
