import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'

/** What a vendor answers; asked once per request, since a `Response` can be read only once. */
export type Answer = (call: VendorCall) => Response | Promise<Response>

/** A request as it reached the vendor. */
export interface VendorCall {
  readonly request: Request
  readonly url: URL
}

/** A vendor on the loopback network. */
export interface LoopbackVendor {
  /** `http://127.0.0.1:<port>` */
  readonly baseUrl: string
  close(): Promise<void>
}

/** Answers every request as `answer` says, over HTTP/1.1 or HTTP/2, both in the clear. */
export async function startVendor(answer: Answer, version: 1 | 2 = 1): Promise<LoopbackVendor> {
  const sessions = new Set<ServerHttp2Session>()
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    void reply(answer, incoming, outgoing).catch(() => outgoing.destroy())
  }
  const server: Server | Http2Server =
    version === 1 ? createServer(listener) : createHttp2Server(listener as unknown as Parameters<typeof createHttp2Server>[1])
  if (version === 2) (server as Http2Server).on('session', (session) => sessions.add(session))
  const port = await listen(server)
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

/** A port of this machine on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listen(server: Server | Http2Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function reply(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1')
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers))
    if (!name.startsWith(':') && value !== undefined) headers.set(name, String(value))
  const method = incoming.method ?? 'GET'
  const body = method === 'GET' || method === 'HEAD' ? null : Buffer.concat(chunks)
  const response = await answer({ request: new Request(url, { method, headers, body }), url })
  if (response.type === 'error') throw new Error('the connection is dropped')
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body) for await (const chunk of response.body) outgoing.write(chunk)
  outgoing.end()
}
