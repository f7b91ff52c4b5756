import type { Sample } from '../kit/figures.ts'
import { openByHand } from './by-hand.ts'
import { hire } from './crew.ts'
import { drop, type EngineName, open, type Place, prepare } from './engines.ts'
import { noop, notifierOn, recordTexts, request } from './notifications.ts'
import { openBareQueue } from './queues.ts'
import type { Run } from './run.ts'
import { exactly, type WorkerTask } from './worker.ts'

interface Contest {
  readonly engine: EngineName
  readonly family: 'sqlite' | 'postgres' | 'redis'
  readonly kind: WorkerTask['kind']
  readonly what: string
  readonly beside?: string
  readonly receipts?: WorkerTask['receipts']
}

const contests: readonly Contest[] = [
  { engine: 'postgres+pg-boss', family: 'postgres', kind: 'ours', what: 'Postgres + pg-boss', beside: 'pg-boss alone' },
  {
    engine: 'postgres+pg-boss',
    family: 'postgres',
    kind: 'ours',
    what: 'Postgres + pg-boss, awaiting receipts',
    beside: 'pg-boss alone',
    receipts: 'full',
  },
  { engine: 'postgres', family: 'postgres', kind: 'ours', what: 'Postgres, timer', beside: 'pg-boss alone' },
  {
    engine: 'postgres+pg-boss',
    family: 'postgres',
    kind: 'by-hand',
    what: 'pg-boss, the same writes by hand',
    beside: 'pg-boss alone',
  },
  { engine: 'postgres+pg-boss', family: 'postgres', kind: 'bare', what: 'pg-boss alone' },
  { engine: 'redis+bullmq', family: 'redis', kind: 'ours', what: 'Redis + BullMQ', beside: 'BullMQ alone' },
  {
    engine: 'redis+bullmq',
    family: 'redis',
    kind: 'ours',
    what: 'Redis + BullMQ, awaiting receipts',
    beside: 'BullMQ alone',
    receipts: 'full',
  },
  { engine: 'redis', family: 'redis', kind: 'ours', what: 'Redis, timer', beside: 'BullMQ alone' },
  {
    engine: 'redis+bullmq',
    family: 'redis',
    kind: 'by-hand',
    what: 'BullMQ, the same writes by hand',
    beside: 'BullMQ alone',
  },
  { engine: 'redis+bullmq', family: 'redis', kind: 'bare', what: 'BullMQ alone' },
  { engine: 'sqlite', family: 'sqlite', kind: 'ours', what: 'SQLite, FULL, timer' },
]

/** How fast 1 to 4 workers work off a backlog that a process which calls no providers has stored. */
export async function workers({ place, wants, size, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  const wanted = contests.filter(({ family }) => wants(family))
  for (let round = 0; round < Math.ceil(size.rounds / 2); round++) {
    for (const count of size.workers) {
      for (const contest of wanted) {
        const value = await rateOf(contest, place(contest.engine), count, size.backlog)
        samples.push(sampleOf(contest, count, value))
      }
      note(`workers, round ${round + 1}, ${count} of them`)
    }
  }
  return samples
}

function sampleOf({ what, beside, kind, engine, receipts }: Contest, count: number, value: number): Sample {
  const hasGoal = count === 2 && kind === 'ours' && engine.includes('+') && receipts === undefined
  return {
    section: 'workers',
    id: `workers ${what} ${count}`,
    what: `${what}, ${count} ${count === 1 ? 'worker' : 'workers'}`,
    unit: '/s',
    value,
    ...(beside && { beside: `workers ${beside} ${count}` }),
    ...(hasGoal && { goal: { ratioAtLeast: 0.6 } }),
  }
}

async function rateOf({ kind, receipts = 'none' }: Contest, place: Place, count: number, backlog: number): Promise<number> {
  await prepare(place)
  const crew = await hire({ place, kind, receipts }, count)
  const source = kind === 'ours' ? await enqueue(place, backlog) : await enqueueBare(place, kind, backlog)
  try {
    const began = exactly()
    crew.go()
    const { at } = await crew.done(backlog)
    return (backlog / (at - began)) * 1000
  } finally {
    await crew.stop()
    await source.close()
    await drop(place)
  }
}

/** Gives what closes the process's part: it stays open, as a web process would. */
async function enqueue(place: Place, backlog: number): Promise<{ close(): Promise<void> }> {
  const opened = await open(place)
  const front = notifierOn(opened, noop('full'), { callProviders: false })
  const all = Array.from({ length: backlog }, () => request())
  for await (const { error } of front.sendMany(all, { concurrency: 512 })) if (error !== undefined) throw error
  return {
    async close() {
      await front.close()
      await opened.close()
    },
  }
}

async function enqueueBare(place: Place, kind: WorkerTask['kind'], backlog: number): Promise<{ close(): Promise<void> }> {
  if (kind === 'by-hand') {
    const byHand = await openByHand(place, await recordTexts('none'))
    await byHand.fill(backlog)
    await byHand.close()
  }
  const queue = await openBareQueue(place)
  await queue.add(Array.from({ length: backlog }, () => Number.NaN))
  return queue
}
