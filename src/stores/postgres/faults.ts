import { StoreError, type StoreFault } from '../../contract/store-error.ts'
import { fieldsOf } from '../../wire/json.ts'

/** What went wrong, as far as it matters here. */
export interface Fault {
  readonly fault: StoreFault
  readonly code: string | undefined
  /** The connection was lost after the statement may have reached the server. */
  readonly ambiguous: boolean
  /** The app has ended its pool: there is nothing to wait for. */
  readonly ended: boolean
}

const bySqlState: readonly (readonly [RegExp, StoreFault])[] = [
  [/^(08...|57P..|25P03|53300)$/, 'unavailable'],
  [/^(40001|40P01)$/, 'conflict'],
  [/^(53100|53200)$/, 'full'],
  [/^25006$/, 'readonly'],
  [/^(42P01|3F000|42703)$/, 'schema'],
  [/^(XX001|XX002)$/, 'corrupt'],
  [/^(55P03|57014)$/, 'locked'],
]
const network = /^(E[A-Z]+_?[A-Z]*)$/
// `pg` gives these no code.
const lostWords =
  /Connection terminated|connection error and is not queryable|Query read timeout|timeout exceeded when trying|socket/i
const endedWords = /after calling end on the pool|Client was closed/i
const neverReached = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|57P03|53300|08001|08004)$/

/** Classifies what `pg` throws: an error of the server with its SQLSTATE, of the network with its code, or words alone. */
export function faultOf(error: unknown): Fault {
  const { code: given, message } = fieldsOf(error)
  const code = typeof given === 'string' && /^\w{1,32}$/.test(given) ? given : undefined
  const words = typeof message === 'string' ? message : ''
  const ended = code === undefined && endedWords.test(words)
  const known = code === undefined ? undefined : bySqlState.find(([states]) => states.test(code))?.[1]
  const isLost = code === undefined ? ended || lostWords.test(words) : network.test(code) && (code.length > 5 || code === 'EPIPE')
  const fault = known ?? (isLost ? 'unavailable' : 'refused')
  const ambiguous =
    fault === 'unavailable' && !ended && !(code !== undefined && neverReached.test(code)) && !/trying to connect/.test(words)
  return { fault, code, ambiguous, ended }
}

const words: Readonly<Record<StoreFault, string>> = {
  unavailable: 'the database could not be reached: look at its address, its load, and the network',
  locked: 'a lock or a time limit of the database ended the wait: look for long transactions, lock_timeout and statement_timeout',
  full: 'the server has no room left on its disk, or no memory: nothing was stored',
  readonly: 'the database takes no writes: is this a standby, or default_transaction_read_only set?',
  corrupt: 'what was read is damaged: restore it from a backup',
  schema: 'its tables are missing: run migrate() of omnicascade/stores/postgres with the same schema and tables',
  conflict: 'the database refused to serialise the transaction, again and again: nothing was stored, try again',
  evicting: 'records are thrown away',
  refused:
    'the database refused the statement: engineCode says why (a right that is missing, a trigger, an encoding that is not UTF8?)',
}

const maybeStored =
  'the connection was lost and could not be made again in time. Whether this was stored is not known: repeating it with the same idempotencyKey is safe'

/** The typed error for a fault. Never holds the foreign error's words, which may quote a row. */
export function storeError({ fault, code, ended }: Omit<Fault, 'ambiguous'>, wasCut = false): StoreError {
  if (/^(28...|3D000)$/.test(code ?? ''))
    return new StoreError(
      'postgres',
      fault,
      'the database does not let this process in: look at user, password and the name of the database',
      code,
    )
  if (ended) return new StoreError('postgres', fault, 'the pool was ended: close the notifier first, then its pool', code)
  return new StoreError('postgres', fault, fault === 'unavailable' && wasCut ? maybeStored : words[fault], code)
}

/** A stored JSON text that cannot be read is corrupt. */
export function parseStored<T>(text: string | null | undefined): T {
  try {
    return JSON.parse(text ?? '') as T
  } catch {
    throw storeError({ fault: 'corrupt', code: undefined, ended: false })
  }
}
