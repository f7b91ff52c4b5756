import type { Clock } from '../../contract/time.ts'
import type { Names } from './names.ts'
import type { Query } from './pool.ts'
import { encodeText } from './text.ts'

// NOTIFY makes transactions wait for each other as they commit, so it has one of its own, and seldom.
const pause = 20
// Postgres takes less than 8000 bytes a message.
const most = 7900
const mostMessages = 20

/** Tells other processes which records have changed. */
export interface Announcer {
  /** What this store announces begins with it. */
  readonly own: string
  add(id: string): void
  /** Announces what is left. Never rejects. */
  end(): Promise<void>
}

/** Gathers the ids of changed records and announces them together. Best effort: what cannot be announced is found by whoever looks. */
export function createAnnouncer({ channel }: Names, query: Query, clock: Clock, own: string): Announcer {
  let changed = new Set<string>()
  let cancel: (() => void) | undefined
  let underWay: Promise<void> = Promise.resolve()

  async function announce(): Promise<void> {
    cancel = undefined
    const ids = [...changed]
    changed = new Set()
    try {
      await query('select pg_notify($1::text, message) from json_array_elements_text($2::text::json) as message', [
        channel,
        JSON.stringify(messagesOf(ids, own)),
      ])
    } catch {
      // Nobody waits for it.
    }
  }

  return {
    own,
    add(id) {
      changed.add(id)
      cancel ??= clock.setTimer(pause, () => {
        underWay = announce()
      })
    },
    async end() {
      cancel?.()
      if (changed.size > 0) await announce()
      await underWay
    },
  }
}

/** Messages of one line each: who announces, then the ids. One without ids says that any record may have changed. */
export function messagesOf(ids: readonly string[], own: string): string[] {
  const messages: string[] = []
  let message = own
  let size = own.length
  for (const id of ids.map(encodeText)) {
    const bytes = Buffer.byteLength(id) + 1
    if (size + bytes > most) {
      messages.push(message)
      message = own
      size = own.length
    }
    message += `\n${id}`
    size += bytes
  }
  messages.push(message)
  return messages.length > mostMessages ? [own] : messages
}
