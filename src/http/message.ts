import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Readable } from 'node:stream'
import type { Answer } from './handle.ts'
import { WebhookRefusal } from './refusal.ts'

/** A request as Node's servers hand it over: HTTP/1.1, or HTTP/2 through its compatibility API. */
export type NodeRequest = IncomingMessage | Http2ServerRequest
/** What such a request is answered with. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** Header fields by lower-case name; those of HTTP/2 that begin with a colon are no fields. */
export function fieldsOf(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const fields = Object.entries(headers).filter(([name]) => !name.startsWith(':'))
  return new Map(fields.map(([name, value]) => [name, [value].flat().join(', ')]))
}

/** `http` or `https`, by the socket alone. */
export function protocolOf(request: NodeRequest): string {
  return 'encrypted' in request.socket && request.socket.encrypted ? 'https' : 'http'
}

/** The host and port that the client named. */
export function hostOf({ headers }: NodeRequest): string {
  return headers.host ?? [headers[':authority']].flat()[0] ?? 'localhost'
}

/** An absolute URL, or '' for a path that is none. */
export function absoluteUrl(protocol: string, host: string, path = ''): string {
  // RFC 9112, 3.2.2: a request line may hold a whole URL; glued to a host it would make another one.
  return path.startsWith('/') ? `${protocol}://${host}${path}` : ''
}

/** The chunks of a body. Throws a `WebhookRefusal` with this advice if someone has begun to read it. */
export function unread(body: Readable, advice: string): AsyncIterator<Uint8Array> {
  if (body.readableDidRead || body.readableEnded) throw new WebhookRefusal(500, `the body was already read: ${advice}`)
  return body[Symbol.asyncIterator]()
}

/** Header fields of an answer. What is left of a refused body is not waited for (RFC 9110, 15.5.9 and 15.5.14); HTTP/2 has no such field. */
export function answerFields({ status, headers }: Answer, { httpVersionMajor }: NodeRequest): Readonly<Record<string, string>> {
  return (status === 408 || status === 413) && httpVersionMajor < 2 ? { ...headers, connection: 'close' } : headers
}

/** Writes an answer, unless something of the host's, a time-out say, has answered already. */
export function write(request: NodeRequest, response: NodeResponse, answer: Answer): void {
  if (response.headersSent) return
  response.statusCode = answer.status
  for (const [name, value] of Object.entries(answerFields(answer, request))) response.setHeader(name, value)
  response.end(answer.body)
}
