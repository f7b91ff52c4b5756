import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../contract/store-error.ts'
import { isFault, storeErrorOf } from './errors.ts'
import { checkSchema, migrate, type Schema } from './schema.ts'

// How long one try waits inside SQLite, which holds up the whole process, in milliseconds; between tries the process goes on.
const busyTimeout = 5
const openingPause = 20

// In pages of 4 KB. The random keys of many records share few pages: the rarer a checkpoint, the more of them it writes once instead of often;
// but it holds up the event loop, for some tens of milliseconds.
const checkpointAfter = 8000
// In bytes: a log that a slow reader let grow is cut to this once it can begin anew.
const mostLog = 64 * 1024 * 1024
// In KB where negative: a whole transaction, so that it is not written before its time.
const cacheSize = -16_000

/** A connection, and the statements that were prepared on it. */
export interface Opened<T> {
  readonly db: DatabaseSync
  readonly statements: T
}

/** Opens the file, waiting up to `lockTimeout` milliseconds for a process that holds it, and brings its schema up to date. */
export function openDatabase<T>(
  path: string,
  synchronous: 'full' | 'normal',
  lockTimeout: number,
  schema: Schema,
  prepare: (db: DatabaseSync) => T,
): Opened<T> {
  const { DatabaseSync } = loadSqlite()
  const deadline = performance.now() + lockTimeout
  for (;;) {
    let db: DatabaseSync | undefined
    try {
      db = new DatabaseSync(path)
      setUp(db, path, synchronous, schema)
      return { db, statements: prepared(db, prepare) }
    } catch (error) {
      db?.close()
      const known = storeErrorOf(error)
      if (!isFault(known, 'locked') || performance.now() >= deadline) throw known
      // Several processes that begin at once get in each other's way for a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, openingPause)
    }
  }
}

function setUp(db: DatabaseSync, path: string, synchronous: 'full' | 'normal', schema: Schema): void {
  db.exec(`pragma busy_timeout = ${busyTimeout}`)
  checkSchema(db, schema)
  const mode = db.prepare('pragma journal_mode = wal').get()?.journal_mode
  if (mode !== 'wal' && path !== ':memory:')
    throw new StoreError('sqlite', 'refused', 'there can be no write-ahead log beside the file: put it on a local disk')
  // Without `fullfsync`, macOS calls written what its disk has only heard of. Damage is to be seen where it is read.
  db.exec(`pragma synchronous = ${synchronous}; pragma fullfsync = ${synchronous === 'full'}; pragma cell_size_check = on`)
  db.exec(
    `pragma wal_autocheckpoint = ${checkpointAfter}; pragma cache_size = ${cacheSize}; pragma journal_size_limit = ${mostLog}`,
  )
  migrate(db, schema)
}

function prepared<T>(db: DatabaseSync, prepare: (db: DatabaseSync) => T): T {
  try {
    return prepare(db)
  } catch (error) {
    const known = storeErrorOf(error)
    if (!isFault(known, 'refused')) throw known
    const words = 'its tables are not those of its version: restore a backup, or give the store another file'
    throw new StoreError('sqlite', 'schema', words, 'SQLITE_ERROR')
  }
}

function loadSqlite(): typeof import('node:sqlite') {
  const loaded = withoutWarning(() => builtin())
  if (loaded === undefined) throw new StoreError('sqlite', 'refused', 'this runtime has no node:sqlite: use Node 22.13 or later')
  return loaded
}

// Not `import`: that would come before the warning can be held back, and would fail on runtimes that lack it.
function builtin(): typeof import('node:sqlite') | undefined {
  try {
    return process.getBuiltinModule('node:sqlite')
  } catch {
    return undefined
  }
}

/** Some versions of Node warn that `node:sqlite` is experimental when it loads; every other warning goes its way. */
function withoutWarning<T>(load: () => T): T {
  const { emitWarning } = process
  process.emitWarning = ((...given: Parameters<typeof emitWarning>) => {
    if (!/SQLite is an experimental feature/.test(String(given[0]))) Reflect.apply(emitWarning, process, given)
  }) as typeof emitWarning
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}
