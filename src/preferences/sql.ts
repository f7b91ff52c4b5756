import type { Channel } from '../contract/channel.ts'
import { checkedChoice } from './choice.ts'
import type { PreferenceStore } from './interfaces.ts'
import { roomAmong } from './room.ts'

/** A statement, with values for `$1` and on; it gives its rows, every column as text or null. */
export type Statement = readonly [text: string, ...values: readonly (string | number | null)[]]

export type Row = Readonly<Record<string, string | null>>

/** What is done in one transaction: each statement's rows come back to where it was yielded. SQLite runs it at once, Postgres waits in between. */
export type Transaction<T> = Generator<Statement, T, readonly Row[]>

/** What differs between the engines. */
export interface Engine {
  /** In front of the names of tables: `preferences.`, or nothing. */
  readonly prefix: string
  /** Statements that nobody else may come between, of those with the same key. */
  lock(key: string): readonly Statement[]
  /** At the end of a `select` of rows that are to be deleted, so that two who forget do not wait for each other. */
  readonly skipLocked: string
  /** May run it more than once. */
  run<T>(transaction: () => Transaction<T>): Promise<T>
  /** A statement by itself. */
  query(statement: Statement): Promise<readonly Row[]>
  close(): Promise<void>
}

// How many rows of others are forgotten with each write: more than it adds.
const forgotten = 10

/** The tables. `serial` is a column that rises with each row. */
export function tablesOf(prefix: string, serial: string): readonly string[] {
  return [
    `create table if not exists ${prefix}opt_outs (
  recipient text not null, channel text not null, category text not null, primary key (recipient, channel, category))`,
    `create table if not exists ${prefix}cap_places (
  recipient text not null, id text not null, category text, taken_at bigint not null, primary key (recipient, id))`,
    `create index if not exists cap_places_taken_at on ${prefix}cap_places (taken_at)`,
    `create table if not exists ${prefix}digest_windows (
  id text primary key, key text not null, ends_at bigint not null, notification_id text, closed_at bigint)`,
    `create index if not exists digest_windows_key on ${prefix}digest_windows (key, ends_at)`,
    `create index if not exists digest_windows_ends_at on ${prefix}digest_windows (ends_at)`,
    `create table if not exists ${prefix}digest_items (
  seq ${serial}, key text not null, id text not null, window_id text not null, item text not null, unique (key, id))`,
    `create index if not exists digest_items_window on ${prefix}digest_items (window_id)`,
  ]
}

/** Preferences, caps and digests in a SQL database. */
export function sqlPreferences({ prefix, lock, skipLocked, run, query, close }: Engine): PreferenceStore {
  const [optOuts, places] = [`${prefix}opt_outs`, `${prefix}cap_places`]
  const [windows, items] = [`${prefix}digest_windows`, `${prefix}digest_items`]

  function* locked(key: string): Transaction<void> {
    for (const statement of lock(key)) yield statement
  }

  return {
    async isOptedOut({ recipient, channel, category }) {
      const asked = `select recipient from ${optOuts} where recipient = $1 and channel in ('', $2) and category in ('', $3) limit 1`
      return (await query([asked, safe(recipient), channel, safe(category ?? '')])).length > 0
    },
    async optOut(given) {
      const { recipient, channel = '', category = '' } = checkedChoice('optOut', given)
      const added = `insert into ${optOuts} (recipient, channel, category) values ($1, $2, $3) on conflict do nothing`
      await query([added, safe(recipient), channel, safe(category)])
    },
    async optIn(given) {
      const { recipient, channel = '', category = '' } = checkedChoice('optIn', given)
      const within = "recipient = $1 and cast($2 as text) in ('', channel) and cast($3 as text) in ('', category)"
      await query([`delete from ${optOuts} where ${within}`, safe(recipient), channel, safe(category)])
    },
    async optOutsOf(recipient) {
      const own = `select channel, category from ${optOuts} where recipient = $1 order by channel, category`
      return (await query([own, safe(recipient)])).map(({ channel, category }) => ({
        recipient,
        ...(channel && { channel: channel as Channel }),
        ...(category && { category: JSON.parse(`"${category}"`) as string }),
      }))
    },
    takePlace: ({ id, recipient: who, category, at, caps, forgetUntil }) =>
      run(function* () {
        const recipient = safe(who)
        yield* locked(`place ${recipient}`)
        yield [`delete from ${places} where recipient = $1 and id = $2`, recipient, id]
        const rows = yield [
          `select category, cast(taken_at as text) as taken_at from ${places} where recipient = $1 and taken_at > $2`,
          recipient,
          Math.floor(forgetUntil),
        ]
        const taken = rows.map((row) => ({ category: row.category ? JSON.parse(row.category) : null, at: Number(row.taken_at) }))
        const until = roomAmong(taken, { caps, at })
        if (until === null)
          yield [
            `insert into ${places} (recipient, id, category, taken_at) values ($1, $2, $3, $4)`,
            recipient,
            id,
            category === null ? null : JSON.stringify(category),
            Math.ceil(at),
          ]
        const old = `select recipient, id from ${places} where taken_at <= $1 order by taken_at limit ${forgotten} ${skipLocked}`
        yield [`delete from ${places} where (recipient, id) in (${old})`, Math.floor(forgetUntil)]
        return until
      }),
    async giveBack(id, recipient) {
      await query([`delete from ${places} where recipient = $1 and id = $2`, safe(recipient), id])
    },
    openWindow: ({ key, item, now, until }) =>
      run(function* () {
        yield* locked(`digest ${key}`)
        const columns = `select id, cast(ends_at as text) as ends_at, notification_id from ${windows} where`
        const having = `${columns} id = (select window_id from ${items} where key = $1 and id = $2)`
        const open = `${columns} key = $1 and closed_at is null and ends_at > $2 order by ends_at limit 1`
        const [row] = [...(yield [having, key, safe(item)]), ...(yield [open, key, Math.ceil(now)])]
        if (row) return { id: row.id!, until: Number(row.ends_at), notificationId: row.notification_id ?? null }
        const window = { id: crypto.randomUUID(), until: Math.ceil(until), notificationId: null }
        yield [`insert into ${windows} (id, key, ends_at) values ($1, $2, $3)`, window.id, key, window.until]
        return window
      }),
    async announceWindow(id, notificationId) {
      await query([`update ${windows} set notification_id = $2 where id = $1`, id, notificationId])
    },
    addItem: ({ window, key, id: given, text }) =>
      run(function* () {
        const id = safe(given)
        yield* locked(`digest ${key}`)
        if ((yield [`select id from ${items} where key = $1 and id = $2`, key, id]).length > 0) return true
        const open = `select id from ${windows} where id = $1 and closed_at is null`
        if ((yield [open, window]).length === 0) return false
        yield [`insert into ${items} (key, id, window_id, item) values ($1, $2, $3, $4)`, key, id, window, text]
        return true
      }),
    closeWindow: (id, now, forgetUntil) =>
      run(function* () {
        const [row] = yield [`select key from ${windows} where id = $1`, id]
        if (!row) return []
        // Whoever adds an item holds the same lock: it is stored by then, or finds the window closed.
        yield* locked(`digest ${row.key}`)
        yield [`update ${windows} set closed_at = $2 where id = $1 and closed_at is null`, id, Math.ceil(now)]
        const rows = yield [`select item from ${items} where window_id = $1 order by seq`, id]
        const old = yield [
          `select id from ${windows} where ends_at <= $1 and id <> $2 order by ends_at limit ${forgotten} ${skipLocked}`,
          Math.floor(forgetUntil),
          id,
        ]
        for (const { id: over } of old) {
          yield [`delete from ${items} where window_id = $1`, over!]
          yield [`delete from ${windows} where id = $1`, over!]
        }
        return rows.map(({ item }) => item!)
      }),
    close,
  }
}

/** Databases take no NUL and no half of a character: those are written as JSON writes them. Different texts stay different. */
function safe(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
