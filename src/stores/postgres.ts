import { randomBytes } from 'node:crypto'
import { durationForm, millisecondsOf } from '../contract/duration.ts'
import type { NotificationStore, Scheduler } from '../contract/store.ts'
import { StoreError } from '../contract/store-error.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { checkOptions, clockRule } from '../wire/options.ts'
import { createAnnouncer } from './postgres/announce.ts'
import { createKnownKeys } from './postgres/known-keys.ts'
import { createListener } from './postgres/listen.ts'
import { checkVersion, versionStatement } from './postgres/migrate.ts'
import { checkPlace, namesOf, type PostgresPlace } from './postgres/names.ts'
import { createParked } from './postgres/parked.ts'
import type { PostgresPool, Query, Row } from './postgres/pool.ts'
import { createPrune } from './postgres/prune.ts'
import { createReader } from './postgres/reader.ts'
import { retrying } from './postgres/retry.ts'
import { createWriter } from './postgres/writer.ts'

export { migrate, migrationSql, type PostgresMigrateOptions } from './postgres/migrate.ts'
export type { PostgresPlace, PostgresTables } from './postgres/names.ts'
export type { PostgresClient, PostgresPool } from './postgres/pool.ts'

/** Options of `postgres`. */
export interface PostgresOptions extends PostgresPlace {
  /** The app's own pool of `pg`. It stays the app's: end it after the notifier is closed. */
  readonly pool: PostgresPool
  /**
   * Announce changes with NOTIFY and hear those of other processes on one connection that is kept. Default true. Through PgBouncer in
   * transaction mode nothing is heard: set it to false there.
   */
  readonly notify?: boolean
  /** How long a lost connection is tried again before a call fails. Default 5 seconds. */
  readonly retryFor?: Duration
  readonly clock?: Clock
}

/**
 * Keeps notifications in PostgreSQL (13 and later), shared by any number of processes. Run `migrate` first. What is written is as durable as
 * the database's `synchronous_commit` makes it.
 */
export function postgres(options: PostgresOptions): NotificationStore {
  const { pool, notify = true, retryFor = 5000, clock = systemClock } = options
  const patience = millisecondsOf(retryFor) ?? 0
  checkOptions('postgres', [
    ['pool', pool, typeof pool?.query === 'function' && typeof pool.connect === 'function', 'be a Pool of pg'],
    ['retryFor', retryFor, millisecondsOf(retryFor) !== undefined, `be a duration; what was given ${durationForm}`],
    ['notify', notify, typeof notify === 'boolean', 'be true or false'],
    clockRule(clock),
  ])
  checkPlace('postgres', options, ['pool', 'notify', 'retryFor', 'clock'])
  const names = namesOf(options)
  const token = randomBytes(6).toString('base64url')
  const underWay = new Set<Promise<unknown>>()
  let scheduler: Scheduler | undefined
  let isReadCommitted = false
  let checked: Promise<void> | undefined
  let isClosed = false

  const query: Query = async (text, values) => (await pool.query(text, [...values])).rows as Row[]
  const retry = { clock, patience }
  const again: Query = (text, values) => retrying(retry, false, () => query(text, values))
  const known = createKnownKeys()
  const announcer = createAnnouncer(names, query, clock, token)
  const listener = createListener(pool, names, clock, token)
  const reader = createReader({ names, query: again, known })
  const parked = createParked(names, again)
  const forget = createPrune(names, again)
  const writer = createWriter({
    ...retry,
    pool,
    names,
    query,
    known,
    token,
    isReadCommitted: () => isReadCommitted,
    enlisted: () => scheduler,
    onWritten: (id) => notify && announcer.add(id),
  })

  async function check(): Promise<void> {
    const [row] = await again(versionStatement(names), [])
    checkVersion(names, row?.version)
    isReadCommitted = row?.isolation === 'read committed'
  }

  async function ready(): Promise<void> {
    checked ??= check()
    try {
      await checked
    } catch (error) {
      checked = undefined
      throw error
    }
  }

  function whenReady<A extends unknown[], R>(run: (...given: A) => R | Promise<R>): (...given: A) => Promise<R> {
    return (...given) => {
      if (isClosed) return Promise.reject(new StoreError('postgres', 'refused', 'the store was closed'))
      const work = ready().then(() => run(...given))
      const ended = () => underWay.delete(work)
      underWay.add(work)
      work.then(ended, ended)
      return work
    }
  }

  // A pool of one connection has none to keep for listening.
  const hears = notify && pool.options?.max !== 1
  return {
    shared: true,
    insert: whenReady(writer.insert),
    update: whenReady(writer.update),
    get: whenReady(reader.get),
    findByKey: whenReady(reader.findByKey),
    due: whenReady(reader.due),
    nextDueAt: whenReady(reader.nextDueAt),
    parkReceipt: whenReady(parked.parkReceipt),
    findParked: whenReady(parked.findParked),
    dropParked: whenReady(parked.dropParked),
    prune: whenReady(forget),
    ...(hears && { watch: whenReady(listener.watch) }),
    enlist(enlisted) {
      if (enlisted.wakeWithin === undefined) return false
      scheduler = enlisted
      return true
    },
    async close() {
      isClosed = true
      await listener.end()
      await Promise.allSettled(underWay)
      if (notify) await announcer.end()
    },
  }
}
