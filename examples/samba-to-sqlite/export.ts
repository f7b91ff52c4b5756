import type { DatabaseSync } from 'node:sqlite'
import type { SambaClient, SambaSmsEvent } from 'omnicascade/samba'

const hour = 3_600_000
const day = 24 * hour
// What Samba keeps, less the time that an export takes.
const kept = 90 * day - hour

/** How far an export has come. */
export interface ExportProgress {
  /** Events that the table did not have before. */
  readonly added: number
  /** Events read so far, those among them that the table had. */
  readonly read: number
  /** The part of the period that is done, from 0 to 1. */
  readonly part: number
}

/** Options of `exportSmsEvents`. */
export interface ExportOptions {
  readonly samba: SambaClient
  readonly db: DatabaseSync
  /** The account's trackpoint, under which the cursor is kept. */
  readonly trackpoint: string
  /** The end of the period, in Unix milliseconds: now. */
  readonly to: number
  /** Where the first export begins, in Unix milliseconds. Default: as far back as Samba keeps events. */
  readonly since?: number
  /** Events may turn up late, with the time at which they happened: so much before the cursor is read again, in milliseconds. Default 1 hour. */
  readonly overlap?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ExportProgress) => void
}

/** Makes the tables, if they are not there. */
export function createTables(db: DatabaseSync): void {
  // Events carry no id: all that tells one from another is its key. '' stands for what a source lacks, for a NULL equals no other.
  db.exec(`
    pragma journal_mode = wal;
    create table if not exists sms_events (
      trackpoint text not null, user_id text not null, status text not null, happened_at integer not null, sent_at integer not null,
      source text not null, campaign_id text not null, node_id text not null, campaign text not null, node text not null,
      primary key (trackpoint, happened_at, user_id, status, sent_at, source, campaign_id, node_id)
    ) strict, without rowid;
    create table if not exists exports (trackpoint text primary key, done_to integer not null) strict;
  `)
}

/**
 * Adds to the table what happened since the last export, and gives how much that was. The cursor moves once a day of events is whole in the
 * table, so whatever ends it, at whatever moment, the next run goes on there: without a gap, and without an event twice.
 */
export async function exportSmsEvents(options: ExportOptions): Promise<ExportProgress> {
  const { samba, db, trackpoint, to, since = 0, overlap = hour, signal, onProgress = () => {} } = options
  const insert = db.prepare('insert into sms_events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing')
  const moveTo = db.prepare('insert into exports values (?, ?) on conflict do update set done_to = excluded.done_to')
  const cursor = cursorOf(db, trackpoint)
  const start = Math.max(to - kept, cursor === undefined ? since : cursor - overlap)
  let progress: ExportProgress = { added: 0, read: 0, part: 0 }

  // A day at a time: Samba sends events in no order that it documents, so only a whole period says how far one has come.
  for (let from = start; from < to; from += day) {
    const end = Math.min(from + day, to)
    for await (const batch of samba.exportSmsEvents({ from, to: end, ...(signal && { signal }) }).batches()) {
      const added = transaction(db, () => batch.reduce((sum, event) => sum + Number(insert.run(...rowOf(event)).changes), 0))
      progress = { ...progress, added: progress.added + added, read: progress.read + batch.length }
      onProgress(progress)
    }
    moveTo.run(trackpoint, end)
    progress = { ...progress, part: (end - start) / (to - start) }
    onProgress(progress)
  }
  return progress
}

/** The end of what is whole in the table, in Unix milliseconds; undefined before the first export. */
export function cursorOf(db: DatabaseSync, trackpoint: string): number | undefined {
  return db.prepare('select done_to from exports where trackpoint = ?').get(trackpoint)?.done_to as number | undefined
}

function rowOf({ smsEvent, source }: SambaSmsEvent) {
  const { trackpoint, userId, status, date } = smsEvent
  const campaign = source.type === 'unknown' ? { id: '', name: '' } : source.campaign
  const node = source.type === 'flow' ? source.node : { id: '', name: '' }
  const type = source.type === 'unknown' ? source.name : source.type
  return [trackpoint, userId, status, date, source.sendDate, type, campaign.id, node.id, campaign.name, node.name] as const
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('begin immediate')
  try {
    const result = work()
    db.exec('commit')
    return result
  } catch (error) {
    db.exec('rollback')
    throw error
  }
}
