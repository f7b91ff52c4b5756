/** What the store needs of a pool of `pg`: the app's own, or the one that is underneath Drizzle (`db.$client`) or Kysely. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  connect(): Promise<PostgresClient>
  readonly options?: { readonly max?: number | null | undefined } | undefined
}

/** One connection of the pool, lent. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  removeAllListeners(event: 'notification'): unknown
  removeListener(event: 'error' | 'end', listener: () => void): unknown
  /** Gives the connection back; with `true` it is closed instead. */
  release(destroy?: boolean): void
}

/** A row, of which every column was cast to text: what the app's type parsers make of other types is unknown. */
export type Row = Readonly<Record<string, string | null>>

/** Runs a statement on the pool, or within a transaction. */
export type Query = (text: string, values: readonly (string | null)[]) => Promise<readonly Row[]>
