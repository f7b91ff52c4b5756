import type { NotificationStore, Scheduler } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'

const batch = 256
const retryDelay = 1000

/**
 * Sees to all that is due, each notification once, a batch at a time. Those that stay due, as their store does not take the change,
 * keep none of the others waiting. Ends early once `see` gives nothing to wait for.
 */
export async function eachDue(
  store: NotificationStore,
  clock: Clock,
  see: (ids: readonly string[]) => Promise<unknown> | undefined,
): Promise<void> {
  const seen = new Set<string>()
  for (let limit = batch; ; ) {
    const due = await store.due(clock.now(), limit)
    const ids = due.filter((id) => !seen.has(id))
    if (ids.length === 0 && due.length < limit) return
    limit = due.length - ids.length + batch
    for (const id of ids) seen.add(id)
    const work = see(ids)
    if (work === undefined) return
    await work
  }
}

/** Wakes from the store's own index of `dueAt`: one timer, for the earliest of all. */
export function timerScheduler(store: NotificationStore, clock: Clock, onError: (error: unknown) => void): Scheduler {
  let wake: ((id: string) => Promise<void>) | undefined
  let armedFor = Number.POSITIVE_INFINITY
  let disarm = () => {}
  let sweeping: Promise<void> | undefined

  function arm(time: number): void {
    if (wake === undefined || time >= armedFor) return
    disarm()
    armedFor = time
    disarm = clock.setTimer(time - clock.now(), fire)
  }

  function fire(): void {
    armedFor = Number.POSITIVE_INFINITY
    sweeping ??= sweep().finally(() => {
      sweeping = undefined
    })
  }

  async function sweep(): Promise<void> {
    try {
      await eachDue(store, clock, (ids) => wake && Promise.all(ids.map(wake)))
      const next = await store.nextDueAt()
      // What is still due was seen and could not be moved on: the store is in trouble, so do not spin.
      if (next !== null) arm(next <= clock.now() ? clock.now() + retryDelay : next)
    } catch (error) {
      onError(error)
      arm(clock.now() + retryDelay)
    }
  }

  return {
    wakeAt: (_id, time) => arm(time),
    start(onWake) {
      wake = onWake
      fire()
    },
    async stop() {
      wake = undefined
      disarm()
      await sweeping
    },
  }
}

/** Never wakes by itself: `tick()` does. */
export const manualScheduler: Scheduler = { wakeAt() {}, start() {}, stop() {} }
