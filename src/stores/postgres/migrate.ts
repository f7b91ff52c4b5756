import { StoreError } from '../../contract/store-error.ts'
import { faultOf, storeError } from './faults.ts'
import { checkPlace, type Names, namesOf, type PostgresPlace } from './names.ts'
import type { PostgresPool, Row } from './pool.ts'
import { inTransaction } from './transaction.ts'

/** Options of `migrate`. */
export interface PostgresMigrateOptions extends PostgresPlace {
  /** Its user must be allowed to create: give another pool than the store's, if the store's may not. */
  readonly pool: PostgresPool
}

/** Makes the store's tables, or brings them up to date. Harmless when it is run again, and by several processes at once. */
export async function migrate({ pool, ...place }: PostgresMigrateOptions): Promise<void> {
  checkPlace('migrate', place)
  const names = namesOf(place)
  try {
    await inTransaction(pool, async ({ query }) => {
      await query(lock(names))
      for (const statement of await isMissing(names, query)) await query(statement)
      const version = await versionOf(names, query)
      for (const [index, statements] of migrations.entries())
        if (index >= version) for (const statement of [...statements(names), record(names, index + 1)]) await query(statement)
    })
  } catch (error) {
    throw error instanceof StoreError ? error : storeError(faultOf(error))
  }
}

/** The SQL that makes the store's tables, for those who use a migration tool. Run it in one transaction; it is harmless when it is run again. */
export function migrationSql(place: PostgresPlace = {}): string {
  checkPlace('migrationSql', place)
  const names = namesOf(place)
  const statements = migrations.flatMap((migration, index) => [...migration(names), record(names, index + 1)])
  return `${[createSchema(names), createMigrations(names), ...statements].join(';\n')};\n`
}

/** Throws unless the tables are there, in the version that this code knows. */
export function checkVersion(names: Names, found: string | null | undefined): void {
  const version = Number(found ?? 0)
  if (version === migrations.length) return
  if (version < migrations.length) throw storeError({ fault: 'schema', code: undefined, ended: false })
  throw new StoreError(
    'postgres',
    'schema',
    `the tables in ${names.schema} are of version ${version}, and this version of omnicascade knows ${migrations.length}: upgrade omnicascade`,
  )
}

type Run = (text: string) => Promise<{ readonly rows: unknown[] }>

async function isMissing(names: Names, query: Run): Promise<readonly string[]> {
  // `create … if not exists` asks for the right to create even where there is nothing to do.
  const found = `select to_regnamespace('${names.schema}')::text as schema, to_regclass('${names.migrations}')::text as migrations`
  const [row] = (await query(found)).rows as Row[]
  return [...(row?.schema ? [] : [createSchema(names)]), ...(row?.migrations ? [] : [createMigrations(names)])]
}

async function versionOf(names: Names, query: Run): Promise<number> {
  const [row] = (await query(versionStatement(names))).rows as Row[]
  if (Number(row?.version ?? 0) > migrations.length) checkVersion(names, row?.version)
  return Number(row?.version ?? 0)
}

const lock = ({ schema }: Names) => `select pg_advisory_xact_lock(hashtextextended('omnicascade ${schema}', 0))`
const createSchema = ({ schema }: Names) => `create schema if not exists ${schema}`
// One schema may hold several sets of tables, each with its own version.
const createMigrations = ({ migrations: table }: Names) =>
  `create table if not exists ${table} (
  tables text collate "C" not null,
  version int not null,
  applied_at timestamptz not null default now(),
  primary key (tables, version)
)`
const record = ({ migrations: table, set }: Names, version: number) =>
  `insert into ${table} (tables, version) values (${set}, ${version}) on conflict do nothing`

/** The statement that gives the version of a set of tables. */
export function versionStatement({ migrations: table, set }: Names): string {
  return `select max(version)::text as version, current_setting('default_transaction_isolation') as isolation from ${table} where tables = ${set}`
}

// One entry per version. An entry that was released is never changed: what is new goes into the next.
const migrations: readonly ((names: Names) => readonly string[])[] = [
  // Times are Unix milliseconds. Records are text, not jsonb: what people write may hold NUL, which jsonb refuses. Texts that are compared
  // compare by bytes: the order in which rows are locked must not depend on a locale, and it is the fastest.
  ({ notifications, attemptKeys, parkedReceipts, index }) => [
    `create table if not exists ${notifications} (
  id text collate "C" primary key,
  seq bigint generated always as identity,
  version bigint not null,
  due_at bigint,
  settled_at bigint,
  idempotency_key text collate "C",
  inserted_by text collate "C" not null,
  written_by text collate "C" not null,
  record text not null
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05)`,
    `create unique index if not exists ${index('notifications', 'idempotency_key')} on ${notifications} (idempotency_key) where idempotency_key is not null`,
    `create index if not exists ${index('notifications', 'due')} on ${notifications} (due_at) where due_at is not null`,
    `create index if not exists ${index('notifications', 'settled')} on ${notifications} (settled_at) where settled_at is not null and due_at is null`,
    `create table if not exists ${attemptKeys} (
  provider text collate "C" not null,
  key text collate "C" not null,
  seq bigint not null,
  id text collate "C" not null,
  primary key (provider, key, seq)
)`,
    `create index if not exists ${index('attemptKeys', 'seq')} on ${attemptKeys} (seq)`,
    `create table if not exists ${parkedReceipts} (
  hash text collate "C" primary key,
  seq bigint generated always as identity,
  provider text collate "C" not null,
  keys text[] collate "C" not null,
  receipt text not null,
  expires_at bigint not null
)`,
    `create index if not exists ${index('parkedReceipts', 'keys')} on ${parkedReceipts} using gin (keys) with (fastupdate = off)`,
    `create index if not exists ${index('parkedReceipts', 'expires')} on ${parkedReceipts} (expires_at)`,
  ],
]
