import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { twinTwin } from './demo/twins/twin.ts'

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Runs a Web-standard handler on `node:http`, as the adapters of frameworks and the command-line tools of clouds do. */
export function onNode(handler: (request: Request) => Response | Promise<Response>): RequestListener {
  return async (request, response) => {
    const answer = await handler(toRequest(request))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(await answer.text())
  }
}

function toRequest(request: IncomingMessage): Request {
  const method = request.method ?? 'GET'
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, [value].flat().join(', ')])
  const bodiless = method === 'GET' || method === 'HEAD'
  const body = bodiless ? null : (Readable.toWeb(request) as ReadableStream<Uint8Array>)
  return new Request(`http://${request.headers.host}${request.url}`, { method, headers, body, duplex: 'half' } as RequestInit)
}

/** Serves until `close`. */
export async function serve(listener: RequestListener, port: number) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    async close() {
      server.closeIdleConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** The account at TWIN that the environment names; or, for want of one, a twin of TWIN on this machine. */
export async function openVendor(env: Environment) {
  const twin = env.TWIN_EMAIL === undefined ? await twinTwin({ email: 'shop@example.org', password: 'demo' }) : undefined
  const local = twin && { TWIN_EMAIL: 'shop@example.org', TWIN_PASSWORD: 'demo', TWIN_URL: twin.baseUrl, HOOK_SECRET: 's3cret' }
  return { env: { ...env, ...local }, close: async () => twin?.close() }
}

/** Calls `close` once the process is told to stop. */
export function onStop(close: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, close)
}
