import { millisecondsOf } from '../contract/duration.ts'
import type { NotificationStore } from '../contract/store.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import { closedError } from './sqlite/errors.ts'
import { createGroupCommit } from './sqlite/group-commit.ts'
import { createGroupRead } from './sqlite/group-read.ts'
import { openDatabase } from './sqlite/open.ts'
import { createParked } from './sqlite/parked.ts'
import { createRecords } from './sqlite/records.ts'
import { notificationsSchema } from './sqlite/schema.ts'
import { createWatchers } from './sqlite/watch.ts'

// A transaction holds up the event loop, and other processes: what is to be forgotten is parted among several.
const mostForgotten = 500

/** Options of `sqlite`. */
export interface SqliteOptions {
  /** The store's own file, on a local disk; it is made if it is not there. SQLite keeps two more beside it, `-wal` and `-shm`. */
  readonly path: string
  /**
   * `full` (default): what is stored survives a power cut. `normal`: a power cut may lose the last moments, so that something is sent
   * again; a crash of the process loses nothing. It saves a wait for the disk per transaction.
   */
  readonly synchronous?: 'full' | 'normal'
  /** How long a call waits while another process holds the file; opening it waits as long, and holds up the process. Default 5 seconds. */
  readonly lockTimeout?: Duration
  /** How often a watcher looks for what other processes have written. Default 250 milliseconds. */
  readonly pollEvery?: Duration
  readonly clock?: Clock
}

/**
 * A store in one SQLite file, through `node:sqlite` (Node 22.13 or later): nothing to install, nothing to run. Concurrent writers share a
 * transaction; several processes of one machine may share the file. Opens it at once, and throws a `StoreError` if it cannot.
 */
export function sqlite(given: string | SqliteOptions, ...more: readonly never[]): NotificationStore {
  checkOptions('sqlite', [['options', more, more.length === 0, 'stand in the first argument, path among them']])
  const { path, synchronous, lockTimeout, pollEvery, clock } = settled(given)
  const { db, statements } = openDatabase(path, synchronous, lockTimeout, notificationsSchema, (db) => ({
    records: createRecords(db),
    parked: createParked(db),
  }))
  const { records, parked } = statements
  const watchers = createWatchers(db, clock, pollEvery)
  const { write, close } = createGroupCommit({ db, clock, lockTimeout })
  const { read, close: endReads } = createGroupRead({ db, clock, lockTimeout })
  let closing: Promise<void> | undefined

  return {
    shared: true,
    insert(record) {
      const text = JSON.stringify(record)
      return write(() => records.insert(record, text), text.length)
    },
    update(record, expectedVersion) {
      const text = JSON.stringify(record)
      return write(() => records.update(record, text, expectedVersion), text.length)
    },
    get: (id) => read(() => records.get(id)),
    findByKey: (provider, key, limit) => read(() => records.findByKey(provider, key, limit)),
    parkReceipt(receipt, now, expiresAt) {
      const text = JSON.stringify(receipt)
      return write(() => parked.park(receipt, text, now, expiresAt), text.length)
    },
    findParked: (provider, keys, now) => read(() => parked.find(provider, keys, now)),
    dropParked(receipt) {
      const text = JSON.stringify(receipt)
      return write(() => parked.drop(receipt, text), text.length)
    },
    due: (now, limit) => read(() => records.due(now, limit)),
    nextDueAt: () => read(() => records.nextDueAt()),
    async prune(settledBefore, now, limit) {
      let forgotten = 0
      for (let left = limit; left > 0; left -= mostForgotten) {
        const some = Math.min(left, mostForgotten)
        const count = await write(() => Math.max(records.prune(settledBefore, some), parked.prune(now, some)), 0)
        forgotten += count
        if (count < some) break
      }
      return forgotten
    },
    async watch(onChange) {
      if (closing !== undefined) throw closedError()
      return watchers.add(onChange)
    },
    close() {
      endReads()
      closing ??= close().then(() => {
        watchers.clear()
        db.close()
      })
      return closing
    },
  }
}

function settled(given: string | SqliteOptions) {
  const options: Partial<SqliteOptions> = typeof given === 'string' ? { path: given } : (given ?? {})
  checkNames('sqlite', options, ['path', 'synchronous', 'lockTimeout', 'pollEvery', 'clock'])
  const { path = '', synchronous = 'full', lockTimeout = '5s', pollEvery = '250ms', clock = systemClock } = options
  const most = millisecondsOf(lockTimeout)
  const every = millisecondsOf(pollEvery)
  checkOptions('sqlite', [
    ['path', path, isText(path), 'be the path of a file'],
    ['synchronous', synchronous, synchronous === 'full' || synchronous === 'normal', "be 'full' or 'normal'"],
    ['lockTimeout', lockTimeout, most !== undefined, durationMust],
    ['pollEvery', pollEvery, every !== undefined && every >= 1, `${durationMust}, at least 1ms`],
    clockRule(clock),
  ])
  return { path, synchronous, lockTimeout: most ?? 0, pollEvery: every ?? 0, clock }
}

const durationMust = "be a duration: milliseconds, or '90s', '2m'"
