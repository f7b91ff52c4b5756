import assert from 'node:assert/strict'
import type { Awaitable } from '../contract/json.ts'
import type { Scheduler } from '../contract/store.ts'
import { type Bench, createBench } from './scheduler-contract/bench.ts'

/** A scheduler on an empty queue of its own. */
export interface OpenedScheduler {
  readonly scheduler: Scheduler
  /** One more on the same queue, as another process would have it. All are stopped by the suite. */
  another(): Awaitable<Scheduler>
  /** Removes the queue. */
  dispose(): Awaitable<void>
}

/** What passes while a case waits: the machine's time, or a test's own. */
export interface ContractTime {
  /** Unix milliseconds. */
  now(): number
  /** Lets this many milliseconds pass. */
  pass(duration: number): Promise<void>
}

/** One clause of a contract. `run` throws if it is broken. */
export interface SchedulerContractCase {
  readonly name: string
  run(): Promise<void>
}

/** Options of `schedulerContract`; times in milliseconds. */
export interface SchedulerContractOptions {
  /** Called once for each case. */
  open(): Awaitable<OpenedScheduler>
  /** By default the machine's. */
  readonly time?: ContractTime
  /** How much earlier than its time a notification may be woken. Default 0. */
  readonly early?: number
  /** How long to wait for what must happen. Default 20 000. */
  readonly patience?: number
  /** How long to watch for what must not happen: longer than the engine's own interval. Default 1500. */
  readonly quiet?: number
  /** Cases that cannot apply to the engine, by name, each with the reason. They stay in the list, under a name that says so. */
  readonly without?: Readonly<Record<string, string>>
}

/**
 * The contract of `Scheduler`, for any test runner: `for (const { name, run } of schedulerContract({ open })) test(name, run)`.
 * What must happen is waited for; when is asserted only where it would be too early.
 */
export function schedulerContract(options: SchedulerContractOptions): readonly SchedulerContractCase[] {
  const { without = {} } = options
  for (const [name, reason] of Object.entries(without)) {
    assert(name in clauses, `there is no case "${name}"`)
    assert(reason.trim() !== '', `say why "${name}" cannot apply`)
  }
  return Object.entries(clauses).map(([name, clause]) => {
    const reason = without[name]
    if (reason !== undefined) return { name: `${name} (cannot apply: ${reason})`, run: async () => {} }
    return { name, run: () => runOnBench(options, clause) }
  })
}

async function runOnBench(options: SchedulerContractOptions, clause: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = await createBench(options)
  try {
    await clause(bench)
    assert.deepEqual(bench.errors, [], 'nothing fails in the background')
  } finally {
    await bench.dispose()
  }
}

const soon = 300
const hour = 3_600_000

const clauses: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async 'wakes when it is due, and not before'(bench) {
    await bench.start()
    await bench.schedule('a', soon)
    await bench.woken('a')
    bench.notEarly('a')
  },
  async 'wakes at once what is due already'(bench) {
    await bench.start()
    await bench.schedule('a', -hour)
    await bench.schedule('b', 0)
    await bench.woken('a', 'b')
  },
  async 'wakes what was scheduled before it started'(bench) {
    await bench.schedule('due', -1)
    await bench.schedule('later', soon)
    await bench.start()
    await bench.woken('due', 'later')
    bench.notEarly('later')
  },
  async 'wakes what one that never starts has scheduled'(bench) {
    await bench.start()
    const other = await bench.another()
    await bench.schedule('now', 0, other)
    await bench.schedule('later', soon, other)
    await bench.woken('now', 'later')
    bench.notEarly('later')
  },
  async 'wakes each when two are started'(bench) {
    const other = await bench.another()
    await Promise.all([bench.start(), bench.start(other)])
    const ids = Array.from({ length: 50 }, (_, i) => `n${i}`)
    await Promise.all(ids.map((id, i) => bench.schedule(id, soon, i % 2 === 0 ? bench.scheduler : other)))
    await bench.woken(...ids)
    bench.notEarly(...ids)
  },
  async 'wakes many that are due at the same moment'(bench) {
    await bench.start()
    const ids = Array.from({ length: 300 }, (_, i) => `n${i}`)
    const time = bench.now() + soon
    await Promise.all(ids.map((id) => bench.scheduleAt(id, time)))
    await bench.woken(...ids)
    bench.notEarly(...ids)
  },
  async 'wakes each of a burst of 1,000 with different times'(bench) {
    await bench.start()
    const ids = Array.from({ length: 1000 }, (_, i) => `n${i}`)
    await Promise.all(ids.map((id, i) => bench.schedule(id, (i * 7919) % 1000)))
    await bench.woken(...ids)
    bench.notEarly(...ids)
  },
  async 'wakes what is scheduled twice for the same time, and not without end'(bench) {
    await bench.start()
    const time = bench.now() + soon
    await bench.scheduleAt('a', time)
    await bench.scheduleAt('a', time)
    await bench.woken('a')
    await bench.quiet()
    assert(bench.wakes('a') <= 2, `scheduled twice, woken ${bench.wakes('a')} times`)
  },
  async 'an earlier time wins over a later one'(bench) {
    await bench.start()
    await bench.schedule('a', hour)
    await bench.schedule('a', soon)
    await bench.woken('a')
    bench.notEarly('a')
  },
  async 'a time that is moved later is kept, whether or not the earlier one wakes too'(bench) {
    await bench.start()
    await bench.schedule('a', soon)
    await bench.schedule('a', 3 * soon)
    await bench.woken('a')
    bench.notEarly('a')
  },
  async 'one whose handler schedules it anew is woken again'(bench) {
    let rounds = 3
    bench.onWake(async (id) => {
      if (--rounds > 0) await bench.schedule(id, soon)
    })
    await bench.start()
    await bench.schedule('a', 0)
    await bench.until(() => rounds === 0, 'a was woken three times')
  },
  async 'one whose handler schedules it anew for a time that has passed is woken again'(bench) {
    let rounds = 3
    const time = bench.now()
    bench.onWake(async (id) => {
      if (--rounds > 0) await bench.scheduleAt(id, time)
    })
    await bench.start()
    await bench.scheduleAt('a', time)
    await bench.until(() => rounds === 0, 'a was woken three times')
  },
  async 'a far future does not overflow'(bench) {
    await bench.start()
    const far = [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 400 * 24 * hour, 20 * 365 * 24 * hour]
    for (const [i, delay] of far.entries()) await bench.schedule(`far${i}`, delay)
    await bench.scheduleAt('last', 8.64e15)
    await bench.schedule('near', soon)
    await bench.woken('near')
    await bench.quiet()
    assert.deepEqual(bench.allWoken(), ['near'])
  },
  async 'the end of a lease may be left to the sweep, and stands in the way of nothing'(bench) {
    await bench.start()
    await bench.schedule('a', soon / 2, bench.scheduler, true)
    await bench.schedule('a', soon)
    await bench.schedule('b', soon)
    await bench.schedule('b', 2 * soon, bench.scheduler, true)
    await bench.woken('a')
    bench.notEarly('a')
    await bench.until(() => bench.wakes('b') > 0, 'b was woken')
  },
  async 'takes any id'(bench) {
    await bench.start()
    const ids = [
      '7',
      '007',
      '0',
      '0:1',
      'a:b',
      'a:b:c',
      'a%3Ab',
      'a b',
      "o'hara",
      '"quoted"',
      'žluťoučký 🐎',
      '__proto__',
      'x'.repeat(200),
    ]
    await Promise.all(ids.map((id) => bench.schedule(id, soon)))
    await bench.woken(...ids)
    // Far enough for an engine that keeps each wake-up once, by an id made of this one.
    await Promise.all(ids.map((id) => bench.schedule(`far ${id}`, hour)))
    await Promise.all(ids.map((id) => bench.schedule(id, hour)))
  },
  async 'nobody is woken once stop has resolved'(bench) {
    await bench.start()
    const ids = Array.from({ length: 50 }, (_, i) => `n${i}`)
    await Promise.all(ids.map((id, i) => bench.schedule(id, i * 20)))
    await bench.until(() => bench.allWoken().length > 0, 'some were woken')
    await bench.scheduler.stop()
    const before = bench.allWoken()
    await bench.quiet()
    assert.deepEqual(bench.allWoken(), before)
  },
  async 'stop waits for the handler under way'(bench) {
    const { hold, release } = gate()
    let ended = false
    bench.onWake(async () => {
      await hold
      ended = true
    })
    await bench.start()
    await bench.schedule('a', 0)
    await bench.until(() => bench.wakes('a') > 0, 'a was woken')
    let stopped = false
    const stopping = Promise.resolve(bench.scheduler.stop()).then(() => {
      stopped = true
    })
    await bench.quiet()
    assert.equal(stopped, false, 'the handler is under way')
    release()
    await stopping
    assert.equal(ended, true)
  },
  async 'stop before start, and twice, does no harm'(bench) {
    await bench.scheduler.stop()
    await bench.start()
    await bench.scheduler.stop()
    await bench.scheduler.stop()
  },
  async 'what is left at the end, and what is scheduled after it, is woken by the next one that starts'(bench) {
    await bench.start()
    await bench.schedule('before', 2 * soon)
    await bench.scheduler.stop()
    await bench.schedule('after', soon)
    await bench.schedule('after, due', 0)
    await bench.quiet()
    assert.deepEqual(bench.allWoken(), [])
    await bench.start(await bench.another())
    await bench.woken('before', 'after', 'after, due')
  },
}

function gate(): { readonly hold: Promise<void>; release(): void } {
  let release = () => {}
  const hold = new Promise<void>((resolve) => {
    release = resolve
  })
  return { hold, release: () => release() }
}
