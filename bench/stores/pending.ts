import type { NotificationRecord } from 'omnicascade'
import { median, type Sample } from '../kit/figures.ts'
import { type Claim, openBareClaim } from './bare-claim.ts'
import { drop, type EngineName, type Opened, open, openPool, type Place, prepare } from './engines.ts'
import { noop, notifierOn, recordPair, request } from './notifications.ts'
import type { Run } from './run.ts'
import { spaceOf, walOf } from './space.ts'

const day = 86_400_000

/** One engine with some number of notifications that wait. */
interface Full {
  readonly engine: Family
  readonly count: number
  readonly opened: Opened
  readonly claims: readonly Claim[]
  readonly send: () => Promise<unknown>
  close(): Promise<void>
}

const names = { sqlite: 'SQLite, FULL', postgres: 'Postgres', redis: 'Redis' } as const
type Family = keyof typeof names

/** What finding, reading and moving on a notification costs, and what `send` costs, while few or many others wait. And what those take up. */
export async function pending({ place, wants, size, note }: Run): Promise<Sample[]> {
  const [, waiting] = await recordPair('full')
  const samples: Sample[] = []
  for (const engine of ['sqlite', 'postgres', 'redis'] as const) {
    if (!wants(engine)) continue
    const all: Full[] = []
    try {
      for (const count of size.pending) {
        const own = place(engine)
        all.push(await fill(own, count, waiting))
        if (count === Math.max(...size.pending)) samples.push(...(await spaceOf(own, count)))
        note(`${names[engine]} holds ${count}`)
      }
      for (let round = 0; round <= size.rounds; round++) {
        for (const full of all) {
          const taken = await measure(full, waiting, size.milliseconds / 4)
          if (round > 0) samples.push(...samplesOf(full, taken, all[0]?.count ?? full.count))
        }
      }
    } finally {
      for (const full of all) await full.close()
    }
    if (engine === 'postgres') samples.push(await walOf(place('postgres')), await walOf(place('postgres+pg-boss')))
    note(`pending, ${names[engine]}`)
  }
  return samples
}

async function fill(place: Place, count: number, waiting: NotificationRecord): Promise<Full> {
  const engine = place.engine as EngineName & Family
  await prepare(place)
  const opened = await open(place)
  const now = Date.now()
  let next = 0
  const lane = async () => {
    for (let index = next++; index < count; index = next++)
      await opened.store.insert(recordOf(waiting, `pending-${index}-${Math.random()}`, now + day + Math.random() * 30 * day))
  }
  await Promise.all(Array.from({ length: 512 }, lane))
  // What autovacuum does sooner or later: the planner is to know the table.
  if (engine === 'postgres') await vacuum(place)
  const notifier = notifierOn({ ...opened, scheduler: 'manual' }, noop('full'))
  const bare = await openBareClaim(place)
  return {
    engine,
    count,
    opened,
    claims: [storeClaim(opened), bare],
    async send() {
      await notifier.send(request())
      await notifier.idle()
    },
    async close() {
      await bare.close()
      await notifier.close()
      await opened.close()
      await drop(place)
    },
  }
}

async function vacuum({ name }: Place): Promise<void> {
  const pool = openPool(1)
  await pool.query(`vacuum analyze "${name}".notifications`)
  await pool.query(`vacuum analyze "${name}".attempt_keys`)
  await pool.end()
}

function recordOf(record: NotificationRecord, id: string, dueAt: number): NotificationRecord {
  const [step, ...steps] = record.steps
  if (step === undefined) throw new Error('a record has steps')
  const attempts = step.attempts.map((attempt) => ({ ...attempt, messageId: `m-${id}`, keys: [`m-${id}`] }))
  return { ...record, id, dueAt, steps: [{ ...step, dueAt, attempts }, ...steps] }
}

function storeClaim({ store }: Opened): Claim {
  return {
    async claim(now) {
      const [id] = await store.due(now, 1)
      const record = id === undefined ? undefined : await store.get(id)
      if (record === undefined) throw new Error('nothing was due')
      const moved = { ...record, version: record.version + 1, dueAt: now + day }
      if (!(await store.update(moved, record.version))) throw new Error('another was first')
    },
    async close() {},
  }
}

interface Taken {
  /** By us, and by hand. */
  readonly claims: readonly number[]
  readonly send: number
}

/** The medians of many, one after the other: nothing is shared, so each pays for itself. */
async function measure(
  { opened: { store }, claims, send }: Full,
  waiting: NotificationRecord,
  milliseconds: number,
): Promise<Taken> {
  const times = claims.map((): number[] => [])
  const until = performance.now() + 2 * milliseconds
  while (performance.now() < until) {
    const now = Date.now()
    for (const [index, { claim }] of claims.entries()) {
      await store.insert(recordOf(waiting, `due-${now}-${Math.random()}`, now - 1000))
      const began = performance.now()
      await claim(now)
      times[index]?.push(performance.now() - began)
    }
  }
  const sends: number[] = []
  for (const end = performance.now() + milliseconds; performance.now() < end; ) {
    const began = performance.now()
    await send()
    sends.push(performance.now() - began)
  }
  return { claims: times.map(median), send: median(sends) }
}

/** Each beside the same with the fewest that wait; the claim by hand beside ours. */
function samplesOf({ engine, count }: Full, { claims: [own = 0, bare = 0], send }: Taken, fewest: number): Sample[] {
  const name = names[engine]
  const among = `${count.toLocaleString('en')} wait`
  const flat = { goal: { ratioAtMost: 1.5 } } as const
  const sample = (kind: string, words: string, value: number): Sample => ({
    section: 'pending',
    id: `pending ${kind} ${engine} ${count}`,
    what: `${name}, ${words}, ${among}`,
    unit: 'ms',
    value,
    ...(count > fewest && { beside: `pending ${kind} ${engine} ${fewest}`, ...(kind !== 'bare' && flat) }),
  })
  return [
    sample('claim', 'due + get + update', own),
    sample('bare', 'the same by hand', bare),
    sample('send', 'send, call and outcome', send),
  ]
}
