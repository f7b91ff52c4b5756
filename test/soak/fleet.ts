import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { VendorOrder, VendorWord } from './vendor-child.ts'

/** A vendor's process, as its parent sees it. */
export interface VendorProcess {
  ask<T extends VendorOrder['type']>(order: Extract<VendorOrder, { type: T }>): Promise<Extract<VendorWord, { type: T }>>
  end(): Promise<void>
}

const file = fileURLToPath(new URL('vendor-child.ts', import.meta.url))

/** Starts a vendor's process. `onFault` hears what it prints, and of its end before it was told to end. */
export function startVendor(onFault: (what: string) => void): VendorProcess {
  const child: ChildProcess = fork(file, {
    execArgv: ['--conditions=@omnicascade/source', '--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let isOver = false
  const answers: ((word: VendorWord) => void)[] = []
  child.stderr?.setEncoding('utf8').on('data', onFault)
  child.on('message', (word: VendorWord) => answers.shift()?.(word))
  const ended = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      if (!isOver) onFault(`a vendor ended with code ${code ?? signal}`)
      resolve()
    })
  })
  return {
    // Each order is answered, in turn.
    ask: (order) =>
      new Promise((resolve) => {
        answers.push(resolve as (word: VendorWord) => void)
        child.send(order)
      }),
    async end() {
      isOver = true
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
