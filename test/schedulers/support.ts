import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Scheduler } from 'omnicascade'
import { vi } from 'vitest'

const worker = fileURLToPath(new URL('./hanging-worker.ts', import.meta.url))

/** A queue that no other case has. */
export const ownQueue = () => `q-${randomBytes(6).toString('hex')}`

/** Starts a worker process that never ends a wake-up, and waits until it has taken one: its id. */
export async function hangingWorker(
  ...place: readonly string[]
): Promise<{ readonly process: ChildProcess; readonly taken: string }> {
  const child = spawn(process.execPath, ['--conditions=@omnicascade/source', worker, ...place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return { process: child, taken: String(line).trim() }
}

/** Ends a process as a crash would. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Starts a scheduler and keeps what it wakes and tells. */
export async function listen(scheduler: Scheduler, handle: (id: string) => Promise<void> = async () => {}) {
  const woken: string[] = []
  const errors: unknown[] = []
  await scheduler.start(
    async (id) => {
      woken.push(id)
      await handle(id)
    },
    (error) => errors.push(error),
  )
  return { woken, errors }
}

export const eventually = (check: () => unknown, timeout = 20_000) => vi.waitFor(check, { timeout, interval: 10 })
