import type { NotificationStore } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'
import { eachDue } from './timer-scheduler.ts'

// Loaded by who works on a store that outlives the process, or ticks.

/** What keeps a shared store in order, whatever became of the processes that wrote to it. */
export interface Upkeep {
  /** Sees to it from now on. */
  start(): void
  /** Starts a scheduler that could not be started, as soon as it can. */
  retry(startScheduler: () => Promise<void>): void
  stop(): Promise<void>
  /** Forgets what has been kept for long enough. */
  prune(): Promise<void>
}

/** What upkeep needs. */
export interface UpkeepContext {
  readonly store: NotificationStore
  readonly clock: Clock
  readonly random: () => number
  readonly keepFor: number
  readonly wake: (id: string) => Promise<void>
  readonly onError: (error: unknown) => void
}

const every = 30_000
// What is due is the scheduler's, for as long as this; later its wake-up must have got lost, or it ends the lease of a process that died.
const overdueBy = 10_000
const pruneBatch = 500
// An engine that is away when the process starts is tried again this often.
const retryEvery = 5000

/** Sweeps what is overdue, at once and from time to time, and prunes. */
export function createUpkeep({ store, clock, random, keepFor, wake, onError }: UpkeepContext): Upkeep {
  let disarm = () => {}
  let disarmRetry = () => {}
  let running: Promise<void> | undefined
  let retrying: Promise<void> | undefined
  let stopped = false

  async function prune(): Promise<void> {
    for (let pruned = pruneBatch; pruned >= pruneBatch && !stopped; ) {
      const now = clock.now()
      pruned = await store.prune(now - keepFor, now, pruneBatch)
    }
  }

  function sweep(): Promise<void> {
    // What becomes overdue meanwhile is left to the next: in a lasting backlog no sweep would end.
    const overdue = clock.now() - overdueBy
    return eachDue(
      store,
      () => overdue,
      (ids) => (stopped ? undefined : Promise.all(inAnyOrder(ids).map(wake))),
    )
  }

  async function run(): Promise<void> {
    // Neither may keep the other from being done.
    await Promise.all([sweep, prune].map((task) => task().catch(onError)))
    // Processes that were started together must not all come at once.
    if (!stopped) disarm = clock.setTimer(every * (0.75 + random() / 2), start)
  }

  /** Several processes that sweep the same backlog get in each other's way the less. */
  function inAnyOrder(ids: readonly string[]): string[] {
    return ids
      .map((id) => ({ id, place: random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ id }) => id)
  }

  function start(): void {
    running = run()
  }

  function retry(startScheduler: () => Promise<void>): void {
    // It may take until after the end to fail.
    if (stopped) return
    disarmRetry = clock.setTimer(retryEvery, () => {
      retrying = startScheduler().catch((error) => {
        onError(error)
        retry(startScheduler)
      })
    })
  }

  return {
    start,
    retry,
    prune,
    async stop() {
      stopped = true
      disarm()
      disarmRetry()
      await running
      await retrying
    },
  }
}
