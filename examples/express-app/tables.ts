import type { DatabaseSync } from 'node:sqlite'
import type { LinkStore, StoredLink } from 'omnicascade/shorteners/store'

/** A notification that the app has asked for. */
export interface Sent {
  readonly id: string
  readonly title: string
}

/**
 * The app's own list of what it has sent. The store finds a notification by its id, and has no list: which ids belong to an order, a customer or
 * a page is the app's to know, and a row of its own tables says it best.
 */
export function createSentList(db: DatabaseSync) {
  db.exec('create table if not exists sent (number integer primary key, id text not null unique, title text not null) strict')
  const insert = db.prepare('insert into sent (id, title) values (?, ?) on conflict do nothing')
  const newest = db.prepare('select id, title from sent order by number desc limit ?')
  return {
    add: ({ id, title }: Sent) => void insert.run(id, title),
    newest: (limit: number) => newest.all(limit) as unknown as readonly Sent[],
  }
}

/** Short links in a table. */
export function createLinkStore(db: DatabaseSync): LinkStore {
  db.exec('create table if not exists links (code text primary key, link text not null) strict')
  const insert = db.prepare('insert into links values (?, ?) on conflict do nothing')
  const select = db.prepare('select link from links where code = ?')
  return {
    put: (code, link) => insert.run(code, JSON.stringify(link)).changes === 1,
    get(code) {
      const row = select.get(code)
      return row && (JSON.parse(String(row.link)) as StoredLink)
    },
  }
}
