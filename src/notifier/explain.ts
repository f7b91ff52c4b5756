import { receiptsOf, serves } from '../cascade/address.ts'
import type { Input } from '../cascade/input.ts'
import { step as advance } from '../cascade/machine.ts'
import type { Channel } from '../contract/channel.ts'
import type { Content } from '../contract/content.ts'
import type { Failure } from '../contract/failure.ts'
import type { ShortenedText } from '../contract/links.ts'
import { type Price, totalOf } from '../contract/price.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { NotificationRecord, StepReason } from '../contract/record.ts'
import { countSegments, type SegmentCount } from '../text/sms.ts'
import { type PricingContext, priceOfStep, rankProviders } from './pricing.ts'
import { reaching } from './reaching.ts'
import { type RenderContext, render } from './render.ts'

/** What a step would do. */
export interface StepExplanation {
  readonly step: number
  readonly channel: Channel
  readonly required: boolean
  /** Whether it can apply; if not, `reason` says why. */
  readonly applies: boolean
  readonly reason: StepReason | null
  /** What must have happened for it to start. */
  readonly when: 'at once' | 'if the steps before fail' | 'if the steps before have not delivered by then' | null
  /** When it starts if every step before it fails in the slowest way (silence); Unix milliseconds. Null if it never would. */
  readonly startsAt: number | null
  /** How long it waits for delivery, in milliseconds. */
  readonly within: number
  /** Providers that would be tried, in the order given to the notifier, or the cheapest first where `routing` says so. */
  readonly providers: readonly string[]
  /** What would be sent, by channel, with short links. */
  readonly content: Content | null
  /** Why it could not be rendered. */
  readonly failure: Failure | null
  /** For SMS: encoding, segments, and what forces UCS-2. */
  readonly segments: SegmentCount | null
  readonly links: ShortenedText['links']
  /** What it would cost through the first of `providers`; null where there is no price for it. */
  readonly cost: Price | null
}

/** What a notification would cost, one amount for each currency, with the required steps in any case. */
export interface CostExplanation {
  /** If the first step of the chain delivers. */
  readonly best: readonly Price[]
  /** If each step is accepted, and none before the last delivers. */
  readonly worst: readonly Price[]
  /** Indices of the steps that could be sent and have no price: these sums leave them out. */
  readonly unpriced: readonly number[]
}

/** A dry run: what `send` would do with the same request now. */
export interface Explanation {
  readonly sendAt: number
  readonly expiresAt: number | null
  readonly steps: readonly StepExplanation[]
  /** Null where the notifier has no `prices`. */
  readonly cost: CostExplanation | null
}

/** Runs the same machine as `send` on a planned record, with silence for an answer, and renders each step. Sends and stores nothing. */
export async function explainRecord(
  planned: NotificationRecord,
  providers: readonly ChannelProvider[],
  context: RenderContext,
  pricing: PricingContext,
): Promise<Explanation> {
  const starts = simulate(planned, providers)
  const steps = planned.steps.map(async (step, index): Promise<StepExplanation> => {
    const applies = step.state !== 'skipped'
    const channels = step.delegated ?? [step.channel]
    const links: ShortenedText['links'][number][] = []
    const rendered = applies
      ? await render(planned, channels, { ...context, onShortened: (_id, _channel, shortened) => links.push(...shortened.links) })
      : null
    const content = rendered !== null && 'content' in rendered ? rendered.content : null
    const able = reaching(providers, step, planned)
    const tried = content === null ? able : rankProviders(pricing, planned, step, able, content)
    return {
      step: index,
      channel: step.channel,
      required: step.required,
      applies,
      reason: step.reason,
      when: applies ? whenOf(planned, index, providers) : null,
      startsAt: starts.get(index) ?? null,
      within: step.within,
      providers: tried.map(({ name }) => name),
      content,
      failure: failureIn(rendered),
      segments: content?.sms === undefined ? null : countSegments(content.sms.text),
      links,
      cost: (content && tried[0] && priceOfStep(pricing, planned, step, tried[0], content)) ?? null,
    }
  })
  const explained = await Promise.all(steps)
  const cost = pricing.prices === undefined ? null : costFrom(explained)
  return { sendAt: planned.sendAt, expiresAt: planned.expiresAt, steps: explained, cost }
}

function costFrom(steps: readonly StepExplanation[]): CostExplanation {
  const sent = steps.filter(({ content }) => content !== null)
  const first = sent.find(({ required }) => !required)
  const total = (charged: readonly StepExplanation[]) => totalOf(charged.flatMap(({ cost }) => cost ?? []))
  return {
    best: total(sent.filter((step) => step.required || step === first)),
    worst: total(sent),
    unpriced: sent.filter(({ cost }) => cost === null).map(({ step }) => step),
  }
}

/** When each step would start if nothing ever delivered: silence where receipts would tell, a plain failure where they would not. */
function simulate(planned: NotificationRecord, providers: readonly ChannelProvider[]): Map<number, number> {
  const starts = new Map<number, number>()
  let record = planned
  let at = planned.dueAt ?? planned.createdAt
  while (record.settledAt === null) {
    const inputs: Input[] = [{ type: 'woke', at }]
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      const transition = advance(record, input)
      record = transition.record
      for (const effect of transition.effects) {
        if (effect.type === 'begin') {
          const step = record.steps[effect.step]!
          const provider = reaching(providers, step, record)[0]!
          if (!starts.has(effect.step)) starts.set(effect.step, at)
          const facts = {
            name: provider.name,
            receipts: receiptsOf(provider, step.channel),
            idempotent: false,
            cancellable: false,
          }
          inputs.push({
            type: 'started',
            at,
            step: effect.step,
            attempt: effect.attempt,
            provider: facts,
            to: null,
            keys: [],
            leaseUntil: at,
          })
        } else if (effect.type === 'send') {
          const { receipts } = record.steps[effect.step]!.attempts[effect.attempt]!
          const place = { at, step: effect.step, attempt: effect.attempt }
          if (receipts === 'full') inputs.push({ type: 'accepted', ...place, messageId: null, keys: [], status: 'accepted' })
          else inputs.push({ type: 'rejected', ...place, failure: { kind: 'recipient', message: 'supposed' }, random: 0 })
        }
      }
    }
    at = Math.max(at, record.dueAt ?? at)
  }
  return starts
}

function whenOf(record: NotificationRecord, index: number, providers: readonly ChannelProvider[]): StepExplanation['when'] {
  const step = record.steps[index]!
  const before = record.steps.slice(0, index).filter((other) => !other.required && other.state !== 'skipped')
  if (step.required || before.length === 0) return 'at once'
  const waits = before.some((other) =>
    providers.some((provider) => serves(provider, other) && receiptsOf(provider, other.channel) === 'full'),
  )
  return waits ? 'if the steps before have not delivered by then' : 'if the steps before fail'
}

function failureIn(rendered: Awaited<ReturnType<typeof render>> | null): Failure | null {
  if (rendered === null || 'content' in rendered) return null
  if ('failure' in rendered) return rendered.failure
  if ('fault' in rendered) return { kind: 'transient', message: rendered.fault.message }
  return { kind: 'content', message: `template "${rendered.missing.template}" is not registered in this process` }
}
