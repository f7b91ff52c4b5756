import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import type { NotifierEvent } from 'omnicascade'

const { PROCESS_NAME = `process-${process.pid}`, PORT = '0' } = process.env

// No address, no content, no link that was clicked: nothing that a log should not keep.
const shown = ['process', 'type', 'id', 'at', 'step', 'attempt', 'channel', 'provider', 'status', 'message', 'url']

/** Writes one line of JSON. */
export function log(type: string, fields: object = {}): void {
  console.log(JSON.stringify({ process: PROCESS_NAME, type, ...fields }, shown))
}

/** Writes a line for each event: which process did what. */
export function logEvent(event: NotifierEvent): void {
  const { type, ...fields } = event
  log(type, type === 'error' ? { ...fields, message: event.error.message } : fields)
}

/** Takes requests at PORT. */
export async function listen(app: Express) {
  const server = app.listen(Number(PORT), '127.0.0.1')
  await once(server, 'listening')
  log('ready', { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return server
}

/** Closes once, at the first SIGTERM or SIGINT. Then nothing is left to do, and the process ends by itself. */
export function closeOnSignal(close: () => Promise<void>): void {
  let isClosing = false
  async function end(): Promise<void> {
    if (isClosing) return
    isClosing = true
    try {
      await close()
      log('closed')
    } catch (error) {
      console.error(error)
      process.exitCode = 1
    }
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end())
}
