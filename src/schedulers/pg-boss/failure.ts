import { StoreError, type StoreFault } from '../../contract/store-error.ts'
import { fieldsOf } from '../../wire/json.ts'
import { isText } from '../../wire/options.ts'

const faults: readonly (readonly [codes: RegExp, fault: StoreFault, meaning: string])[] = [
  [
    /^(08...|57P..|53300|E[A-Z]+|)$/,
    'unavailable',
    'the database cannot be reached, the connection was lost, or pg-boss is stopped',
  ],
  [/^(40...|55P03)$/, 'conflict', 'the database would not serialise the transaction'],
  [/^(53100|53200)$/, 'full', 'the database has no room left'],
  [/^25006$/, 'readonly', 'the database may only be read'],
  [/^(42P01|42883|3F000|PGBOSS_QUEUE_NOT_FOUND)$/, 'schema', 'tables or queue are missing: start pg-boss before the notifier'],
]

/** What pg-boss threw, as an error that repeats none of its words: they may quote a row or an address. */
export function failureOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const given = fieldsOf(error).code
  const code = isText(given, /^\w{1,40}$/) ? given : ''
  const [, fault, meaning] = faults.find(([codes]) => codes.test(code)) ?? ['', 'refused' as const, 'it refused: is it started?']
  return new StoreError('pg-boss', fault, code ? `${meaning} (${code})` : meaning, code || undefined)
}
