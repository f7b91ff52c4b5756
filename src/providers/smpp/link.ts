import { SendError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { unlessAborted } from '../../wire/abort.ts'
import type { Pdu } from './library.ts'
import type { Session } from './session.ts'
import { createWindow } from './window.ts'

/** A connection that is kept: made on first use, looked after, and made again when it is lost. */
export interface Link {
  /** Connects, unless it is connected or waits before the next try. */
  start(): void
  /** Sends one `submit_sm`. Rejects with a `SendError`: `transient` until it was written, `unknown` from then on. */
  submit(fields: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Pdu>
  close(): Promise<void>
}

/** Milliseconds, but for `window`. */
export interface LinkOptions {
  readonly clock: Clock
  readonly window: number
  readonly enquireEvery: number
}

const firstDelay = 1000
const longestDelay = 60_000

/** Keeps one session. A lost one is made again at once if it ever answered, else after 1 s, 2 s, 4 s, … up to a minute. */
export function keepLink(
  open: (signal: AbortSignal) => Promise<Session>,
  { clock, window: size, enquireEvery }: LinkOptions,
): Link {
  const window = createWindow(size)
  let session: Promise<Session> | undefined
  let failures = 0
  let refusal: SendError | undefined
  let retryAt = 0
  let stopTimer = () => {}
  const closing = new AbortController()

  function connect(): Promise<Session> {
    const opening = open(closing.signal)
    session = opening
    opening.then(watch, retry)
    return opening
  }

  function watch(live: Session): void {
    refusal = undefined
    const stop = enquire(live)
    void live.closed.then(() => {
      stop()
      if (failures === 0 && !closing.signal.aborted) {
        failures = 1
        void connect().catch(() => {})
      } else retry(new SendError('transient', 'the connection to the SMSC is lost'))
    })
  }

  function retry(error: SendError): void {
    session = undefined
    if (closing.signal.aborted) return
    const delay = Math.min(longestDelay, firstDelay * 2 ** failures)
    failures++
    refusal = error
    retryAt = clock.now() + delay
    stopTimer = clock.setTimer(delay, () => void connect().catch(() => {}))
  }

  function enquire(live: Session): () => void {
    let stop = () => {}
    const beat = () => {
      stop = clock.setTimer(enquireEvery, () => void live.call('enquire_link').then(answered, live.destroy))
    }
    const answered = () => {
      failures = 0
      beat()
    }
    beat()
    return () => stop()
  }

  async function bound(): Promise<Session> {
    if (closing.signal.aborted) throw new SendError('transient', 'the provider is closed')
    if (session === undefined && refusal !== undefined) {
      const { kind, message, vendorCode: code } = refusal
      throw new SendError(kind, message, { code, retryAfter: Math.max(0, retryAt - clock.now()) })
    }
    return session ?? connect()
  }

  return {
    start: () => void bound().catch(() => {}),
    async submit(fields, signal) {
      const leave = await window.enter(signal)
      let live: Session
      try {
        const cut = () => new SendError('transient', 'the call was cut before the SMSC was reached')
        live = await unlessAborted(bound(), signal, cut)
      } catch (error) {
        leave()
        throw error
      }
      const answer = live.call('submit_sm', fields)
      // A call that is cut keeps its place until the SMSC has answered it.
      answer.then(() => (failures = 0)).then(leave, leave)
      return unlessAborted(answer, signal, () => new SendError('unknown', 'the call was cut before the SMSC had answered'))
    },
    async close() {
      closing.abort()
      stopTimer()
      const live = await session?.catch(() => undefined)
      await live?.end()
    },
  }
}
