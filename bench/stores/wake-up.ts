import { setTimeout as sleep } from 'node:timers/promises'
import { quantile, type Sample } from '../kit/figures.ts'
import { hire } from './crew.ts'
import { drop, type EngineName, open, type Place, prepare } from './engines.ts'
import { noop, notifierOn, request } from './notifications.ts'
import { openBareQueue } from './queues.ts'
import type { Run } from './run.ts'
import { exactly, type WorkerTask } from './worker.ts'

interface Contest {
  readonly engine: EngineName
  readonly family: 'sqlite' | 'postgres' | 'redis'
  readonly kind: WorkerTask['kind']
  readonly what: string
  readonly beside?: string
}

const contests: readonly Contest[] = [
  { engine: 'sqlite', family: 'sqlite', kind: 'ours', what: 'SQLite, timer' },
  { engine: 'postgres', family: 'postgres', kind: 'ours', what: 'Postgres, timer' },
  { engine: 'postgres+pg-boss', family: 'postgres', kind: 'ours', what: 'Postgres + pg-boss', beside: 'pg-boss alone' },
  { engine: 'postgres+pg-boss', family: 'postgres', kind: 'bare', what: 'pg-boss alone' },
  {
    engine: 'postgres+pg-boss-notify',
    family: 'postgres',
    kind: 'ours',
    what: 'Postgres + pg-boss, notify',
    beside: 'pg-boss alone, notify',
  },
  { engine: 'postgres+pg-boss-notify', family: 'postgres', kind: 'bare', what: 'pg-boss alone, notify' },
  { engine: 'redis', family: 'redis', kind: 'ours', what: 'Redis, timer' },
  { engine: 'redis+bullmq', family: 'redis', kind: 'ours', what: 'Redis + BullMQ', beside: 'BullMQ alone' },
  { engine: 'redis+bullmq', family: 'redis', kind: 'bare', what: 'BullMQ alone' },
]

// Between two that are due, in milliseconds: no engine has more to do than it can.
const pace = 5
// Until the worker listens, and whatever was scheduled is known to it.
const settling = 1000

/** How late a worker in another process begins what this one has stored: due later, and due at once. */
export async function wakeUp({ place, wants, size, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const contest of contests.filter(({ family }) => wants(family))) {
    for (const due of ['later', 'now'] as const) {
      for (const [name, value] of Object.entries(await lateness(contest, place(contest.engine), due, size.wakeUps))) {
        const beside = contest.beside && { beside: `wake-up ${contest.beside} ${due} ${name}` }
        const what = `${contest.what}, due ${due === 'now' ? 'at once' : 'later'}, ${name}`
        samples.push({ section: 'wake-up', id: `wake-up ${contest.what} ${due} ${name}`, what, unit: 'ms', value, ...beside })
      }
    }
    note(`wake-ups, ${contest.what}`)
  }
  return samples
}

async function lateness({ kind }: Contest, place: Place, due: 'later' | 'now', count: number) {
  await prepare(place)
  const crew = await hire({ place, kind, receipts: 'none' }, 1)
  const source = kind === 'ours' ? await front(place) : await bareSource(place)
  try {
    crew.go()
    await sleep(settling)
    if (due === 'now') {
      for (let sent = 0; sent < count; sent++) {
        await Promise.all([source.now(), sleep(pace)])
      }
    } else {
      const first = Date.now() + 2 * settling
      await source.later(Array.from({ length: count }, (_, index) => first + index * pace))
    }
    const { late } = await crew.done(count)
    return { p50: quantile(late, 0.5), p99: quantile(late, 0.99) }
  } finally {
    await crew.stop()
    await source.close()
    await drop(place)
  }
}

/** Where what is due comes from. Its text, or its job, says when it was due. */
interface Source {
  later(dues: readonly number[]): Promise<unknown>
  now(): Promise<unknown>
  close(): Promise<void>
}

async function front(place: Place): Promise<Source> {
  const opened = await open(place)
  const notifier = notifierOn(opened, noop('none'), { callProviders: false })
  return {
    later: (dues) => Promise.all(dues.map((due) => notifier.send(request(String(due), due)))),
    now: () => notifier.send(request(String(exactly()))),
    async close() {
      await notifier.close()
      await opened.close()
    },
  }
}

async function bareSource(place: Place): Promise<Source> {
  const queue = await openBareQueue(place)
  return { later: (dues) => queue.add(dues), now: () => queue.add([exactly()]), close: () => queue.close() }
}
