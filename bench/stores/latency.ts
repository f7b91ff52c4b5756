import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { quantile, type Sample } from '../kit/figures.ts'
import { drop, type EngineName, fileOf, open, openPool, openRedis, type Place, prepare } from './engines.ts'
import { newId, noop, notifierOn, recordPair, request } from './notifications.ts'
import type { Run } from './run.ts'

/** Something that stores one notification. */
interface Sender {
  readonly engine: EngineName
  readonly what: string
  readonly beside?: string
  readonly send: () => Promise<unknown> | unknown
  close(): Promise<void>
}

/** How long `send` takes while others send too, but no more than the engine can do: p50 and p99. */
export async function latency({ place, wants, size, note }: Run): Promise<Sample[]> {
  const [record] = await recordPair('full')
  const samples: Sample[] = []
  const senders: Sender[] = []
  try {
    for (const engine of ['sqlite', 'postgres', 'redis'] as const) {
      if (!wants(engine)) continue
      senders.push(await ours(place(engine)), await bare(place(engine), JSON.stringify(record)))
    }
    for (let round = 0; round <= size.rounds; round++) {
      for (const { what, beside, send } of senders) {
        const times = await atRate(size.arrivals, round === 0 ? size.milliseconds / 2 : 2 * size.milliseconds, send)
        if (round === 0) continue
        for (const [name, share] of [
          ['p50', 0.5],
          ['p99', 0.99],
        ] as const) {
          const id = `latency ${what} ${name}`
          const besideId = beside && { beside: `latency ${beside} ${name}` }
          samples.push({
            section: 'latency',
            id,
            what: `${what}, ${name}`,
            unit: 'ms',
            value: quantile(times, share),
            ...besideId,
          })
        }
      }
    }
  } finally {
    for (const sender of senders) await sender.close()
  }
  note('latency')
  return samples
}

/** Begins `perSecond` calls a second, at random moments, whether or not those before have ended; gives how long each took, from the moment it was meant to begin. */
async function atRate(perSecond: number, milliseconds: number, send: () => Promise<unknown> | unknown): Promise<number[]> {
  // Exponential, as between arrivals that know nothing of each other.
  const pause = () => -Math.log(1 - Math.random()) * (1000 / perSecond)
  const times: number[] = []
  const calls: Promise<void>[] = []
  const end = performance.now() + milliseconds
  for (let next = performance.now(); next < end; next += pause()) {
    const meant = next
    await reached(meant)
    calls.push(Promise.resolve(send()).then(() => void times.push(performance.now() - meant)))
  }
  await Promise.all(calls)
  return times
}

/** Timers may fire early, by a fraction of a millisecond: what is left is waited for without one. */
async function reached(moment: number): Promise<void> {
  for (let ahead = moment - performance.now(); ahead > 0; ahead = moment - performance.now())
    await (ahead > 2 ? sleep(ahead - 1) : nextTurn())
}

const bareNames = {
  sqlite: 'node:sqlite, one insert',
  postgres: 'pg, one insert',
  redis: 'ioredis, one hash and one entry',
} as const
const names = { sqlite: 'SQLite, FULL', postgres: 'Postgres', redis: 'Redis' } as const
type Family = keyof typeof names

async function ours(place: Place): Promise<Sender> {
  await prepare(place)
  const opened = await open(place)
  const notifier = notifierOn(opened, noop('full'))
  const family = place.engine as Family
  return {
    engine: place.engine,
    what: names[family],
    beside: bareNames[family],
    send: () => notifier.send(request()),
    async close() {
      await notifier.close()
      await opened.close()
      await drop(place)
    },
  }
}

async function bare(place: Place, json: string): Promise<Sender> {
  const family = place.engine as Family
  const { send, close } = await bareInsert(place, json)
  return {
    engine: place.engine,
    what: bareNames[family],
    send,
    async close() {
      await close()
      await drop(place)
    },
  }
}

async function bareInsert(place: Place, json: string): Promise<{ send(): unknown; close(): Promise<unknown> | undefined }> {
  const { engine, name } = place
  if (engine === 'sqlite') {
    const db = new DatabaseSync(fileOf(place))
    db.exec(
      'pragma journal_mode = wal; pragma synchronous = full; create table bare (id text primary key, due_at integer, record text)',
    )
    db.exec('create index due on bare (due_at)')
    const insert = db.prepare('insert into bare values (?, ?, ?)')
    return { send: () => insert.run(newId(), Date.now(), json), close: async () => db.close() }
  }
  if (engine === 'postgres') {
    const pool = openPool()
    await pool.query(`create schema "${name}"; create table "${name}".bare (id text primary key, due_at bigint, record text)`)
    await pool.query(`create index on "${name}".bare (due_at)`)
    const text = `insert into "${name}".bare values ($1, $2, $3)`
    return { send: () => pool.query({ name: 'one', text, values: [newId(), Date.now(), json] }), close: () => pool.end() }
  }
  const client = openRedis()
  return {
    send() {
      const id = newId()
      return client
        .pipeline([
          ['hset', `{${name}}:${id}`, 'json', json],
          ['zadd', `{${name}}:due`, Date.now(), id],
        ])
        .exec()
    },
    close: async () => client.disconnect(),
  }
}
