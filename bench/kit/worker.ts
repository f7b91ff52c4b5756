import { startChild, taskOfChild } from './child.ts'

/** What a contender's process does, once it is ready. */
export interface Work {
  /** Works for about so many milliseconds, and gives what it has measured. */
  run(milliseconds: number): Promise<number>
}

/** A process that works when it is told to. */
export interface Worker extends Work {
  close(): void
}

/**
 * Starts a contender in a process of its own, which stays for all rounds: neither the compiler's guesses nor the memory of one touch the others.
 * `module` must call `workAs`.
 */
export async function startWorker(module: string, task: unknown): Promise<Worker> {
  const child = startChild(module, task)
  await child.heard()
  return {
    run(milliseconds) {
      child.process.send(milliseconds)
      return child.heard<number>()
    },
    close: () => void child.process.kill(),
  }
}

/** Makes this process the contender that its task names, if it was started as one. */
export async function workAs<Task>(start: (task: Task) => Promise<Work>): Promise<void> {
  const task = taskOfChild<Task>()
  if (task === undefined) return
  const { run } = await start(task)
  process.on('message', async (milliseconds: number) => process.send?.(await run(milliseconds)))
  process.send?.(0)
}
