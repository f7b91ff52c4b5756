import { StreamError } from '../contract/errors.ts'
import type { SambaSmsEvent } from './events.ts'
import { createParser, type Report } from './parser.ts'

/** What to do with records that cannot be read. */
export interface SambaRecordOptions {
  /**
   * `throw` (default): iteration ends with the error, once the events before it have been given. `skip`: go on with the next record.
   * A function is told and goes on, unless it throws itself; it runs as a chunk is parsed, maybe before the events ahead of the record are taken.
   */
  readonly onError?: 'throw' | 'skip' | ((error: StreamError) => void)
  /** A record still incomplete after this many bytes counts as malformed. Default 1 MiB. */
  readonly maxRecordBytes?: number
}

/** What `onError` means for the parser. */
export function reportBy(onError: SambaRecordOptions['onError']): Report {
  if (typeof onError === 'function') return onError
  return (error) => {
    if (onError !== 'skip') throw error
  }
}

// A batch is no larger than this many bytes give, however large the chunks are.
const sliceBytes = 1 << 16

/** Parses chunks of bytes or text, one chunk ahead of the consumer at most. */
export async function* batchesOf(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  report: Report,
  maxRecordBytes = 1 << 20,
): AsyncGenerator<readonly SambaSmsEvent[], void, undefined> {
  const parser = createParser(report, maxRecordBytes)
  const toBytes = createEncoder()
  for await (const chunk of chunks) {
    const bytes = toBytes(chunk)
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      yield* batch((events) => parser.push(bytes.subarray(at, at + sliceBytes), events))
    }
  }
  yield* batch((events) => parser.end(events))
}

/** The events that `parse` gives, also those from before it threw. */
function* batch(parse: (events: SambaSmsEvent[]) => void): Generator<readonly SambaSmsEvent[]> {
  const events: SambaSmsEvent[] = []
  try {
    parse(events)
  } catch (error) {
    if (events.length > 0) yield events
    throw error
  }
  if (events.length > 0) yield events
}

/** Chunks as bytes. A character beyond U+FFFF may be cut between two chunks of text, too. */
function createEncoder(): (chunk: unknown) => Uint8Array {
  const encoder = new TextEncoder()
  let high = ''
  return (chunk) => {
    if (chunk instanceof Uint8Array) return chunk
    if (typeof chunk !== 'string') {
      throw new StreamError('samba-source', 'Samba events can be read from chunks of bytes (Uint8Array) or text (string) only')
    }
    const text = high + chunk
    high = /[\uD800-\uDBFF]$/.test(text) ? text.slice(-1) : ''
    return encoder.encode(text.slice(0, text.length - high.length))
  }
}
