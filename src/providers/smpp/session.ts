import type { ConnectionOptions } from 'node:tls'
import { SendError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { refusedTls } from '../../wire/tls.ts'
import { type LibrarySession, library, type Pdu } from './library.ts'
import { refusalOf } from './statuses.ts'

/** Where and how to bind. */
export interface SessionOptions {
  readonly host: string
  readonly port: number
  /** Present for TLS. */
  readonly tls: ConnectionOptions | undefined
  readonly systemId: string
  readonly password: string
  readonly systemType: string
  readonly clock: Clock
  /** Milliseconds that a connection, and each answer, may take. */
  readonly answerWithin: number
  /** What came from a handset or the SMSC; gives the `command_status` to answer with. Never rejects. */
  readonly deliver: (pdu: Pdu) => Promise<number>
}

/** A connection that is bound as a transceiver. */
export interface Session {
  /** Sends a PDU and waits for its answer. Rejects with a `SendError`: `unknown` if it was written and no answer came. */
  call(command: string, fields?: Readonly<Record<string, unknown>>): Promise<Pdu>
  /** Resolves once the connection is gone. */
  readonly closed: Promise<void>
  destroy(): void
  /** Unbinds and closes. */
  end(): Promise<void>
}

/** Connects and binds, unless `signal` is aborted before it has. Rejects with a `SendError`: nothing was sent. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  const { host, port, tls, clock, answerWithin, systemId, password, systemType } = options
  const waiting = new Set<() => void>()
  let code: string | undefined
  const session = library.connect({ ...tls, host, port, tls: tls !== undefined })
  const ready = new Promise<void>((resolve, reject) => {
    session.on(tls === undefined ? 'connect' : 'secureConnect', resolve)
    session.on('close', () => reject(unreachable(code)))
  })
  const closed = new Promise<void>((resolve) => session.on('close', resolve))
  session.on('error', (error) => {
    const { code: given } = (error ?? {}) as { code?: unknown }
    code ??= typeof given === 'string' ? given : undefined
    session.destroy()
  })
  session.on('close', () => {
    for (const lose of waiting) lose()
  })
  session.on('pdu', (pdu) => void heard(session, pdu, options.deliver))

  const call: Session['call'] = (command, fields = {}) =>
    new Promise((resolve, reject) => {
      const settled = () => {
        waiting.delete(lose)
        stopTimer()
      }
      const lose = () => {
        settled()
        reject(new SendError('unknown', 'the connection to the SMSC broke before it had answered', { code }))
      }
      const stopTimer = clock.setTimer(answerWithin, () => {
        settled()
        reject(new SendError('unknown', 'the SMSC has not answered in time'))
      })
      waiting.add(lose)
      const answered = (answer: Pdu) => {
        settled()
        resolve(answer)
      }
      try {
        if (session.send(new library.PDU(command, fields), answered)) return
        settled()
        reject(new SendError('transient', 'the connection to the SMSC is closing'))
      } catch {
        settled()
        reject(new SendError('content', `the fields of ${command} could not be encoded: look at content.vendor.smpp`))
      }
    })

  const giveUp = () => session.destroy()
  const stopTimer = clock.setTimer(answerWithin, giveUp)
  signal.addEventListener('abort', giveUp, { once: true })
  const bind = { system_id: systemId, password, system_type: systemType, interface_version: 0x34 }
  try {
    await ready
    const { command_status: status } = await call('bind_transceiver', bind).catch((error: SendError) => {
      throw new SendError('transient', 'the SMSC has not answered the bind', { code: error.vendorCode })
    })
    if (status !== 0) throw refusalOf('bind', status)
  } catch (error) {
    session.destroy()
    throw error
  } finally {
    stopTimer()
    signal.removeEventListener('abort', giveUp)
  }
  return {
    call,
    closed,
    destroy: () => session.destroy(),
    async end() {
      await call('unbind').catch(() => {})
      session.destroy()
      await closed
    },
  }
}

const invalidCommand = 0x03

async function heard(session: LibrarySession, pdu: Pdu, deliver: SessionOptions['deliver']): Promise<void> {
  if (pdu.isResponse()) return
  switch (pdu.command) {
    case 'deliver_sm':
      session.send(pdu.response({ command_status: await deliver(pdu) }))
      return
    case 'data_sm':
      session.send(pdu.response({ command_status: invalidCommand }))
      return
    case 'unbind':
      session.send(pdu.response())
      session.close()
      return
    case 'enquire_link':
    case 'unknown':
      session.send(pdu.response())
  }
}

function unreachable(code: string | undefined): SendError {
  return refusedTls.test(code ?? '')
    ? new SendError('configuration', "the SMSC's TLS connection was refused: check its certificate, and smpp or ssmpp", { code })
    : new SendError('transient', 'the SMSC could not be reached', { code })
}
