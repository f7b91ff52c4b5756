import type { Clock, NotificationRecord } from 'omnicascade'
import type { PostgresPool } from 'omnicascade/stores/postgres'
import { scriptedProvider } from 'omnicascade/testing'
import type pg from 'pg'
import { plan } from '../../../src/cascade/plan.ts'
import { ada, content } from '../../support/world.ts'

const provider = scriptedProvider({ channels: ['sms'] })
const attempt = {
  provider: 'twin',
  receipts: 'full',
  idempotent: false,
  cancellable: false,
  to: '+420777123456',
  idempotencyKey: 'a',
  state: 'accepted',
  startedAt: 0,
  endedAt: 0,
  messageId: null,
  status: 'accepted',
  assumed: false,
  receiptFailure: null,
  failure: null,
} as const

/** A record as the notifier would store it, with an attempt that carries the keys. */
export function recordOf(id: string, { keys, ...more }: Partial<NotificationRecord> & { keys?: readonly string[] } = {}) {
  const planned = plan(
    { to: ada, content, cascade: ['sms'] },
    { id, now: 0, providers: [provider], retry: { attempts: 3, baseDelay: 1, maxDelay: 1 }, within: () => 1000, timeZone: null },
  )
  const steps = planned.steps.map((step) => (keys ? { ...step, attempts: [{ ...attempt, keys }] } : step))
  return { ...planned, dueAt: 5, steps, ...more } satisfies NotificationRecord
}

/** The record after a change. */
export const next = (record: NotificationRecord, more: Partial<NotificationRecord> = {}): NotificationRecord => ({
  ...record,
  version: record.version + 1,
  ...more,
})

/** Timers that are due at once: nobody waits for a back-off. */
export const atOnce: Clock = {
  now: () => 0,
  setTimer(_, run) {
    const timer = setImmediate(run)
    return () => clearImmediate(timer)
  },
}

/** What becomes of a statement: cut before it is sent, or after the server has done it and before its answer arrives. */
export type Cut = 'before' | 'after' | undefined

/** A pool whose connections are cut: the server ends the session, and the client is told nothing but that. */
export function cutting(pool: pg.Pool, killer: pg.Pool, cut: (text: string) => Cut | Promise<Cut>): PostgresPool {
  async function run(client: pg.PoolClient, text: string, values?: unknown[]) {
    const how = await cut(text)
    if (how === undefined) return client.query(text, values)
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    if (how === 'after') await client.query(text, values)
    await killer.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    // The session is gone: this fails as the lost answer would.
    return client.query('select 1')
  }
  return {
    async query(text, values) {
      const client = await pool.connect()
      client.on('error', ignore)
      let isBroken = true
      try {
        const result = await run(client, text, values)
        isBroken = false
        return result
      } finally {
        client.removeListener('error', ignore)
        client.release(isBroken)
      }
    },
    async connect() {
      const client = await pool.connect()
      return {
        query: (text, values) => run(client, text, values),
        on: (event: Event, listener: (message: { payload?: string | undefined }) => void) =>
          client.on(event as 'notification', listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        removeAllListeners: (event) => client.removeAllListeners(event),
        release: (destroy) => client.release(destroy),
      }
    },
  }
}

/** A pool that keeps what passes through it: statements, and the codes of errors. */
export function recording(pool: pg.Pool) {
  const statements: { readonly text: string; readonly values: unknown[] }[] = []
  const codes: string[] = []
  async function recorded<T>(text: string, values: unknown[] | undefined, run: () => Promise<T>): Promise<T> {
    statements.push({ text, values: values ?? [] })
    try {
      return await run()
    } catch (error) {
      codes.push(String((error as { code?: unknown }).code))
      throw error
    }
  }
  const own: PostgresPool = {
    query: (text, values) => recorded(text, values, () => pool.query(text, values)),
    async connect() {
      const client = await pool.connect()
      return {
        query: (text, values) => recorded(text, values, () => client.query(text, values)),
        on: (event: Event, listener: (message: { payload?: string | undefined }) => void) =>
          client.on(event as 'notification', listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        removeAllListeners: (event) => client.removeAllListeners(event),
        release: (destroy) => client.release(destroy),
      }
    },
  }
  return { pool: own, statements, codes }
}

type Event = 'notification' | 'error' | 'end'

function ignore(): void {}
