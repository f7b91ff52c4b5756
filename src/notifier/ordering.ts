import type { Effect } from '../cascade/input.ts'
import type { Channel, Recipient } from '../contract/channel.ts'
import { OmnicascadeError } from '../contract/errors.ts'
import type { Price } from '../contract/price.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'
import type { CascadeOrder } from '../contract/request.ts'
import { createDeliveryRates } from './delivery-rates.ts'
import { cheapestFirst, type PricingContext, priceOfStep, rankProviders } from './pricing.ts'
import { reaching } from './reaching.ts'
import { type RenderContext, render } from './render.ts'

// Loaded with the first request whose steps are to be put in order.

/** A step whose chance of delivery is asked for. */
export interface ReliabilityQuestion {
  readonly channel: Channel
  /** Those that reach the recipient, in the order in which they are tried. */
  readonly providers: readonly string[]
  readonly recipient: Recipient
}

/** The app's own word on how likely a step is to deliver, from 0 to 1; undefined to go by what this process has seen. */
export type Reliability = (question: ReliabilityQuestion) => number | undefined

/** What ordering needs. */
export interface OrderingContext extends PricingContext {
  readonly providers: readonly ChannelProvider[]
  readonly rendering: RenderContext
  readonly reliability: Reliability | undefined
}

/** Puts the optional steps of a cascade in order, and learns which channels deliver. */
export interface Ordering {
  apply(planned: NotificationRecord, order: CascadeOrder): Promise<NotificationRecord>
  /** A change was stored by this process. */
  note(record: NotificationRecord, effects: readonly Effect[]): void
}

/** Nothing is known of any channel yet. */
export function createOrdering(context: OrderingContext): Ordering {
  const { providers, reliability, onFault } = context
  const rates = createDeliveryRates()
  const rendering = { ...context.rendering, dryRun: true, onShortened: () => {} }

  async function priceOf(record: NotificationRecord, step: StepRecord): Promise<Price | undefined> {
    const able = reaching(providers, step, record)
    if (step.state === 'skipped' || able.length === 0) return undefined
    const rendered = await render(record, [step.channel], rendering)
    if (!('content' in rendered)) return undefined
    const [first] = rankProviders(context, record, step, able, rendered.content)
    return priceOfStep(context, record, step, first!, rendered.content)
  }

  function rateOf(record: NotificationRecord, step: StepRecord): number {
    const question = {
      channel: step.channel,
      providers: reaching(providers, step, record).map(({ name }) => name),
      recipient: record.to,
    }
    try {
      const rate = reliability?.(question)
      if (rate !== undefined && !(rate >= 0 && rate <= 1)) {
        // An async function may fail later still.
        Promise.resolve(rate).catch(() => {})
        onFault(record.id, new OmnicascadeError('invalid-reliability', 'reliability gave no number from 0 to 1, nor undefined'))
      } else if (rate !== undefined) return rate
    } catch (error) {
      onFault(record.id, error)
    }
    return rates.of(step.channel)
  }

  return {
    note: rates.note,
    async apply(record, order) {
      const optional = [...record.steps.keys()].filter((index) => !record.steps[index]!.required)
      if (optional.length < 2) return record
      if (order === 'cheapest') {
        const prices = await Promise.all(record.steps.map((step) => (step.required ? undefined : priceOf(record, step))))
        return rearranged(
          record,
          optional,
          cheapestFirst(context, record.id, optional, (index) => prices[index]),
        )
      }
      const likely = record.steps.map((step) => (step.required ? 0 : rateOf(record, step)))
      return rearranged(
        record,
        optional,
        optional.toSorted((a, b) => likely[b]! - likely[a]!),
      )
    },
  }
}

/** The record with its optional steps in their new order, at the places that they had among the required ones. */
function rearranged(record: NotificationRecord, places: readonly number[], order: readonly number[]): NotificationRecord {
  const from = [...record.steps.keys()]
  for (const [rank, place] of places.entries()) from[place] = order[rank]!
  return {
    ...record,
    steps: from.map((index) => record.steps[index]!),
    timeline: record.timeline.map((entry) => ('step' in entry ? { ...entry, step: from.indexOf(entry.step) } : entry)),
  }
}
