import { createHash } from 'node:crypto'
import { checkNames, checkOptions, type OptionRule } from '../../wire/options.ts'

/** What the store's tables are called. */
export interface PostgresTables {
  /** Default `notifications`. */
  readonly notifications?: string
  /** Default `attempt_keys`. */
  readonly attemptKeys?: string
  /** Default `parked_receipts`. */
  readonly parkedReceipts?: string
  /** Which migrations have run. Default `migrations`. */
  readonly migrations?: string
}

/** Where the store's tables are. */
export interface PostgresPlace {
  /** Default `omnicascade`. It is made if it is missing. */
  readonly schema?: string
  readonly tables?: PostgresTables
}

/** The names, quoted, as SQL text has them. */
export interface Names {
  readonly schema: string
  readonly notifications: string
  readonly attemptKeys: string
  readonly parkedReceipts: string
  readonly migrations: string
  /** What this set of tables is called among the migrations: a literal. */
  readonly set: string
  /** The name of an index on a table. An index is in the schema of its table. */
  index(table: keyof Required<PostgresTables>, suffix: string): string
  /** The channel on which changes are announced; not quoted. */
  readonly channel: string
}

const defaults: Required<PostgresTables> = {
  notifications: 'notifications',
  attemptKeys: 'attempt_keys',
  parkedReceipts: 'parked_receipts',
  migrations: 'migrations',
}

// Postgres cuts names at 63 bytes, and the names of the indexes are longer than their table's.
const form = /^[A-Za-z_][\w$-]{0,39}$/
const must = 'be a name of at most 40 letters, digits, "_", "-" and "$" that starts with a letter or "_"'

/** Throws a `RequestError` that names everything wrong with the place, and whatever else was given. */
export function checkPlace(subject: string, place: PostgresPlace, others: readonly string[] = []): void {
  checkNames(subject, place, [...others, 'schema', 'tables'])
  checkNames(`${subject}: tables`, place?.tables, Object.keys(defaults))
  checkOptions(subject, nameRules(place))
}

/** What `checkOptions` is to check of schema and tables. */
function nameRules({ schema, tables }: PostgresPlace): OptionRule[] {
  const isName = (name: unknown) => name === undefined || (typeof name === 'string' && form.test(name))
  const own = Object.values({ ...defaults, ...definedOf(tables) })
  return [
    ['schema', schema, isName(schema), must],
    ...Object.entries(tables ?? {}).map(([table, name]): OptionRule => [`tables.${table}`, name, isName(name), must]),
    ['tables', tables, new Set(own).size === own.length, 'have names that differ'],
  ]
}

/** Quotes what `nameRules` has checked. */
export function namesOf({ schema = 'omnicascade', tables }: PostgresPlace): Names {
  const own = { ...defaults, ...definedOf(tables) }
  const quoted = (table: keyof typeof own) => `"${schema}"."${own[table]}"`
  const channel = `${schema}.${own.notifications}`
  return {
    schema: `"${schema}"`,
    notifications: quoted('notifications'),
    attemptKeys: quoted('attemptKeys'),
    parkedReceipts: quoted('parkedReceipts'),
    migrations: quoted('migrations'),
    set: `'${own.notifications}'`,
    index: (table, suffix) => `"${own[table]}_${suffix}"`,
    channel: channel.length < 64 ? channel : createHash('sha256').update(channel).digest('hex').slice(0, 63),
  }
}

function definedOf(tables: PostgresTables = {}): PostgresTables {
  return Object.fromEntries(Object.entries(tables).filter(([, name]) => name !== undefined))
}
