import { millisecondsOf } from '../contract/duration.ts'
import type { Scheduler, SqlTransaction } from '../contract/store.ts'
import { StoreError } from '../contract/store-error.ts'
import type { Clock, Duration } from '../contract/time.ts'
import type { WakeUp } from '../contract/wake-up.ts'
import { systemClock } from '../wire/clock.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import { createOutstanding } from '../wire/outstanding.ts'
import { perTurn } from '../wire/per-turn.ts'
import { failureOf } from './pg-boss/failure.ts'

/** A job as the scheduler inserts it. */
export interface BossJob {
  readonly data: { readonly id: string }
  /** Seconds from now, by the database's clock. */
  readonly startAfter: number
}

/** What the scheduler needs of a `PgBoss` (12.19 or later). */
export interface Boss {
  createQueue(name: string, options: object): Promise<unknown>
  getQueue(name: string): Promise<unknown>
  updateQueue(name: string, options: object): Promise<unknown>
  insert(
    name: string,
    jobs: BossJob[],
    options?: { db: { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> } },
  ): Promise<unknown>
  work(name: string, options: object, handler: (jobs: { data: { readonly id: string } }[]) => Promise<void>): Promise<string>
  offWork(name: string, options: { id: string; wait: true }): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: 'error', listener: (error: unknown) => void): unknown
}

/** Options of `pgBoss`. */
export interface PgBossOptions {
  /** The app's own, started. It listens to its `error` event, starts it first and stops it last. */
  readonly boss: Boss
  /** Default `omnicascade`. Created if there is none. */
  readonly queue?: string
  /** How many wake-ups are fetched at a time. Default 100. */
  readonly batchSize?: number
  /** How many batches are under way at a time in this process. Default 2. */
  readonly concurrency?: number
  /** How often the queue is looked at: how late a wake-up may be. Default 500 ms, the shortest that pg-boss allows. */
  readonly pollEvery?: Duration
  /**
   * Has what is due at once looked at at once, not when it is polled for: for apps whose one process sends what another one accepts. The boss
   * must be made with `useListenNotify`, and each commit that notifies waits for the one before. Default false.
   */
  readonly notify?: boolean
  /** A wake-up whose process has not ended it by then is given to another, the next time that boss supervises. Default 60 s, at least 1 s. */
  readonly redeliverAfter?: Duration
  /** By default the machine's. */
  readonly clock?: Clock
}

const day = 24 * 3_600_000
// A delay that is cut ends early, and whoever is woken early is put off anew.
const longest = 365 * day
const retryDelay = 2000
// Broken foreign key, missing table.
const missingQueue = /^(23503|42P01)$/

const droppingQueue =
  'the queue has a policy by which pg-boss drops jobs, and with them wake-ups: give another name as `queue`, or delete the queue, and it is made anew'

interface Start {
  readonly onWake: (id: string) => Promise<void>
  readonly report: (error: unknown) => void
  end(): unknown
}

/**
 * Wakes by jobs of pg-boss, in the transaction that writes the record where the store is in the same database. Delays are counted by the database's
 * clock. A process that never starts it only schedules. Finished jobs are of no use and are deleted by the boss's own maintenance after a minute
 * (`maintenanceIntervalSeconds` is a day unless it is set).
 */
export function pgBoss(options: PgBossOptions): Scheduler {
  checkNames('pgBoss', options, ['boss', 'queue', 'batchSize', 'concurrency', 'pollEvery', 'notify', 'redeliverAfter', 'clock'])
  checkPgBossOptions(options)
  const { boss, queue = 'omnicascade', batchSize = 100, concurrency = 2, notify = false, clock = systemClock } = options
  const pollingIntervalSeconds = millisecondsOf(options.pollEvery ?? 500)! / 1000
  const expireInSeconds = Math.ceil(millisecondsOf(options.redeliverAfter ?? '60s')! / 1000)
  const outstanding = createOutstanding()
  let ready: Promise<void> | undefined
  let isReady = false
  let started: Start | undefined
  let working: Promise<string | undefined> | undefined
  let disarm = () => {}

  async function prepareQueue(): Promise<void> {
    const settings = { expireInSeconds, retryLimit: 20, deleteAfterSeconds: 60, notify }
    try {
      // Any number of wake-ups may wait for their time: that is no backlog to warn of.
      await boss.createQueue(queue, { ...settings, warningQueueSize: 2 ** 31 - 1 })
      const { policy = 'standard' } = fieldsOf(await boss.getQueue(queue))
      if (policy !== 'standard') throw new StoreError('pg-boss', 'refused', droppingQueue)
      await boss.updateQueue(queue, settings)
      // Has the boss look the queue up now: within a transaction it would ask for another connection.
      await boss.insert(queue, [])
      isReady = true
    } catch (error) {
      prepareAnew()
      throw failureOf(error)
    }
  }

  function prepareAnew(): void {
    ready = undefined
    isReady = false
  }

  const queueReady = () => {
    ready ??= prepareQueue()
    return ready
  }

  const missing = (wakeUps: readonly WakeUp[]) => {
    const now = clock.now()
    return outstanding.missing(wakeUps, now).map((wakeUp) => ({ ...wakeUp, time: Math.min(wakeUp.time, now + longest) }))
  }

  const jobsOf = (wakeUps: readonly WakeUp[]): BossJob[] => {
    const now = clock.now()
    return wakeUps.map(({ id, time }) => ({ data: { id }, startAfter: Math.max(0, time - now) / 1000 }))
  }

  const remember = (wakeUps: readonly WakeUp[]) => outstanding.remember(wakeUps, clock.now())

  async function schedule(wakeUps: readonly WakeUp[]): Promise<void> {
    const scheduled = missing(wakeUps)
    if (scheduled.length === 0) return
    await queueReady()
    try {
      await boss.insert(queue, jobsOf(scheduled))
    } catch (error) {
      // The queue may have been deleted: the next one to be scheduled creates it anew.
      prepareAnew()
      throw failureOf(error)
    }
    remember(scheduled)
  }

  async function scheduleWithin(transaction: SqlTransaction, wakeUps: readonly WakeUp[]): Promise<() => void> {
    const scheduled = missing(wakeUps)
    if (scheduled.length === 0) return () => {}
    // Another transaction has found the queue gone since this one began.
    if (!isReady) throw beingPrepared()
    let hasAsked = false
    let isOver = false
    let refusal: { readonly error: unknown } | undefined
    const executeSql = async (text: string, values?: unknown[]) => {
      if (isOver) throw beingPrepared()
      hasAsked = true
      try {
        return await transaction.query(text, values)
      } catch (error) {
        refusal = { error }
        throw error
      }
    }
    try {
      const inserting = boss.insert(queue, jobsOf(scheduled), { db: { executeSql } })
      await Promise.race([inserting, new Promise((resolve) => setImmediate(resolve))])
      // A boss that does not ask the transaction at once looks the queue up on a connection of its own, which may be the one that this has.
      if (!hasAsked) {
        isOver = true
        inserting.catch(() => {})
        throw beingPrepared()
      }
      await inserting
    } catch (error) {
      if (refusal === undefined || missingQueue.test(String(fieldsOf(refusal.error).code))) prepareAnew()
      if (isOver) throw error
      // What the transaction refused is for the store to judge: it may have to be repeated as a whole.
      throw refusal === undefined ? failureOf(error) : refusal.error
    }
    return () => remember(scheduled)
  }

  async function work(onWake: (id: string) => Promise<void>): Promise<string> {
    await queueReady()
    const polling = { pollingIntervalSeconds, notifyPollingIntervalSeconds: pollingIntervalSeconds, burstWhenBatchFull: true }
    return boss.work(queue, { ...polling, batchSize, localConcurrency: concurrency }, async (jobs) => {
      for (const { data } of jobs) outstanding.forget(data.id)
      await Promise.all(jobs.map(({ data }) => onWake(data.id)))
    })
  }

  /** A database that is not there yet, or not any more, keeps nobody from waking once it is. */
  async function begin(start: Start): Promise<void> {
    if (started !== start) return
    working = work(start.onWake).catch((error) => {
      start.report(error)
      disarm = clock.setTimer(retryDelay, () => void begin(start))
      return undefined
    })
    await working
  }

  return {
    wakeAt: perTurn(schedule),
    ready: queueReady,
    wakeWithin: scheduleWithin,
    async start(onWake, onError) {
      const report = (error: unknown) => onError(failureOf(error))
      const hear = (error: unknown) => {
        const { queue: source } = fieldsOf(error)
        if (source === undefined || source === queue) report(error)
      }
      boss.on('error', hear)
      started = { onWake, report, end: () => boss.off('error', hear) }
      await begin(started)
    },
    async stop() {
      const { end } = started ?? {}
      started = undefined
      const id = await working
      working = undefined
      disarm()
      if (id !== undefined) await boss.offWork(queue, { id, wait: true })
      end?.()
    },
  }
}

function checkPgBossOptions(options: PgBossOptions): void {
  const { boss, queue, batchSize, concurrency, pollEvery = 500, redeliverAfter = '60s', clock = systemClock } = options
  const isCount = (value: unknown) => value === undefined || (Number.isInteger(value) && Number(value) >= 1)
  checkOptions('pgBoss', [
    ['boss', boss, typeof fieldsOf(boss).insert === 'function', 'be a started PgBoss'],
    ['queue', queue, queue === undefined || isText(queue, /^[\w.\-/]+$/), 'be letters, digits, and _ . - /'],
    ['batchSize', batchSize, isCount(batchSize), 'be a whole number from 1'],
    ['concurrency', concurrency, isCount(concurrency), 'be a whole number from 1'],
    ['pollEvery', pollEvery, (millisecondsOf(pollEvery) ?? 0) >= 500, 'be a duration of at least 500 ms'],
    ['redeliverAfter', redeliverAfter, inRange(millisecondsOf(redeliverAfter), 1000, day), 'be a duration from 1 s to 24 h'],
    clockRule(clock),
  ])
}

/** To wait within a transaction could take the connection that the wait needs: a store takes this for a failed serialisation, and begins anew. */
function beingPrepared(): Error {
  return Object.assign(new Error('the queue is being prepared anew'), { code: '40001' })
}

function inRange(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most
}
