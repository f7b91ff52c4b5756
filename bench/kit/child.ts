import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Runs a module in a process of its own, with a task that is plain JSON, and gives what it says at its end. */
export async function inChild<Answer>(module: string, task: unknown, execArgv: readonly string[] = []): Promise<Answer> {
  const child = fork(module, [JSON.stringify(task)], { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const said = once(child, 'message')
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${module} ended with ${code} and said nothing`)))
  try {
    const [answer] = await Promise.race([said, ended])
    return answer as Answer
  } finally {
    ended.catch(() => {})
    child.kill()
  }
}

/** The task of this process, if it is one that `inChild` has started. */
export function taskOfChild<Task>(): Task | undefined {
  return process.send === undefined ? undefined : (JSON.parse(process.argv[2] ?? '') as Task)
}

/** Says the answer that ends this process. */
export function answer(words: unknown): void {
  process.send?.(words)
}
