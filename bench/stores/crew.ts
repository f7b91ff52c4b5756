import { fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { WorkerSays, WorkerTask } from './worker.ts'

/** Workers in processes of their own. */
export interface Crew {
  /** Lets all of them begin. */
  go(): void
  /** Resolves once so many are done in all, with the moment of the last and how late each was. */
  done(count: number): Promise<{ readonly at: number; readonly late: readonly number[] }>
  /** Ends them, as they would end by themselves. */
  stop(): Promise<void>
}

const patience = 120_000

/** Starts some workers and waits until each can begin. */
export async function hire(task: WorkerTask, count: number): Promise<Crew> {
  let total = 0
  let at = 0
  let look = () => {}
  const late: number[] = []
  const start = () =>
    fork(resolve(import.meta.dirname, 'worker.ts'), [JSON.stringify(task)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const workers = Array.from({ length: count }, start)
  for (const worker of workers) {
    worker.on('message', (said: WorkerSays) => {
      if (said.type !== 'done') return
      total += said.count
      at = Math.max(at, said.at)
      late.push(...said.late)
      look()
    })
  }
  await Promise.all(workers.map((worker) => once(worker, 'message')))

  return {
    go() {
      for (const worker of workers) worker.send('go')
    },
    done: (wanted) =>
      new Promise((resolve, reject) => {
        const tooLong = setTimeout(
          () => reject(new Error(`${total} of ${wanted} were done after ${patience / 1000} s`)),
          patience,
        )
        look = () => {
          if (total < wanted) return
          clearTimeout(tooLong)
          resolve({ at, late })
        }
        look()
      }),
    async stop() {
      const ends = workers.map((worker) => once(worker, 'exit'))
      for (const worker of workers) worker.send('stop')
      await Promise.all(ends)
    },
  }
}
