import { fork } from 'node:child_process'
import { once } from 'node:events'
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
  const child = fork(module, [JSON.stringify(task)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${module} ended with ${code}`)))
  ended.catch(() => {})
  const heard = async () => {
    const [said] = await Promise.race([once(child, 'message'), ended])
    return said as number
  }
  await heard()
  return {
    run(milliseconds) {
      child.send(milliseconds)
      return heard()
    },
    close: () => void child.kill(),
  }
}

/** Makes this process the contender that its task names, if it was started as one. */
export async function workAs<Task>(start: (task: Task) => Promise<Work>): Promise<void> {
  if (process.send === undefined) return
  const { run } = await start(JSON.parse(process.argv[2] ?? '') as Task)
  process.on('message', async (milliseconds: number) => process.send?.(await run(milliseconds)))
  process.send(0)
}
