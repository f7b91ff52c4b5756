import { setTimeout as wait } from 'node:timers/promises'

/** What goes wrong in a process behind everyone's back, and what it holds open. */
export interface ProcessWatch {
  readonly errors: readonly string[]
  note(error: unknown): void
  /** What is open beyond what was open at the start, once that has had its time to go. */
  left(): Promise<string[]>
  end(): void
}

const most = 100
const patience = 10_000

/** Watches from now on. */
export function watchProcess(): ProcessWatch {
  const errors: string[] = []
  const before = countResources()
  const note = (error: unknown) => {
    if (errors.length < most) errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const onWarning = (warning: Error) => {
    // SQLite's, on some versions of Node.
    if (warning.name !== 'ExperimentalWarning') note(warning)
  }
  const onRejection = (reason: unknown) => note(new Error('a rejection was not handled', { cause: reason }))
  process.on('warning', onWarning)
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtExceptionMonitor', note)

  return {
    errors,
    note,
    async left() {
      const since = performance.now()
      for (;;) {
        const left = [...countResources()].flatMap(([type, count]) => {
          const more = count - (before.get(type) ?? 0)
          return more > 0 ? [`${more} × ${type}`] : []
        })
        if (left.length === 0 || performance.now() - since > patience) return left
        await wait(50)
      }
    },
    end() {
      process.off('warning', onWarning)
      process.off('unhandledRejection', onRejection)
      process.off('uncaughtExceptionMonitor', note)
    },
  }
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}
