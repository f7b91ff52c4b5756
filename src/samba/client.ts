import { RequestError } from '../contract/errors.ts'
import type { Issue } from '../contract/template.ts'
import type { Clock } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { batchesOf, reportBy, type SambaRecordOptions } from './batches.ts'
import type { SambaSmsEvent } from './events.ts'
import { eventsOf, type SambaEvents } from './iterate.ts'
import type { Report } from './parser.ts'
import { fixedRange, rangeOf, type SambaRange } from './range.ts'
import { createReplay } from './replay.ts'
import { createRequest, Interruption, type SambaRequest } from './request.ts'
import { wait } from './wait.ts'

/** An account of Samba. */
export interface SambaClientOptions {
  /** Settings > Overview. A string, for a number may be too long to be exact. */
  readonly trackpointId: string | number
  readonly apiKey: string
  /** `api.samba.ai` (default) if you log in at app.samba.ai, `api.yottly.com` if at enterprise.samba.ai. */
  readonly host?: 'api.samba.ai' | 'api.yottly.com' | (string & {})
  /** In place of `host`, for a proxy or a test. */
  readonly baseUrl?: string
  /** How often an export is asked for again when a connection breaks, or Samba answers 429 or 5xx. Default 5, over the whole export. */
  readonly retries?: number
  readonly fetch?: typeof globalThis.fetch
  readonly clock?: Clock
}

/** What to export, and how to read it. */
export interface SambaExportOptions extends SambaRecordOptions {
  /** The first moment, inclusive: a Date or Unix milliseconds, at most 90 days ago. Default: 90 days before `to`. */
  readonly from?: Date | number | undefined
  /** The last moment, inclusive. Default: now. */
  readonly to?: Date | number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A client of Samba's export API. */
export interface SambaClient {
  /**
   * Every SMS event of a period, in the order Samba sends them (which is not documented), each iteration by a request of its own.
   * Throws a `RequestError` for a period that cannot be exported. Iteration rejects with a `StreamError`, whose `code` is
   * `samba-unauthorized`, `samba-unknown-trackpoint`, `samba-rate-limited`, `samba-unavailable`, `samba-interrupted`, `samba-redirected`,
   * `samba-refused`, `samba-resume-diverged`, `samba-malformed-record` or `samba-truncated-record`; or with the signal's reason.
   * An answer that ends within a record counts as a cut, and is no record for `onError` to skip.
   */
  exportSmsEvents(options?: SambaExportOptions): SambaEvents
}

/** Connects nothing yet. Throws a `RequestError` for options that cannot work. */
export function createSambaClient(options: SambaClientOptions): SambaClient {
  checkClient(options)
  const {
    trackpointId,
    apiKey,
    host = 'api.samba.ai',
    baseUrl = `https://${host}`,
    retries = 5,
    fetch,
    clock = systemClock,
  } = options
  const request = createRequest({ baseUrl, trackpointId: String(trackpointId), apiKey, fetch })
  return {
    exportSmsEvents(exportOptions = {}) {
      const range = rangeOf(exportOptions.from, exportOptions.to, clock.now())
      return eventsOf(() => exportBatches({ request, clock, retries, range }, exportOptions))
    },
  }
}

interface Export {
  readonly request: SambaRequest
  readonly clock: Clock
  readonly retries: number
  readonly range: SambaRange
}

async function* exportBatches(
  { request, clock, retries, range }: Export,
  { signal, onError, maxRecordBytes }: SambaExportOptions,
): AsyncGenerator<readonly SambaSmsEvent[], void, undefined> {
  const replay = createReplay(reportBy(onError))
  const report: Report = (error) => {
    // Not the caller's to skip: a connection may end well though it was cut, and the rest would be missing.
    if (error.code === 'samba-truncated-record') throw new Interruption(error)
    replay.report(error)
  }
  let asked = range
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    try {
      const { chunks, date } = await request(asked, signal)
      if (asked === range) {
        const now = date ?? clock.now()
        // The server names a whole second.
        asked = fixedRange(range, now, date === undefined ? now : now + 999)
      }
      replay.restart()
      for await (const batch of batchesOf(chunks, report, maxRecordBytes)) {
        const fresh = replay.fresh(batch)
        if (fresh.length > 0) yield fresh
      }
      return replay.finish()
    } catch (error) {
      if (!(error instanceof Interruption)) throw error
      failures++
      const delay = error.retryAfter ?? Math.min(60_000, 500 * 2 ** failures)
      if (failures > retries || delay > longestDelay) throw error.error
      await wait(clock, delay, signal)
    }
  }
}

// A server that asks for more is left to the caller.
const longestDelay = 300_000

function checkClient({ trackpointId, apiKey, baseUrl, host, retries }: SambaClientOptions): void {
  const issues: Issue[] = []
  if (typeof trackpointId === 'number' ? !Number.isSafeInteger(trackpointId) : !/^[\w-]+$/.test(trackpointId)) {
    issues.push({ path: 'trackpointId', message: 'must be the id from Settings > Overview, as a string if it is past 2^53' })
  }
  // Checked here, for fetch would put a key that no header can hold into its error.
  if (typeof apiKey !== 'string' || !/^[\x21-\x7e]+$/.test(apiKey)) {
    issues.push({ path: 'apiKey', message: 'must be visible ASCII characters without spaces' })
  }
  if (host !== undefined && !/^[\w.-]+(:\d+)?$/.test(host))
    issues.push({ path: 'host', message: 'must be a host name, without https://' })
  if (baseUrl !== undefined && !/^https?:/.test(URL.parse(baseUrl)?.protocol ?? '')) {
    issues.push({ path: 'baseUrl', message: 'must be an absolute http(s) URL' })
  }
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    issues.push({ path: 'retries', message: 'must be a whole number, 0 or more' })
  }
  if (issues.length > 0) throw new RequestError('createSambaClient', issues, 'invalid-options')
}
