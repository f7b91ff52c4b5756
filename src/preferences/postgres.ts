import { StoreError } from '../contract/store-error.ts'
import { checkPlace, namesOf } from '../stores/postgres/names.ts'
import type { PostgresPool, Row } from '../stores/postgres/pool.ts'
import { retrying } from '../stores/postgres/retry.ts'
import { inTransaction } from '../stores/postgres/transaction.ts'
import { systemClock } from '../wire/clock.ts'
import { checkOptions } from '../wire/options.ts'
import type { PreferenceStore } from './interfaces.ts'
import { sqlPreferences, type Transaction, tablesOf } from './sql.ts'

/** Options of `postgresPreferences` and `migratePreferences`. */
export interface PostgresPreferencesOptions {
  /** The app's own pool of `pg`. It stays the app's. */
  readonly pool: PostgresPool
  /** Default `omnicascade`. */
  readonly schema?: string
}

// Each of these writes comes to the same when it is repeated, so that one whose connection was lost is.
const patience = { clock: systemClock, patience: 5000 }

/** Makes the tables of `postgresPreferences`, and their schema, where they are missing. Harmless when it is run again, and by several processes at once. */
export async function migratePreferences(options: PostgresPreferencesOptions): Promise<void> {
  const { pool, schema } = settled('migratePreferences', options)
  const statements = tablesOf(`${schema}.`, 'bigint generated always as identity primary key')
  await failing(() =>
    inTransaction(pool, async ({ query }) => {
      await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`omnicascade preferences ${schema}`])
      const { rows } = await query('select to_regnamespace($1)::text as schema', [schema])
      if (!(rows[0] as Row).schema) await query(`create schema if not exists ${schema}`)
      for (const statement of statements) await query(statement)
    }),
  )
}

/** Preferences, caps and digests in PostgreSQL (13 and later), shared by any number of processes. Run `migratePreferences` first. */
export function postgresPreferences(options: PostgresPreferencesOptions): PreferenceStore {
  const { pool, schema } = settled('postgresPreferences', options)

  return sqlPreferences({
    prefix: `${schema}.`,
    lock: (key) => [['select pg_advisory_xact_lock(hashtextextended($1, 0))', `${schema} ${key}`]],
    skipLocked: 'for update skip locked',
    run: (transaction) => failing(() => inTransaction(pool, ({ query }) => complete(transaction(), query))),
    query: ([text, ...values]) => failing(async () => (await pool.query(text, values)).rows as Row[]),
    async close() {},
  })
}

async function complete<T>(
  transaction: Transaction<T>,
  query: (text: string, values: readonly unknown[]) => Promise<{ readonly rows: unknown[] }>,
): Promise<T> {
  for (let next = transaction.next([]); ; ) {
    if (next.done) return next.value
    const [text, ...values] = next.value
    const { rows } = await query(text, values)
    next = transaction.next(rows as Row[])
  }
}

async function failing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await retrying(patience, false, run)
  } catch (error) {
    if (!(error instanceof StoreError) || error.fault !== 'schema') throw error
    const words = 'the tables of preferences are missing: run migratePreferences() with the same schema'
    throw new StoreError('postgres', 'schema', words, error.engineCode)
  }
}

function settled(subject: string, options: PostgresPreferencesOptions): { readonly pool: PostgresPool; readonly schema: string } {
  const { pool, ...place } = options ?? {}
  const isPool = typeof pool?.query === 'function' && typeof pool.connect === 'function'
  checkOptions(subject, [['pool', pool, isPool, 'be a Pool of pg']])
  checkPlace(subject, place)
  return { pool, schema: namesOf(place).schema }
}
