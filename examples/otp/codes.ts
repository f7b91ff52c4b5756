import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

const minute = 60_000
const validFor = 5 * minute
const mostTries = 5
// Of one person's codes: so many in so long, and never two in so short a time.
const mostCodes = 5
const countedFor = 15 * minute
const apart = minute / 3

/** A code that was made, and may be sent. */
export interface MadeCode {
  readonly id: string
  readonly code: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** What `check` says: `over` if there is no such code, or it was used, replaced, tried too often, or is too old. */
export type Verdict = 'right' | 'wrong' | 'over'

/**
 * One-time codes in a table. A code is kept as a keyed hash: six digits are guessed from a plain one in no time. `secret` is the key, and must not
 * be in the database too.
 */
export function createCodes(db: DatabaseSync, secret: string, now: () => number = Date.now) {
  db.exec(`
    create table if not exists codes (
      id text primary key, person text not null, hash blob not null, tries integer not null default 0,
      made_at integer not null, expires_at integer not null, notification text
    ) strict;
    create index if not exists codes_by_person on codes (person, made_at);
  `)
  const forget = db.prepare('delete from codes where made_at < ?')
  const retire = db.prepare('update codes set expires_at = 0 where person = ?')
  // One statement, so that two requests at once cannot both find room.
  const insert = db.prepare(`
    insert into codes (id, person, hash, made_at, expires_at) select :id, :person, :hash, :now, :expires
    where (select count(*) from codes where person = :person and made_at > :now - ${countedFor}) < ${mostCodes}
      and not exists (select 1 from codes where person = :person and made_at > :now - ${apart})`)
  const note = db.prepare('update codes set notification = ? where id = ?')
  const select = db.prepare('select person, notification from codes where id = ? and expires_at > ?')
  // The try is counted before the code is compared.
  const attempt = db.prepare(
    `update codes set tries = tries + 1 where id = ? and expires_at > ? and tries < ${mostTries} returning hash`,
  )
  const use = db.prepare('update codes set expires_at = 0 where id = ? and expires_at > ?')

  const hashOf = (id: string, code: string) => createHmac('sha256', secret).update(`${id}:${code}`).digest()

  return {
    /** A new code, in place of those the person has; undefined if they ask too often. */
    make(person: string): MadeCode | undefined {
      const made = { id: crypto.randomUUID(), code: String(randomInt(1_000_000)).padStart(6, '0'), expiresAt: now() + validFor }
      forget.run(now() - countedFor)
      db.exec('begin immediate')
      try {
        retire.run(person)
        const row = { id: made.id, person, hash: hashOf(made.id, made.code), now: now(), expires: made.expiresAt }
        const isMade = insert.run(row).changes === 1
        db.exec(isMade ? 'commit' : 'rollback')
        return isMade ? made : undefined
      } catch (error) {
        db.exec('rollback')
        throw error
      }
    },
    /** Notes by which notification a code was sent. */
    sentBy: (id: string, notification: string) => void note.run(notification, id),
    /** Whose code it is, and the notification that it was sent by; undefined once it is over. */
    find: (id: string) => select.get(id, now()) as { readonly person: string; readonly notification: string | null } | undefined,
    /** Whether a code is right. It is right once. */
    check(id: string, code: string): Verdict {
      const row = attempt.get(id, now())
      if (row === undefined) return 'over'
      // In constant time: how long it takes must not tell how much of it is right.
      if (!timingSafeEqual(row.hash as Uint8Array, hashOf(id, code))) return 'wrong'
      return use.run(id, now()).changes === 1 ? 'right' : 'over'
    },
  }
}

/** One-time codes. */
export type Codes = ReturnType<typeof createCodes>
