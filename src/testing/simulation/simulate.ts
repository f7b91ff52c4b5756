import { type Channel, channels } from '../../contract/channel.ts'
import type { ContentByChannel } from '../../contract/content.ts'
import { RequestError } from '../../contract/errors.ts'
import type { ChannelProvider } from '../../contract/provider.ts'
import type { NotificationRequest, StepInput } from '../../contract/request.ts'
import type { NotifierOptions } from '../../notifier/notifier.ts'
import { type Run, type Simulation, summarise } from './result.ts'
import { runAll } from './run.ts'
import { pricesOf, providersOf, type Scenario } from './scenario.ts'

/** A request to simulate. Whoever has no recipient and no content gets some for each channel. */
export type SimulatedRequest = Omit<NotificationRequest, 'to' | 'idempotencyKey'> & Partial<Pick<NotificationRequest, 'to'>>

/** How often and when a cascade is simulated, and the app's own options where they matter: `simulate(cascade, scenario, { ...options, runs: 10_000 })`. */
export interface SimulateOptions
  extends Partial<
    Pick<NotifierOptions<readonly ChannelProvider[]>, 'providers' | 'prices' | 'defaults' | 'retry' | 'routing' | 'reliability'>
  > {
  /** Default 1000. */
  readonly runs?: number
  /** The same seed gives the same result. Default 1. */
  readonly seed?: number
  /** When each run starts: Unix milliseconds. Default: noon of 5 January 2026, a Monday, in UTC. */
  readonly start?: number
  /** Of the scenario's prices that are numbers. Default `EUR`. */
  readonly currency?: string
  /** Ends the simulation early: it then rejects. */
  readonly signal?: AbortSignal
}

const anybody = {
  phone: '+420777123456',
  email: 'ada@example.org',
  push: 'token',
  telegram: 1,
  vk: 1,
  ok: 'ok',
  chat: 'chat',
}
const anything = Object.fromEntries(
  channels.map((channel) => [channel, channel === 'email' ? { subject: 'Hello', text: 'Hello' } : { text: 'Hello' }]),
) as { readonly [C in Channel]: ContentByChannel[C] }

// So many are under way at a time: more would cost memory, and gain nothing.
const batch = 500

/**
 * What a cascade would come to if its channels behaved as `scenario` says: the notifier itself is run, many times, on virtual time. Each run is a notification by
 * itself, so circuits and limits play no part. Rejects with a `RequestError` for a request or a scenario that cannot work.
 */
export async function simulate(
  cascade: readonly StepInput[] | SimulatedRequest,
  scenario: Scenario = {},
  options: SimulateOptions = {},
): Promise<Simulation> {
  const { runs = 1000, seed = 1, start = Date.UTC(2026, 0, 5, 12), currency = 'EUR', signal } = options
  if (!Number.isInteger(runs) || runs < 1)
    throw new RequestError('simulate', [{ path: 'runs', message: 'is not a whole number of at least 1' }])
  const given = Array.isArray(cascade) ? { cascade: cascade as readonly StepInput[] } : (cascade as SimulatedRequest)
  const request: NotificationRequest = {
    to: anybody,
    ...(given.template === undefined && given.content === undefined && { content: anything }),
    ...given,
  }
  const providers = providersOf(scenario, options.providers)
  const prices = pricesOf(scenario, providers, options.prices, currency)
  const done: Run[] = []
  while (done.length < runs) {
    signal?.throwIfAborted()
    const ids = Array.from({ length: Math.min(batch, runs - done.length) }, (_, at) => String(done.length + at))
    done.push(...(await runAll(ids, { ...options, request, scenario, providers, prices, seed, start })))
  }
  return summarise(done, seed)
}
