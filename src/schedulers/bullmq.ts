import { type BulkJobOptions, Queue, Worker } from 'bullmq'
import { millisecondsOf } from '../contract/duration.ts'
import type { Scheduler } from '../contract/store.ts'
import type { Clock, Duration } from '../contract/time.ts'
import type { WakeUp } from '../contract/wake-up.ts'
import { systemClock } from '../wire/clock.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import { clockSkew, createOutstanding } from '../wire/outstanding.ts'
import { perTurn } from '../wire/per-turn.ts'
import { addingConnection, hasKeyPrefix, workingConnection } from './bullmq/connection.ts'
import { createConnectionReport, failureOf } from './bullmq/failure.ts'

/** Options of `bullmq`. */
export interface BullmqOptions {
  /**
   * The app's own ioredis client or cluster, which is left open, or options of a connection as ioredis takes them (`{ url }`, `{ host, port, … }`).
   * A client must have no `keyPrefix`.
   */
  readonly connection: object
  /** Default `wake-ups`. */
  readonly queue?: string
  /** Before all of its keys. Default `{omnicascade}`: in a cluster they must hash to one slot, and so they need braces. */
  readonly prefix?: string
  /** How many notifications are seen to at a time in this process. Default 100. */
  readonly concurrency?: number
  /** A wake-up whose process has died is given to another after up to twice this time. Default 60 s, at least 1 s. */
  readonly redeliverAfter?: Duration
  /** By default the machine's. */
  readonly clock?: Clock
}

/** What a job says. */
interface WakeUpJob {
  readonly id: string
  /** Unix milliseconds. */
  readonly time: number
  /** How much later than `time` it was put off to. */
  readonly hold?: number
}

// BullMQ's scores overflow in 2039. A delay that is cut ends early, and whoever is woken early is put off anew.
const longest = 30 * 24 * 3600 * 1000
const most = 1000
// How long the end waits for Redis, once no handler is under way.
const grace = 2000

interface Adding {
  readonly queue: Queue
  close(): void
}

interface Working {
  readonly worker: Worker
  close(): void
}

/**
 * Wakes by delayed jobs of BullMQ (6 or later). A process that never starts it only schedules. A job's delay is counted by the clocks of the processes;
 * one that comes early by this process's clock is put off.
 */
export function bullmq(options: BullmqOptions): Scheduler {
  checkNames('bullmq', options, ['connection', 'queue', 'prefix', 'concurrency', 'redeliverAfter', 'clock'])
  checkBullmqOptions(options)
  const { connection, queue: name = 'wake-ups', prefix = '{omnicascade}', concurrency = 100, clock = systemClock } = options
  const lockDuration = millisecondsOf(options.redeliverAfter ?? '60s')!
  const outstanding = createOutstanding()
  const adding = new Set<Promise<unknown>>()
  const waking = new Set<Promise<unknown>>()
  let queue: Adding | undefined
  let working: Working | undefined
  let stopped = false
  let report: (error: unknown) => void = () => {}

  // Without a listener the loss of a connection would end the process.
  const { failed: hear, ready } = createConnectionReport((error) => report(error))

  function add(jobs: readonly WakeUpJob[]): Promise<void> {
    return during(adding, addJobs(jobs))
  }

  async function addJobs(jobs: readonly WakeUpJob[]): Promise<void> {
    try {
      const open = openQueue()
      for (let from = 0; from < jobs.length; from += most) {
        const some = jobs.slice(from, from + most)
        await open.addBulk(some.map((data) => ({ name: 'wake', data, opts: optionsOf(data, clock.now()) })))
      }
    } catch (error) {
      throw failureOf(error)
    } finally {
      // What comes after the end is still scheduled, but leaves no connection behind.
      if (stopped && adding.size === 1) await closeQueue()
    }
  }

  function openQueue(): Queue {
    if (queue === undefined) {
      const { client, close } = addingConnection(connection)
      queue = { queue: new Queue(name, { connection: client, prefix }).on('error', hear), close }
    }
    return queue.queue
  }

  async function closeQueue(): Promise<void> {
    const open = queue
    queue = undefined
    await open?.queue.close()
    open?.close()
  }

  async function schedule(wakeUps: readonly WakeUp[]): Promise<void> {
    const now = clock.now()
    const scheduled = outstanding
      .missing(wakeUps, now)
      .map(({ id, time }) => ({ id, time: Math.min(time, now + longest), lease: false }))
    if (scheduled.length === 0) return
    await add(scheduled.map(({ id, time }) => ({ id, time })))
    outstanding.remember(scheduled, clock.now())
  }

  async function wake({ id, time, hold = 0 }: WakeUpJob, onWake: (id: string) => Promise<void>): Promise<void> {
    const early = time - clock.now()
    // A process whose clock is ahead let it out. Twice the wait each time, lest the two spin on it.
    if (early > 0) return add([{ id, time, hold: 2 * Math.max(hold, early) }])
    outstanding.forget(id)
    await onWake(id)
  }

  /** Redis may never answer again. */
  async function withinGrace(work: Promise<unknown>): Promise<void> {
    let disarm = () => {}
    const passed = new Promise<void>((resolve) => {
      disarm = clock.setTimer(grace, resolve)
    })
    await Promise.race([work, passed])
    disarm()
  }

  return {
    wakeAt: perTurn(schedule),
    start(onWake, onError) {
      stopped = false
      report = onError
      ready()
      const { client, close } = workingConnection(connection, ready)
      const worker = new Worker<WakeUpJob>(name, ({ data }) => during(waking, wake(data, onWake)), {
        connection: client,
        prefix,
        concurrency,
        lockDuration,
        stalledInterval: lockDuration / 2,
        // A wake-up is not to blame for the processes that died with it.
        maxStalledCount: 1000,
      }).on('error', hear)
      working = { worker, close }
    },
    async stop() {
      const { worker, close } = working ?? {}
      working = undefined
      const closing = worker?.close()
      await Promise.race([closing, allOf(waking)])
      await withinGrace(Promise.all([closing, allOf(adding)]))
      close?.()
      await closing
      stopped = true
      await closeQueue()
      report = () => {}
    },
  }
}

function during<T>(all: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  const ended = () => all.delete(work)
  all.add(work)
  work.then(ended, ended)
  return work
}

async function allOf(all: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (all.size > 0) await Promise.allSettled(all)
}

function optionsOf({ id, time, hold = 0 }: WakeUpJob, now: number): BulkJobOptions {
  const delay = Math.max(0, time + hold - now)
  return {
    timestamp: now,
    delay,
    removeOnComplete: true,
    removeOnFail: true,
    // `onWake` never rejects: what fails is the putting off of one that came early, and it must not be lost for that.
    attempts: 20,
    backoff: { type: 'fixed', delay: 1000 },
    // The same wake-up is kept once. One that may be under way right now is not: it would be taken for that, and lost.
    ...(hold === 0 && delay > clockSkew && { jobId: `${time}.${id.replaceAll('%', '%25').replaceAll(':', '%3A')}` }),
  }
}

function checkBullmqOptions(options: BullmqOptions): void {
  const { connection, queue, prefix, concurrency, redeliverAfter = '60s', clock = systemClock } = options
  const lockDuration = millisecondsOf(redeliverAfter) ?? 0
  const isCount = concurrency === undefined || (Number.isInteger(concurrency) && concurrency >= 1)
  checkOptions('bullmq', [
    [
      'connection',
      connection,
      typeof connection === 'object' && connection !== null,
      'be an ioredis client or options of a connection',
    ],
    [
      'connection',
      connection,
      !hasKeyPrefix(connection),
      'be without keyPrefix, which BullMQ does not take: set `prefix` instead',
    ],
    ['queue', queue, queue === undefined || isText(queue, /^[^:]+$/), 'be a text without a colon'],
    ['prefix', prefix, prefix === undefined || isText(prefix), 'be a text'],
    ['concurrency', concurrency, isCount, 'be a whole number from 1'],
    ['redeliverAfter', redeliverAfter, lockDuration >= 1000, 'be a duration of at least 1 s'],
    clockRule(clock),
  ])
}
