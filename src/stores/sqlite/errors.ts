import { isOmnicascadeError, type OmnicascadeError } from '../../contract/errors.ts'
import { StoreError, type StoreFault } from '../../contract/store-error.ts'

type Meaning = readonly [name: string, fault: StoreFault, words: string]

const full = 'there is no room left on its disk: make room'
const locked = 'another process held the file for longer than lockTimeout: let it finish, or raise lockTimeout'
const readonly = 'the file may not be written to: let this process write to the file and to its directory'
const corrupt =
  'the file is damaged, or no SQLite database: stop all who use it, and restore a backup or repair it with ".recover" of the sqlite3 shell'

// By primary result code (https://sqlite.org/rescode.html); the rest are named by their number.
const meanings: Readonly<Record<number, Meaning>> = {
  1: ['SQLITE_ERROR', 'refused', 'SQLite refused a statement: have the tables been changed by hand?'],
  3: ['SQLITE_PERM', 'readonly', readonly],
  5: ['SQLITE_BUSY', 'locked', locked],
  6: ['SQLITE_LOCKED', 'locked', locked],
  7: ['SQLITE_NOMEM', 'full', 'there is no memory left: give the process more'],
  8: ['SQLITE_READONLY', 'readonly', readonly],
  10: ['SQLITE_IOERR', 'unavailable', 'the disk failed: see to it, then try again'],
  11: ['SQLITE_CORRUPT', 'corrupt', corrupt],
  13: ['SQLITE_FULL', 'full', full],
  14: [
    'SQLITE_CANTOPEN',
    'unavailable',
    'the file cannot be opened: does its directory exist, and may this process write there?',
  ],
  15: ['SQLITE_PROTOCOL', 'locked', locked],
  18: ['SQLITE_TOOBIG', 'refused', 'the record is larger than SQLite allows: send less content'],
  19: ['SQLITE_CONSTRAINT', 'refused', 'a value is not what its column holds: is the record a NotificationRecord?'],
  26: ['SQLITE_NOTADB', 'corrupt', corrupt],
}

/** What SQLite threw, as a typed error. Its own words are left out: they may quote what was to be stored. */
export function storeErrorOf(error: unknown): OmnicascadeError {
  if (isOmnicascadeError(error)) return error
  const { errcode, code } = codesOf(error)
  if (errcode === undefined) return new StoreError('sqlite', 'refused', 'node:sqlite refused a call', code)
  const [name, fault, words] = meanings[errcode & 0xff] ?? [`SQLITE_${errcode & 0xff}`, 'refused', 'SQLite refused it']
  const extended = errcode > 0xff ? ` (extended code ${errcode})` : ''
  return new StoreError('sqlite', fault, words + extended, name)
}

/** What became of a write whose COMMIT failed. After a disk's failure nobody can know whether it got there. */
export function commitErrorOf(error: unknown): OmnicascadeError {
  const known = storeErrorOf(error)
  if (!(known instanceof StoreError) || known.fault !== 'unavailable') return known
  const words =
    'the disk failed while it was written: whether it is stored is not known, and to repeat it with the same idempotencyKey is safe'
  return new StoreError('sqlite', 'unavailable', words, known.engineCode)
}

/** Whether an error is a `StoreError` of this fault. */
export function isFault(error: unknown, ...faults: readonly StoreFault[]): boolean {
  return error instanceof StoreError && faults.includes(error.fault)
}

/** The store's text cannot be read as what it should be. */
export function damaged(what: string): StoreError {
  return new StoreError('sqlite', 'corrupt', `${what} is damaged in the file: restore it from a backup`)
}

/** A call came after `close()`. */
export function closedError(): StoreError {
  return new StoreError('sqlite', 'refused', 'the store is closed: make another one with sqlite()')
}

function codesOf(error: unknown): { readonly errcode: number | undefined; readonly code: string | undefined } {
  if (typeof error !== 'object' || error === null) return { errcode: undefined, code: undefined }
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown }
  return { errcode: typeof errcode === 'number' ? errcode : undefined, code: typeof code === 'string' ? code : undefined }
}
