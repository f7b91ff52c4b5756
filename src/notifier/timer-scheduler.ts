import type { NotificationStore, Scheduler } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'

const batch = 256
const retryDelay = 1000

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
      const seen = new Set<string>()
      for (;;) {
        const ids = wake === undefined ? [] : (await store.due(clock.now(), batch)).filter((id) => !seen.has(id))
        if (ids.length === 0) break
        for (const id of ids) seen.add(id)
        await Promise.all(ids.map((id) => wake?.(id)))
      }
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
