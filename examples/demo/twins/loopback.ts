import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** One request as a twin saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body as JSON, or as text if it is none. */
  readonly body: unknown
}

/** A small HTTP server on a free port of 127.0.0.1. */
export interface Loopback {
  readonly baseUrl: string
  /** Every request so far. */
  readonly requests: readonly Seen[]
  close(): Promise<void>
}

/** Opens a server that answers each request with `answer`; what that throws is a 500. */
export async function loopback(answer: (request: Seen, response: ServerResponse) => unknown): Promise<Loopback> {
  const requests: Seen[] = []
  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method = '', url: path = '', headers } = request
      const seen = { method, path, headers, body: jsonOrText(Buffer.concat(chunks).toString()) }
      requests.push(seen)
      await answer(seen, response)
    } catch (error) {
      if (!response.headersSent) reply(response, 500, { error: String(error) })
      else response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with JSON. */
export function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** What a vendor posts to its customers some time after a send. */
export interface Outbox {
  /** The statuses that the customer has answered what was posted by now with; 0 where there was no answer. */
  answers(): Promise<readonly number[]>
  /** Posts `body` as JSON after `delay` milliseconds. */
  post(url: string, body: unknown, delay: number): void
  close(): void
}

/** Opens an empty outbox. */
export function outbox(): Outbox {
  const timers = new Set<NodeJS.Timeout>()
  const posted: Promise<number>[] = []
  let isClosed = false
  const send = async (url: string, body: unknown) => {
    await posted.at(-1) // In order, however busy the machine is.
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    for (let tries = 0; tries < 50 && !isClosed; tries++) {
      try {
        return (await fetch(url, init)).status
      } catch {
        // Nobody is there at the moment; vendors come again.
        await pause(100)
      }
    }
    return 0
  }
  return {
    answers: () => Promise.all(posted),
    post(url, body, delay) {
      const timer = setTimeout(() => {
        timers.delete(timer)
        posted.push(send(url, body))
      }, delay)
      timers.add(timer)
    },
    close() {
      isClosed = true
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
