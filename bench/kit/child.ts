import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process that was started with a task. */
export interface Child {
  readonly process: ChildProcess
  /** What it says next. Rejects if it ends first. */
  heard<Word>(): Promise<Word>
}

/** Starts a module in a process of its own, with a task that is plain JSON. */
export function startChild(module: string, task: unknown, execArgv: readonly string[] = []): Child {
  const child = fork(module, [JSON.stringify(task)], { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${module} ended with ${code}`)))
  ended.catch(() => {})
  return {
    process: child,
    async heard<Word>() {
      const [said] = await Promise.race([once(child, 'message'), ended])
      return said as Word
    },
  }
}

/** Runs a module in a process of its own and gives what it says at its end. */
export async function inChild<Answer>(module: string, task: unknown, execArgv: readonly string[] = []): Promise<Answer> {
  const child = startChild(module, task, execArgv)
  try {
    return await child.heard<Answer>()
  } finally {
    child.process.kill()
  }
}

/** The task of this process, if it is one that `startChild` has started. */
export function taskOfChild<Task>(): Task | undefined {
  return process.send === undefined ? undefined : (JSON.parse(process.argv[2] ?? '') as Task)
}

/** Says the answer that ends this process. */
export function answer(words: unknown): void {
  process.send?.(words)
}
