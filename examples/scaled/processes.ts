import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** What a process has logged. */
export interface Line {
  readonly process: string
  readonly type: string
  readonly id?: string
  readonly at?: number
  readonly step?: number
  readonly attempt?: number
  readonly channel?: string
  readonly message?: string
  readonly url?: string
}

/** How a process ended: its exit code, or the signal that killed it. */
export type End = number | NodeJS.Signals

/** The processes of the example, and what they log. */
export interface Processes {
  readonly lines: readonly Line[]
  /** Starts a file of this folder; resolves with its address, if it has one, once it is ready. */
  start(name: string, file: string): Promise<string>
  /** Resolves once `holds` does. Rejects if a process ends unasked. */
  until(holds: () => boolean): Promise<void>
  /** Sends a signal and waits for the end. */
  end(name: string, signal: NodeJS.Signals): Promise<End>
  /** Ends those that still run, as a deployment would; gives how each ended. */
  endAll(): Promise<Readonly<Record<string, End>>>
}

// What is not over by then is killed, as any platform does after its grace period.
const grace = 15_000

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<End>
}

/** Nothing runs yet. All get the same environment. */
export function createProcesses(env: Readonly<Record<string, string>>, given: AbortSignal): Processes {
  const running = new Map<string, Running>()
  const lines: Line[] = []
  const heard = new EventEmitter()
  const broken = new AbortController()
  const signal = AbortSignal.any([given, broken.signal])

  async function until(holds: () => boolean): Promise<void> {
    signal.throwIfAborted()
    while (!holds()) await once(heard, 'line', { signal }).catch(() => signal.throwIfAborted())
  }

  function hear(text: string): void {
    const line = JSON.parse(text) as Line
    lines.push(line)
    if (line.type.endsWith('error')) console.error(`${line.process}: ${line.type}: ${line.message}`)
    heard.emit('line')
  }

  async function ending(name: string, child: ChildProcess): Promise<End> {
    const [code, killedBy] = await once(child, 'close')
    // Ctrl-C ends them all at once.
    if (running.has(name) && !given.aborted) broken.abort(new Error(`${name} ended unasked: ${code ?? killedBy}`))
    return code ?? killedBy
  }

  async function end(name: string, by: NodeJS.Signals): Promise<End> {
    const own = running.get(name)
    if (own === undefined) throw new Error(`${name} does not run`)
    running.delete(name)
    own.child.kill(by)
    const timer = setTimeout(() => own.child.kill('SIGKILL'), grace)
    const ended = await own.ended
    clearTimeout(timer)
    return ended
  }

  return {
    lines,
    until,
    end,
    async start(name, file) {
      // With Node's own flags, as they were given to this process.
      const child = spawn(process.execPath, [...process.execArgv, resolve(import.meta.dirname, file)], {
        env: { ...process.env, ...env, PROCESS_NAME: name },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      running.set(name, { child, ended: ending(name, child) })
      createInterface(child.stdout).on('line', hear)
      const since = lines.length
      const ready = () => lines.slice(since).find((line) => line.process === name && line.type === 'ready')
      await until(() => ready() !== undefined)
      return ready()?.url ?? ''
    },
    async endAll() {
      const ends = [...running.keys()].map(async (name) => [name, await end(name, 'SIGTERM')] as const)
      return Object.fromEntries(await Promise.all(ends))
    },
  }
}
