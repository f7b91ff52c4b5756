import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
// @ts-expect-error the library has no types
import untyped from 'smpp'
import type { Pdu } from '../../../src/providers/smpp/library.ts'

interface ServerSession {
  readonly socket: { write(bytes: Uint8Array): unknown }
  on(event: 'pdu', heard: (pdu: Pdu) => void): unknown
  on(event: 'close' | 'error', heard: () => void): unknown
  send(pdu: Pdu): boolean
  deliver_sm(fields: Readonly<Record<string, unknown>>, answered: (answer: Pdu) => void): boolean
  enquire_link(answered: (answer: Pdu) => void): boolean
  unbind(answered: (answer: Pdu) => void): boolean
  destroy(): void
}

interface Server {
  listen(port: number, host: string): unknown
  address(): AddressInfo
  close(done: () => void): void
  on(event: 'error' | 'tlsClientError', heard: () => void): unknown
}

const library = untyped as {
  createServer(options: object, heard: (session: ServerSession) => void): Server
}

/** A list whose length can be waited for. */
export interface Journal<T> {
  readonly all: readonly T[]
  push(item: T): void
  /** The first `count` items, once there are as many. */
  atLeast(count: number): Promise<readonly T[]>
}

export function journal<T>(): Journal<T> {
  const all: T[] = []
  const waiting: { readonly count: number; readonly go: () => void }[] = []
  return {
    all,
    push(item) {
      all.push(item)
      for (const { count, go } of waiting) if (all.length >= count) go()
    },
    async atLeast(count) {
      if (all.length < count) await new Promise<void>((go) => waiting.push({ count, go }))
      return all.slice(0, count)
    },
  }
}

/** What a test may change of how the SMSC behaves. */
export interface Behaviour {
  bind: number
  /** The answer's fields; 'drop' breaks the connection and 'wait' keeps the message in `held`. */
  submit: (pdu: Pdu, number: number) => Readonly<Record<string, unknown>> | 'drop' | 'wait'
  enquire: 'answer' | 'ignore'
}

/** A real SMPP server on loopback that keeps what it is sent, and answers as it is told. */
export async function smscServer(tls: { readonly key?: string; readonly cert?: string } = {}) {
  const behaviour: Behaviour = {
    bind: 0,
    submit: (_, number) => ({ message_id: `m${number}` }),
    enquire: 'answer',
  }
  const sessions = journal<ServerSession>()
  const binds = journal<Pdu>()
  const submits = journal<Pdu>()
  const enquiries = journal<Pdu>()
  const unbinds = journal<Pdu>()
  const closes = journal<true>()
  const held: (() => void)[] = []
  const open = new Set<ServerSession>()
  let unanswered = 0
  let most = 0

  const server = library.createServer(tls, (session) => {
    open.add(session)
    session.on('error', () => {})
    session.on('close', () => {
      open.delete(session)
      closes.push(true)
    })
    session.on('pdu', (pdu) => {
      switch (pdu.command) {
        case 'bind_transceiver':
          session.send(pdu.response({ command_status: behaviour.bind, system_id: 'smsc' }))
          if (behaviour.bind === 0) sessions.push(session)
          binds.push(pdu)
          return
        case 'enquire_link':
          if (behaviour.enquire === 'answer') session.send(pdu.response())
          enquiries.push(pdu)
          return
        case 'unbind':
          session.send(pdu.response())
          unbinds.push(pdu)
          return
        case 'submit_sm': {
          const answer = behaviour.submit(pdu, submits.all.length + 1)
          most = Math.max(most, ++unanswered)
          const respond = () => {
            unanswered--
            session.send(
              pdu.response(typeof answer === 'object' ? { ...answer } : { message_id: `m${submits.all.indexOf(pdu) + 1}` }),
            )
          }
          if (answer === 'drop') session.destroy()
          else if (answer === 'wait') held.push(respond)
          else respond()
          submits.push(pdu)
        }
      }
    })
  })
  server.on('error', () => {})
  server.on('tlsClientError', () => {})
  const listening = once(server as never, 'listening')
  server.listen(0, '127.0.0.1')
  await listening
  const { port } = server.address()

  return {
    behaviour,
    port,
    sessions,
    binds,
    submits,
    enquiries,
    unbinds,
    closes,
    held,
    /** The most messages that were without an answer at a time. */
    most: () => most,
    /** Delivers over the newest session, and gives the `command_status` that it is answered with. */
    async deliver(fields: Readonly<Record<string, unknown>>): Promise<number> {
      const session = sessions.all.at(-1)!
      const answer = await new Promise<Pdu>((answered) => session.deliver_sm(fields, answered))
      return answer.command_status
    },
    async close() {
      const closed = new Promise<void>((done) => server.close(done))
      for (const session of open) session.destroy()
      await closed
    },
  }
}

/** The octets of a message, without its header. */
export function textIn({ short_message: given }: Pdu): { readonly header: readonly number[]; readonly text: unknown } {
  const { udh = [], message } = given as { udh?: readonly Buffer[]; message: unknown }
  return { header: udh.flatMap((part) => [...part]), text: message }
}
