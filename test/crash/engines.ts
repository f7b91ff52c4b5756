import type { Clock, NotificationStore, Scheduler } from 'omnicascade'

/** Where a run keeps its state. */
export type EngineSetting =
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgres'; readonly url: string; readonly schema: string }
  | { readonly engine: 'redis'; readonly url: string; readonly prefix: string }

/** An engine as one process has it. */
export interface OpenEngine {
  readonly store: NotificationStore
  /** Absent where the store's own index does. */
  readonly scheduler?: Scheduler
  close(): Promise<void>
}

/** What a process tells the engine of itself. */
export interface EngineContext {
  readonly clock: Clock
  /** How much faster than real time the clock runs. */
  readonly factor: number
  readonly onError: (error: unknown) => void
}

/** Opens the store and the scheduler that belong together. Each engine is loaded by those who use it. */
export async function openEngine(setting: EngineSetting, context: EngineContext): Promise<OpenEngine> {
  if (setting.engine === 'sqlite') {
    const { sqlite } = await import('omnicascade/stores/sqlite')
    const { clock, factor } = context
    const store = sqlite({ path: setting.path, clock, lockTimeout: 5000 * factor, pollEvery: 250 * factor })
    return { store, async close() {} }
  }
  const open =
    setting.engine === 'postgres' ? (await import('./engine-postgres.ts')).open : (await import('./engine-redis.ts')).open
  return open(setting as never, context)
}

/** Has a scheduler count in real time, as queues do, what the run counts in its own. */
export function inRealTime(scheduler: Scheduler, { clock, factor }: EngineContext): Scheduler {
  const real = <T extends { readonly time: number }>(wakeUp: T): T => ({
    ...wakeUp,
    time: Math.ceil(Date.now() + (wakeUp.time - clock.now()) / factor),
  })
  const { wakeWithin } = scheduler
  return {
    ...scheduler,
    wakeAt: (wakeUp) => scheduler.wakeAt(real(wakeUp)),
    ...(wakeWithin && { wakeWithin: (transaction, wakeUps) => wakeWithin(transaction, wakeUps.map(real)) }),
  }
}
