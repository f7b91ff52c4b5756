import { StreamError } from '../contract/errors.ts'
import { batchesOf, reportBy, type SambaRecordOptions } from './batches.ts'
import { eventsOf, type SambaEvents } from './iterate.ts'

/** Where an export can be read from: a stream or iterable of bytes or text, all of it at once, or a file. */
export type SambaSource =
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | string
  | Uint8Array
  | { readonly file: string | URL }

/** How an export is read. */
export interface SambaParseOptions extends SambaRecordOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads the events of an export that was saved or fetched by other means: one record per line, RFC 7464, pretty-printed, or any mixture.
 * Rejects with a `StreamError` (record number from 1, byte offset) on a record that cannot be read, unless `onError` says otherwise.
 */
export function parseSambaEvents(source: SambaSource, options: SambaParseOptions = {}): SambaEvents {
  const { onError, maxRecordBytes, signal } = options
  return eventsOf(() => batchesOf(untilAborted(chunksOf(source), signal), reportBy(onError), maxRecordBytes))
}

function chunksOf(source: SambaSource): AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof source === 'string' || source instanceof Uint8Array) return [source]
  return 'file' in source ? readFile(source.file) : source
}

async function* readFile(file: string | URL): AsyncGenerator<Uint8Array> {
  // Loaded here alone, so that the rest runs where there are no files.
  const { createReadStream } = await import('node:fs')
  try {
    yield* createReadStream(file, { highWaterMark: 1 << 16 }) as AsyncIterable<Uint8Array>
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StreamError('samba-file', `the file of Samba events could not be read (${code})`, {}, { cause: error })
  }
}

/** Ends with the signal's reason as soon as it is aborted, also while a chunk is waited for. */
async function* untilAborted(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown> {
  if (!signal) return yield* chunks
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
  try {
    for (;;) {
      const { value, done } = await Promise.race([aborted, iterator.next()])
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    // Not waited for: a source that is stuck would hold the abort up.
    void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
