import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ChildMessage, ChildSetting } from './child.ts'
import { createPoster } from './http.ts'

/** A child under way, as its parent sees it. */
export interface Child {
  readonly pid: number | undefined
  /** Where it listens; undefined until it is up, and once it has ended. */
  readonly url: string | undefined
  /** Resolves once it listens, or has ended. */
  readonly up: Promise<void>
  readonly ended: Promise<void>
  readonly isOver: boolean
  /** Whether it ended by SIGKILL, whoever sent it. */
  readonly wasKilled: boolean
  signal(name: NodeJS.Signals): void
  /** Its answer, or undefined if it gave none. */
  ask(path: string, body?: unknown): Promise<unknown>
}

const poster = createPoster()

/** Starts a child and hears what it says. */
export function startChild(file: string, setting: ChildSetting, hear: (message: ChildMessage) => void): Child {
  const process: ChildProcess = spawn(globalThis.process.execPath, [file], {
    // A child whose parent dies hears of it: its input ends.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...globalThis.process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', CRASH_CHILD: JSON.stringify(setting) },
  })
  let url: string | undefined
  let isOver = false
  let rest = ''
  let beUp = () => {}
  const up = new Promise<void>((resolve) => {
    beUp = resolve
  })
  process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = JSON.parse(line) as ChildMessage
      if (message.type === 'up') {
        url = `http://127.0.0.1:${message.port}`
        beUp()
      } else hear(message)
    }
  })
  process.stderr?.setEncoding('utf8').on('data', (text: string) => hear({ type: 'error', message: text }))
  // Only once its pipes are empty has everything been heard that it said before it died.
  const ended = once(process, 'close').then(([code, signal]) => {
    isOver = true
    url = undefined
    if (code !== 0 && signal === null) hear({ type: 'error', message: `a child ended with code ${code}` })
    beUp()
  })
  return {
    pid: process.pid,
    get url() {
      return process.exitCode === null && process.signalCode === null ? url : undefined
    },
    up,
    ended,
    get isOver() {
      return isOver
    },
    get wasKilled() {
      return process.signalCode === 'SIGKILL'
    },
    signal: (name) => void process.kill(name),
    async ask(path, body = null) {
      if (url === undefined) return undefined
      try {
        const { status, text } = await poster.post(`${url}${path}`, body, AbortSignal.timeout(5000))
        return status === 200 ? JSON.parse(text) : undefined
      } catch {
        return undefined
      }
    },
  }
}
