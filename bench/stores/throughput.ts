import { memoryStore, type Notifier } from 'omnicascade'
import { type Contender, interleaved } from '../kit/contender.ts'
import type { Goal, Sample } from '../kit/figures.ts'
import { barePostgres } from './bare-postgres.ts'
import { bareRedis } from './bare-redis.ts'
import { bareSqlite } from './bare-sqlite.ts'
import { drop, type EngineName, open, type Place, prepare } from './engines.ts'
import { noop, notifierOn, recordTexts, requests, withoutIds } from './notifications.ts'
import type { Run } from './run.ts'

const titles: Readonly<Record<EngineName, string>> = {
  sqlite: 'SQLite, FULL',
  'sqlite-normal': 'SQLite, NORMAL',
  postgres: 'Postgres',
  'postgres+pg-boss': 'Postgres + pg-boss',
  'postgres+pg-boss-notify': 'Postgres + pg-boss, notify',
  redis: 'Redis',
  'redis+bullmq': 'Redis + BullMQ',
}

/** How many notifications a second get to `accepted`, both of their writes stored, with some number in hand. */
export async function throughput({ place, wants, size, note }: Run): Promise<Sample[]> {
  const pair = await recordTexts('full')
  const samples: Sample[] = []
  const add = ({ id, what, beside }: Contender, value: number) => {
    samples.push({ section: 'throughput', id, what, unit: '/s', value, ...(beside !== undefined && { beside }), ...goalOf(id) })
  }
  const most = Math.max(...size.inHand)
  await interleaved([coreAlone(most)], size, add)
  for (const family of ['sqlite', 'postgres', 'redis'] as const) {
    if (!wants(family)) continue
    const contenders = contendersOf(family, size.inHand, place, pair)
    await interleaved(contenders, size, add)
    note(`throughput ${family}`)
  }
  return samples
}

function contendersOf(
  family: 'sqlite' | 'postgres' | 'redis',
  inHand: readonly number[],
  place: Run['place'],
  pair: readonly [string, string],
): Contender[] {
  const engines: readonly EngineName[] =
    family === 'sqlite'
      ? ['sqlite', 'sqlite-normal']
      : family === 'postgres'
        ? ['postgres', 'postgres+pg-boss']
        : ['redis', 'redis+bullmq']
  return engines.flatMap((engine) => {
    const own = inHand.map((count) => ours(engine, count, place(engine)))
    if (engine.includes('+')) return own
    if (inHand.includes(64)) own.push(ours(engine, 64, place(engine), false))
    const bare = inHand.flatMap((count) => bareOf(engine, count, place, pair))
    return [...own, ...bare]
  })
}

function ours(engine: EngineName, inHand: number, place: Place, hasIds = true): Contender {
  return {
    id: `throughput ${engine}${hasIds ? '' : ' without ids'} ${inHand}`,
    what: `${titles[engine]}, ${inHand} in hand${hasIds ? '' : ', no message ids'}`,
    beside: `throughput bare ${engine.replace(/\+.*/, '')} ${inHand}`,
    async open() {
      await prepare(place)
      const opened = await open(place)
      // Awaits receipts, so that the due time is indexed. A vendor's ids are random, and their index has a page to write for each.
      const notifier = notifierOn(opened, hasIds ? noop('full') : withoutIds(noop('full')))
      return {
        run: (milliseconds) => sentBy(notifier, inHand, milliseconds),
        async close() {
          await notifier.close()
          await opened.close()
          await drop(place)
        },
      }
    },
  }
}

/** What the core takes by itself: everything but a store that outlives the process. */
function coreAlone(inHand: number): Contender {
  return {
    id: 'throughput memory',
    what: `the core alone, in memory, ${inHand} in hand`,
    async open() {
      const notifier = notifierOn({ store: memoryStore(), scheduler: undefined, close: async () => {} }, noop('none'))
      return { run: (milliseconds) => sentBy(notifier, inHand, milliseconds), close: () => notifier.close() }
    },
  }
}

async function sentBy(notifier: Notifier<'sms'>, inHand: number, milliseconds: number): Promise<number> {
  let count = 0
  for await (const result of notifier.sendMany(requests(performance.now() + milliseconds), { concurrency: inHand })) {
    if (result.error !== undefined) throw result.error
    count++
  }
  return count
}

function bareOf(engine: EngineName, count: number, place: Run['place'], pair: readonly [string, string]): Contender[] {
  const id = `throughput bare ${engine} ${count}`
  if (engine === 'postgres') {
    const batch = Math.max(1, count / 2)
    const pg = (statements: { lanes: number; batch: number }) => () => barePostgres(place(engine), statements, pair)
    if (count === 1) return [{ id, what: 'pg, one statement after the other', open: pg({ lanes: 1, batch: 1 }) }]
    return [
      { id, what: `pg, 2 x ${batch} records a statement`, open: pg({ lanes: 2, batch }) },
      { id: `${id} single`, what: `pg, ${count} single statements in flight`, open: pg({ lanes: count, batch: 1 }) },
    ]
  }
  if (engine === 'redis') {
    const batch = Math.max(1, count / 2)
    const what = count === 1 ? 'ioredis, one after the other' : `ioredis, 2 x ${batch} records a pipeline`
    return [{ id, what, open: async () => bareRedis(place(engine), batch, pair) }]
  }
  const what = `node:sqlite, ${titles[engine].slice(8)}, ${count} a transaction`
  return [{ id, what, open: async () => bareSqlite(place(engine), count, pair) }]
}

// On two cores, from the project's performance goals: with many in hand, and all that is stored on the disk.
function goalOf(id: string): { readonly goal?: Goal } {
  return /^throughput sqlite (without ids )?(64|256)$/.test(id) ? { goal: { least: 15_000 } } : {}
}
