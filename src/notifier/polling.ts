import { toMilliseconds } from '../contract/duration.ts'
import type { ChannelProvider, PollRequest } from '../contract/provider.ts'
import type { Receipt } from '../contract/receipt.ts'
import type { Clock } from '../contract/time.ts'
import { timeoutOf } from './call.ts'
import { thrownIn } from './classify.ts'
import { within } from './within.ts'

// Loaded when a provider that is polled has accepted a message.

/** Asks vendors that send no webhooks what became of their messages. */
export interface Polling {
  /** Asks about a message from time to time, ever more rarely, until `until`. */
  expect(provider: ChannelProvider, message: PollRequest, until: number): void
  /** Asks about a message now; true if anything new was heard. Never rejects. */
  ask(provider: ChannelProvider, message: PollRequest): Promise<boolean>
  stop(): void
}

/** What polling needs. */
export interface PollingContext {
  readonly clock: Clock
  readonly ingest: (receipts: readonly Receipt[]) => Promise<{ readonly applied: number }>
  /** Work that nobody waits for. */
  readonly track: (work: Promise<unknown>) => unknown
  readonly onError: (error: unknown) => void
}

interface Expected {
  readonly message: PollRequest
  readonly until: number
  next: number
  gap: number
}

interface Asked {
  readonly message: PollRequest
  readonly answer: (heard: boolean) => void
}

/** One provider's messages. */
interface Line {
  readonly provider: ChannelProvider
  readonly every: number
  readonly expected: Map<string, Expected>
  asked: Asked[]
  isAsking: boolean
  disarm: (() => void) | undefined
}

const defaultEvery = 15_000
// A message that has waited for long is asked about this rarely.
const slowest = 10 * 60_000
// As many as vendors take at a time.
const batch = 100
const ends: readonly Receipt['status'][] = ['delivered', 'read', 'clicked', 'failed', 'expired']

/** Nothing is expected yet. */
export function createPolling({ clock, ingest, track, onError }: PollingContext): Polling {
  const lines = new Map<string, Line>()
  let stopped = false

  function lineOf(provider: ChannelProvider): Line {
    const every = provider.pollEvery === undefined ? defaultEvery : toMilliseconds(provider.pollEvery)
    const line = lines.get(provider.name) ?? {
      provider,
      every,
      expected: new Map(),
      asked: [],
      isAsking: false,
      disarm: undefined,
    }
    lines.set(provider.name, line)
    return line
  }

  function arm(line: Line): void {
    if (stopped || line.expected.size === 0) return
    line.disarm ??= clock.setTimer(line.every, () => {
      line.disarm = undefined
      track(round(line).finally(() => arm(line)))
    })
  }

  async function round({ provider, expected }: Line): Promise<void> {
    const now = clock.now()
    const due: Expected[] = []
    for (const [key, one] of expected) {
      if (one.until <= now) expected.delete(key)
      else if (one.next <= now) due.push(one)
    }
    await Promise.all(
      due.map((one) => {
        one.gap = Math.min(2 * one.gap, slowest)
        one.next = now + one.gap
        return ask(provider, one.message)
      }),
    )
  }

  function ask(provider: ChannelProvider, message: PollRequest): Promise<boolean> {
    const line = lineOf(provider)
    const heard = new Promise<boolean>((answer) => line.asked.push({ message, answer }))
    if (!line.isAsking) track(askAll(line))
    return heard
  }

  /** One call at a time: what is asked meanwhile goes with the next, as much as fits. */
  async function askAll(line: Line): Promise<void> {
    line.isAsking = true
    // Those who ask in the same breath go together.
    await Promise.resolve()
    while (line.asked.length > 0) {
      const asked = line.asked.splice(0, batch)
      const heard = !stopped && (await poll(line, asked))
      for (const { answer } of asked) answer(heard)
    }
    line.isAsking = false
  }

  async function poll({ provider, expected }: Line, asked: readonly Asked[]): Promise<boolean> {
    const abort = new AbortController()
    const messages = asked.map(({ message }) => message)
    const polled = (async () => provider.poll!(messages, { signal: abort.signal }))().catch((error) => {
      throw thrownIn('poll', provider.name, error)
    })
    try {
      const receipts = await within<readonly Receipt[] | undefined>(polled, timeoutOf(provider), clock, () => undefined)
      if (receipts === undefined) throw new Error(`${provider.name} did not answer in time (in its poll)`)
      const { applied } = await ingest(receipts)
      for (const { keys, messageId, status } of receipts)
        if (ends.includes(status)) for (const key of [messageId, ...keys]) expected.delete(key ?? '')
      return applied > 0
    } catch (error) {
      onError(error)
      return false
    } finally {
      abort.abort()
    }
  }

  return {
    expect(provider, message, until) {
      const line = lineOf(provider)
      const { every: gap } = line
      line.expected.set(message.messageId ?? message.keys[0] ?? '', { message, until, next: clock.now() + gap, gap })
      arm(line)
    },
    ask,
    stop() {
      stopped = true
      for (const { disarm } of lines.values()) disarm?.()
    },
  }
}
