import { DatabaseSync } from 'node:sqlite'
import type { Running } from '../kit/contender.ts'
import { drop, fileOf, type Place } from './engines.ts'
import { newId } from './notifications.ts'

/** `node:sqlite` by hand: the same JSON in one table with an index on the due time, `batch` records to a transaction. */
export function bareSqlite(place: Place, batch: number, [first, accepted]: readonly [string, string]): Running {
  const db = new DatabaseSync(fileOf(place))
  db.exec(`pragma journal_mode = wal; pragma synchronous = ${place.engine === 'sqlite' ? 'full' : 'normal'}`)
  db.exec('pragma wal_autocheckpoint = 4000; pragma cache_size = -16000')
  db.exec('create table notifications (id text primary key, version integer, due_at integer, record text) strict')
  db.exec('create index due on notifications (due_at)')
  const insert = db.prepare('insert into notifications values (?, 2, ?, ?)')
  const update = db.prepare('update notifications set version = 3, due_at = ?, record = ? where id = ? and version = 2')

  function together(write: () => void): void {
    db.exec('begin immediate')
    write()
    db.exec('commit')
  }

  return {
    async run(milliseconds) {
      const until = performance.now() + milliseconds
      let count = 0
      for (; performance.now() < until; count += batch) {
        const ids = Array.from({ length: batch }, () => newId())
        together(() => ids.forEach((id) => insert.run(id, Date.now(), first)))
        together(() => ids.forEach((id) => update.run(Date.now(), accepted, id)))
      }
      return count
    },
    async close() {
      db.close()
      await drop(place)
    },
  }
}
