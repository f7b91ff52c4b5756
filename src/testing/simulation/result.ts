import type { Channel } from '../../contract/channel.ts'
import { OmnicascadeError } from '../../contract/errors.ts'
import type { NotificationRecord, Outcome } from '../../contract/record.ts'
import { costOf } from '../../cost/cost-of.ts'
import { type Distribution, distributionOf, momentsOf, valuesOf } from './distribution.ts'

/** A message that has reached its recipient. */
export interface Arrival {
  readonly idempotencyKey: string
  readonly step: number
  /** Unix milliseconds. */
  readonly at: number
}

/** One notification, and what really became of its messages. */
export interface Run {
  readonly record: NotificationRecord
  readonly arrivals: readonly Arrival[]
}

/** What a cascade comes to in a scenario. Shares are of the runs, between 0 and 1; times are in milliseconds from the start. */
export interface Simulation {
  readonly runs: number
  readonly seed: number
  /** How the notifications settled, by their records. `unsettled`: not within 30 days. */
  readonly outcomes: Readonly<Record<Outcome['status'] | 'unsettled', number>>
  /** Which channel settled them as delivered. */
  readonly deliveredBy: Readonly<Partial<Record<Channel, number>>>
  /** At least one message really reached its recipient, whatever the record says. */
  readonly reached: number
  /** Messages of more than one optional step did. */
  readonly duplicates: number
  /** To the first arrival, where there was one; null where there was none. */
  readonly timeToReach: Distribution | null
  /** To the moment at which the record settled. */
  readonly timeToSettle: Distribution | null
  /** Accepted messages per notification. */
  readonly messages: Readonly<Partial<Record<Channel, number>>>
  /** By the records; null where nothing has a price. */
  readonly cost:
    | (Distribution & {
        readonly currency: string /** All cost over the notifications delivered; null if none was. */
        readonly perDelivered: number | null
      })
    | null
}

/** One simulation, or several to compare, by what they are called. */
export type Simulations = Simulation | Readonly<Record<string, Simulation>>

/** Simulations and their names; one by itself has none. */
export function named(simulations: Simulations): readonly (readonly [name: string, simulation: Simulation])[] {
  return typeof simulations.runs === 'number'
    ? [['', simulations as Simulation]]
    : Object.entries(simulations as Record<string, Simulation>)
}

/** The channels that deliver or cost something in any of them, in the order in which they come up. */
export function channelsOf(simulations: readonly Simulation[]): readonly Channel[] {
  return [
    ...new Set(simulations.flatMap(({ messages, deliveredBy }) => [...Object.keys(messages), ...Object.keys(deliveredBy)])),
  ] as Channel[]
}

const statuses = ['delivered', 'failed', 'expired', 'cancelled', 'unsettled'] as const

/** Puts runs together. Throws (code `invalid-price`) where they cost several currencies. */
export function summarise(runs: readonly Run[], seed: number): Simulation {
  const share = (count: number) => count / runs.length
  const shares = <K extends string>(counts: ReadonlyMap<K, number>) =>
    Object.fromEntries([...counts].map(([key, count]) => [key, share(count)])) as Record<K, number>
  const outcomes = new Map<Outcome['status'] | 'unsettled', number>(statuses.map((status) => [status, 0]))
  const deliveredBy = new Map<Channel, number>()
  const messages = new Map<Channel, number>()
  const reached: number[] = []
  const settled: number[] = []
  let duplicates = 0
  for (const { record, arrivals } of runs) {
    const { outcome, steps, createdAt, settledAt } = record
    add(outcomes, outcome?.status ?? 'unsettled')
    if (outcome?.by) add(deliveredBy, outcome.by)
    for (const { channel, attempts } of steps)
      for (const { state } of attempts) if (state === 'accepted' || state === 'recalled') add(messages, channel)
    if (arrivals.length > 0) reached.push(Math.min(...arrivals.map(({ at }) => at)) - createdAt)
    if (settledAt !== null) settled.push(settledAt - createdAt)
    const optional = arrivals.filter(({ step }) => !steps[step]!.required)
    if (new Set(optional.map(({ step }) => step)).size > 1) duplicates++
  }
  return {
    runs: runs.length,
    seed,
    outcomes: shares(outcomes),
    deliveredBy: shares(deliveredBy),
    reached: share(reached.length),
    duplicates: share(duplicates),
    timeToReach: distributionOf(reached, momentsOf),
    timeToSettle: distributionOf(settled, momentsOf),
    messages: shares(messages),
    cost: costsOf(runs),
  }
}

function costsOf(runs: readonly Run[]): Simulation['cost'] {
  const bills = runs.map(({ record }) => costOf(record))
  const currencies = [...new Set(bills.flatMap((bill) => bill.map(({ currency }) => currency)))]
  if (currencies.length > 1)
    throw new OmnicascadeError(
      'invalid-price',
      `prices are in ${currencies.join(' and ')}: what a simulation costs needs one currency`,
    )
  const costs = bills.map((bill) => Number(bill[0]?.amount ?? 0))
  const delivered = runs.filter(({ record }) => record.outcome?.status === 'delivered').length
  const distribution = distributionOf(costs, valuesOf)
  if (currencies.length === 0 || distribution === null) return null
  const perDelivered = delivered === 0 ? null : (distribution.mean * runs.length) / delivered
  return { ...distribution, currency: currencies[0]!, perDelivered }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
