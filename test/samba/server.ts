import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from 'omnicascade'
import { onTestFinished } from 'vitest'

/** A request as Samba would get it. */
export interface Asked {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** A real server in place of Samba. `answer` gets each request, with its number from 0. */
export async function sambaServer(answer: (response: ServerResponse, turn: number) => unknown) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url, headers } = request
    asked.push({ method, url, headers, body: JSON.parse(Buffer.concat(chunks).toString()) })
    await answer(response, asked.length - 1)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { asked, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A clock whose timers fire at once and say how long they were meant to take. */
export function impatientClock(now = Date.UTC(2026, 10, 25)): Clock & { readonly delays: number[] } {
  const delays: number[] = []
  return {
    delays,
    now: () => now,
    setTimer(delay, run) {
      delays.push(delay)
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    },
  }
}
