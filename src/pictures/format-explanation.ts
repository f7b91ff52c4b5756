import { because, clockOf, fault, plain } from '../cascade/timeline-words.ts'
import type { Price } from '../contract/price.ts'
import type { Explanation, StepExplanation } from '../notifier/explain.ts'
import { span } from './span.ts'

/** How `formatExplanation` writes. */
export interface FormatExplanationOptions {
  /** IANA zone of the clock times; UTC when left out. */
  readonly timeZone?: string
}

/**
 * What `explain` found, for people: a line for each channel with the moment at which it starts if nobody answers before, and below it who would
 * send it, what it would take, and what is wrong. Neither addresses nor content are shown. Throws a `RequestError` for a time zone that does not exist.
 */
export function formatExplanation(
  { sendAt, expiresAt, steps, cost }: Explanation,
  { timeZone = 'UTC' }: FormatExplanationOptions = {},
): string {
  const { day, clock } = clockOf(sendAt, timeZone)
  const width = Math.max(0, ...steps.map(({ channel }) => channel.length))
  const indent = ' '.repeat(width + 5)
  const lines = steps.flatMap((step) => [
    `${step.step + 1}. ${step.channel.padEnd(width)}  ${startOf(step, sendAt, clock)}`,
    ...notesOf(step).map((note) => indent + note),
  ])
  return [
    `plan: sent at ${clock(sendAt)}${expiresAt === null ? '' : `, expires at ${clock(expiresAt)}`} (${day}, ${timeZone})`,
    ...lines,
    ...(cost === null
      ? []
      : [`costs ${sum(cost.best)} if the first channel delivers, at most ${sum(cost.worst)}${missing(cost.unpriced)}`]),
  ]
    .map(plain)
    .join('\n')
}

function startOf(step: StepExplanation, sendAt: number, clock: (time: number) => string): string {
  if (!step.applies) return `skipped: ${because(step.reason ?? '')}`
  const when = step.required ? 'in any case' : step.when
  if (step.startsAt === null) return `${when}: never, for the notification has ended by then`
  const after = step.startsAt > sendAt ? ` (+${span(step.startsAt - sendAt)})` : ''
  return `${when}: ${clock(step.startsAt)}${after}`
}

function notesOf({ applies, providers, within, segments, links, failure, cost }: StepExplanation): string[] {
  if (!applies) return []
  const takes = [
    `by ${providers.join(', then ')}`,
    `waits ${span(within)} for a receipt where one can come`,
    ...(segments === null
      ? []
      : [`${segments.segments} SMS ${segments.segments === 1 ? 'segment' : 'segments'} (${segments.encoding})`]),
    ...(links.length === 0 ? [] : [`${links.length} short ${links.length === 1 ? 'link' : 'links'}`]),
    ...(cost === null ? [] : [price(cost)]),
  ]
  return [takes.join(', '), ...(failure === null ? [] : [`cannot be sent: ${fault(failure)}`])]
}

function price({ amount, currency }: Price): string {
  return `${amount} ${currency}`
}

function sum(prices: readonly Price[]): string {
  return prices.length === 0 ? 'nothing' : prices.map(price).join(' + ')
}

function missing(unpriced: readonly number[]): string {
  return unpriced.length === 0
    ? ''
    : `; no price is known of ${unpriced.length === 1 ? 'step' : 'steps'} ${unpriced.map((step) => step + 1).join(', ')}`
}
