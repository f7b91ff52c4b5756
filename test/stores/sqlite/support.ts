import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import type { NotificationStore } from 'omnicascade'
import { type SqliteOptions, sqlite } from 'omnicascade/stores/sqlite'
import { afterEach, vi } from 'vitest'
import { StoreError } from '../../../src/contract/store-error.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Runs once the test has ended, the last one first. */
export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** The path of a file that is not there yet, in a directory of its own. */
export function freshFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'omnicascade-sqlite-'))
  afterTest(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'notify.db')
}

/** A store that the end of the test closes. */
export function opened(options: string | SqliteOptions = freshFile()): NotificationStore {
  const store = sqlite(options)
  afterTest(() => store.close?.())
  return store
}

/** Runs `act` and gives its result, with every connection that was opened meanwhile: how a test reaches the store's own. */
export function connectionsOf<T>(act: () => T): { readonly result: T; readonly db: DatabaseSync } {
  const spy = vi.spyOn(DatabaseSync.prototype, 'prepare')
  try {
    const result = act()
    const db = spy.mock.contexts.at(-1)
    if (!(db instanceof DatabaseSync)) throw new Error('no connection was opened')
    return { result, db }
  } finally {
    spy.mockRestore()
  }
}

/** A connection of somebody else's to the same file. */
export function stranger(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  afterTest(() => db.close())
  return db
}

/** The typed error that a call fails with, now or later. */
export async function errorOf(act: () => unknown): Promise<StoreError> {
  try {
    await act()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** An error as `node:sqlite` throws it. */
export function sqliteError(errcode: number): Error {
  return Object.assign(new Error('words that quote +420777123456'), { code: 'ERR_SQLITE_ERROR', errcode })
}

/** Makes the next statement whose SQL is `sql` fail, and lets all others run. */
export function failOnce(sql: string, error: Error): void {
  const run = StatementSync.prototype.run
  const spy = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...given) {
    if (this.sourceSQL !== sql) return Reflect.apply(run, this, given)
    spy.mockRestore()
    throw error
  })
}

/** How many transactions `act` commits. */
export async function commitsOf(act: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(StatementSync.prototype, 'run')
  try {
    await act()
    return spy.mock.contexts.filter((statement) => statement instanceof StatementSync && statement.sourceSQL === 'commit').length
  } finally {
    spy.mockRestore()
  }
}
