import type { ErrorCode } from '../contract/error-codes.ts'
import { StreamError } from '../contract/errors.ts'
import type { SambaSmsEvent } from './events.ts'
import { endOfObject, endOfStray, lastBoundary, nextStart, skipBlank } from './framing.ts'
import { type Fields, readEvent } from './read-event.ts'
import { createSpeculation } from './speculate.ts'

/** Takes a stream's bytes as they come, cut anywhere, and gives its events; its memory is bounded by one record and one chunk. */
export interface SambaParser {
  /** Adds the events that these bytes complete to `events`. */
  push(bytes: Uint8Array, events: SambaSmsEvent[]): void
  /** The stream is over: what is left is a last record, or a piece of one. */
  end(events: SambaSmsEvent[]): void
}

/** Told of each record that cannot be read; if it throws, parsing stops there, with the events before it given. */
export type Report = (error: StreamError) => void

/** What is at the end of the bytes to be read: a boundary between records, the end of the stream, or just what has come so far. */
type Limit = 'boundary' | 'eof' | 'more'

const bom = [0xef, 0xbb, 0xbf]
// With `ignoreBOM` a mark counts as a character: offsets stay right, and only the one at the very start is skipped.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A parser for one stream. A record still incomplete after `maxRecordBytes` is given up. */
export function createParser(report: Report, maxRecordBytes: number): SambaParser {
  let store = new Uint8Array(1 << 17)
  // What is in `store` and not yet read, and the offset of `store[0]` in the stream.
  let start = 0
  let end = 0
  let base = 0
  let records = 0
  let skipping = false
  const speculation = createSpeculation()

  function append(bytes: Uint8Array): void {
    const pending = end - start
    const room = pending + bytes.length <= store.length ? store : new Uint8Array(2 * (pending + bytes.length))
    room.set(store.subarray(start, end))
    room.set(bytes, pending)
    store = room
    base += start
    start = 0
    end = pending + bytes.length
  }

  function skipBom(): void {
    if (base + start === 0 && bom.every((byte, at) => store[at] === byte) && end >= bom.length) start = bom.length
  }

  /** After a record that was too long: drops bytes until one may start. False if none is in sight. */
  function skipToStart(): boolean {
    const next = nextStart(store, start, end)
    // A line break at the very end may be what the next record starts after.
    start = next === -1 ? end - 1 : next
    return next !== -1
  }

  function fail(code: ErrorCode, message: string, at: number): void {
    const place = { record: records, offset: base + at }
    report(new StreamError(code, `Samba record ${records} at byte ${place.offset} ${message}`, place))
  }

  /** Reads whole records between boundaries. `separator` is the boundary after them, with its braces: most often it is like all others. */
  function readBlock(close: number, separator: string, events: SambaSmsEvent[]): void {
    const from = skipBlank(store, start, close)
    let text: string
    try {
      text = utf8.decode(store.subarray(from, close))
    } catch {
      return readSlowly(close, 'boundary', events)
    }
    let at = 0
    let bytesAt = from
    let counted = 0
    speculation.begin()
    for (let next = 0; next !== -1; at = next + separator.length - 1) {
      const speculated = speculation.read(text, at)
      const { end: after } = speculation
      if (speculated && (after === text.length || text.startsWith(separator, after - 1))) {
        next = after === text.length ? -1 : after - 1
        records++
        events.push(speculated)
        continue
      }
      next = text.indexOf(separator, at)
      const segment = next === -1 ? text.slice(at) : text.slice(at, next + 1)
      const event = tryEvent(segment)
      if (event !== undefined) {
        records++
        events.push(event)
        speculation.learn(segment, event)
        continue
      }
      bytesAt += byteLength(text.slice(counted, at))
      counted = at
      start = bytesAt
      readSlowly(bytesAt + byteLength(segment), 'boundary', events)
    }
  }

  /** Reads record by record up to `limit`. */
  function readSlowly(limit: number, what: Limit, events: SambaSmsEvent[]): void {
    for (;;) {
      start = skipBlank(store, start, limit)
      if (start === limit) return
      const next = store[start] === 0x7b ? readObject(limit, what, events) : readStray(limit, what)
      if (next === -1) return
      start = next
    }
  }

  /** Reads what is no object; gives the offset after it, or -1 if more is needed to tell. */
  function readStray(limit: number, what: Limit): number {
    const stray = endOfStray(store, start, limit)
    if (stray === -1 && what === 'more') return -1
    records++
    fail('samba-malformed-record', 'is not an object', start)
    return stray === -1 ? limit : stray
  }

  function readObject(limit: number, what: Limit, events: SambaSmsEvent[]): number {
    const close = endOfObject(store, start, limit)
    if (typeof close === 'number') {
      const event = readRecord(store.subarray(start, close))
      records++
      if (typeof event === 'object') {
        events.push(event)
        return close
      }
      const inner = event === notJson ? nextStart(store, start + 1, close) : -1
      fail('samba-malformed-record', event, start)
      return inner === -1 ? close : inner
    }
    // An open one may yet go on; a broken one ends where the next may start.
    const next = close === 'open' && what === 'more' ? -1 : nextStart(store, start + 1, limit)
    if (next === -1 && what === 'more') return -1
    records++
    if (next === -1 && what === 'eof' && close === 'open')
      fail('samba-truncated-record', 'is cut off: the stream ends within it', start)
    else fail('samba-malformed-record', notJson, start)
    return next === -1 ? limit : next
  }

  return {
    push(bytes, events) {
      append(bytes)
      skipBom()
      if (skipping && !skipToStart()) return
      skipping = false
      const boundary = lastBoundary(store, start, Math.max(start, end - bytes.length), end)
      if (boundary) {
        readBlock(boundary.close, utf8.decode(store.subarray(boundary.close - 1, boundary.open + 1)), events)
        start = boundary.open
      }
      readSlowly(end, 'more', events)
      while (end - start > maxRecordBytes && !skipping) {
        records++
        fail('samba-malformed-record', `is longer than ${maxRecordBytes} bytes`, start)
        start++
        skipping = !skipToStart()
        if (!skipping) readSlowly(end, 'more', events)
      }
    },
    end(events) {
      if (!skipping) readSlowly(end, 'eof', events)
    },
  }
}

const notJson = 'is not JSON'

/** The event that a text is, or undefined. */
function tryEvent(text: string): SambaSmsEvent | undefined {
  try {
    const event = readEvent(JSON.parse(text), text)
    return typeof event === 'object' ? event : undefined
  } catch {
    return undefined
  }
}

/** The event that a record is, or why it is none. */
function readRecord(bytes: Uint8Array): SambaSmsEvent | string {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return 'is not UTF-8'
  }
  let record: Fields
  try {
    record = JSON.parse(text)
  } catch {
    return notJson
  }
  return readEvent(record, text)
}

const encoder = new TextEncoder()
const byteLength = (text: string): number => encoder.encode(text).length
