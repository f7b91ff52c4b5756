import { createGroupCommit } from '../stores/sqlite/group-commit.ts'
import { unlessLocked } from '../stores/sqlite/locked.ts'
import { openDatabase } from '../stores/sqlite/open.ts'
import { systemClock } from '../wire/clock.ts'
import { checkOptions, isText } from '../wire/options.ts'
import type { PreferenceStore } from './interfaces.ts'
import { type Row, type Statement, sqlPreferences, type Transaction, tablesOf } from './sql.ts'

const lockTimeout = 5000
// 'omnp' in ASCII.
const schema = { applicationId: 0x6f6d6e70, migrations: [`${tablesOf('', 'integer primary key').join(';\n')};`] }

/**
 * Preferences, caps and digests in a SQLite file of their own, through `node:sqlite` (Node 22.13 or later), shared by the processes of one machine.
 * Opens it at once, and throws a `StoreError` if it cannot.
 */
export function sqlitePreferences(path: string): PreferenceStore {
  checkOptions('sqlitePreferences', [['path', path, isText(path), 'be the path of a file']])
  const { db } = openDatabase(path, 'full', lockTimeout, schema, () => null)
  const prepared = new Map<string, ReturnType<typeof db.prepare>>()
  const { write, close } = createGroupCommit({ db, clock: systemClock, lockTimeout })
  let closing: Promise<void> | undefined

  function perform([text, ...values]: Statement): readonly Row[] {
    const statement = prepared.get(text) ?? db.prepare(text)
    prepared.set(text, statement)
    const named = Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]))
    return statement.all(named) as Row[]
  }

  function complete<T>(transaction: Transaction<T>): T {
    for (let next = transaction.next([]); ; next = transaction.next(perform(next.value))) if (next.done) return next.value
  }

  return sqlPreferences({
    prefix: '',
    // A transaction that writes has the whole file.
    lock: () => [],
    skipLocked: '',
    run: (transaction) => write(() => complete(transaction()), 0),
    async query(statement) {
      if (statement[0].startsWith('select')) return unlessLocked(() => perform(statement), systemClock, lockTimeout)
      return write(() => perform(statement), 0)
    },
    close() {
      closing ??= close().then(() => db.close())
      return closing
    },
  })
}
