import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { SendError } from '../../contract/errors.ts'
import { retryAfterOf } from '../../wire/retry-after.ts'
import { refusedTls } from '../../wire/tls.ts'

/** An answer of APNs. */
export interface ApnsAnswer {
  readonly status: number
  /** The id of the message: Apple's, or the one that was asked for. */
  readonly id: string | undefined
  readonly body: string
  readonly retryAfter: number | undefined
}

/** One HTTP/2 connection for all calls, made when it is first needed and anew once it is lost. */
export interface ApnsConnection {
  /** Rejects with a `SendError`: `transient` if nothing can have been sent, else `unknown`. */
  call(path: string, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<ApnsAnswer>
  close(): Promise<void>
}

/** A connection, and how many calls it keeps the process alive for. */
interface Line {
  readonly session: ClientHttp2Session
  calls: number
}

const longestAnswer = 65_536

/** Nothing is connected yet. */
export function createConnection(baseUrl: string): ApnsConnection {
  const origin = new URL(baseUrl).origin
  let line: Line | undefined

  function open(): Line {
    if (line !== undefined && !line.session.closed && !line.session.destroyed) return line
    const session = connect(origin)
    const own = { session, calls: 0 }
    line = own
    // Each call hears of it by its own stream; without a listener it would end the process.
    session.on('error', () => leave(own))
    session.on('close', () => leave(own))
    // Apple lets calls under way come to their end, and takes no more on this connection.
    session.on('goaway', () => leave(own))
    // An idle connection must not keep the process alive.
    session.unref()
    return own
  }

  function leave(own: Line): void {
    if (line === own) line = undefined
  }

  function call(path: string, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<ApnsAnswer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new SendError('transient', 'the call to APNs was cut before it began'))
      const own = open()
      const { session } = own
      const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
      // On a connection that stands it goes out at once, and `ready` has been told already.
      let isWritten = !stream.pending
      if (own.calls++ === 0) session.ref()
      const chunks: Buffer[] = []
      let size = 0
      let head: Readonly<Record<string, unknown>> = {}
      let refused = false
      const cut = () => {
        stream.close(constants.NGHTTP2_CANCEL)
        fail(undefined)
        // What did not answer may be dead without a word: its other calls come to their end, new ones go elsewhere.
        leave(own)
        session.close()
      }
      const fail = (error: unknown) => reject(failureOf(error, isWritten && !refused))
      signal.addEventListener('abort', cut, { once: true })
      stream.on('ready', () => {
        isWritten = true
      })
      stream.on('response', (fields) => {
        head = fields
      })
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= longestAnswer) chunks.push(chunk)
      })
      stream.on('error', (error) => {
        // The server says so of streams that it has not looked at.
        refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
        fail(error)
      })
      stream.on('close', () => {
        signal.removeEventListener('abort', cut)
        if (--own.calls === 0) session.unref()
        const status = head[':status']
        if (typeof status !== 'number' || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return fail(undefined)
        const id = head['apns-id']
        resolve({
          status,
          id: typeof id === 'string' ? id : undefined,
          body: Buffer.concat(chunks).toString(),
          retryAfter: retryAfterOf(typeof head['retry-after'] === 'string' ? head['retry-after'] : undefined),
        })
      })
      stream.end(body)
    })
  }

  return {
    call,
    async close() {
      const session = line?.session
      line = undefined
      if (session !== undefined && !session.destroyed) await new Promise<void>((resolve) => session.close(resolve))
    },
  }
}

/** What Node says of a stream and its connection, as a failure. */
function failureOf(error: unknown, isWritten: boolean): SendError {
  const { code: own, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown }
  // What ended the connection stands behind the stream's own word for it.
  const given = (cause as { readonly code?: unknown } | undefined)?.code ?? own
  const code = typeof given === 'string' ? given : undefined
  if (code !== undefined && refusedTls.test(code))
    return new SendError(
      'configuration',
      "the TLS connection to APNs was refused: check http or https in baseUrl, and the server's certificate",
      { code },
    )
  if (!isWritten)
    return new SendError('transient', 'APNs could not be reached, or took no more calls: nothing was sent', { code })
  return new SendError('unknown', 'the connection to APNs broke or was cut before it had answered', { code })
}
