import type { Effect } from '../../../src/cascade/input.ts'
import type { TimelineEntry } from '../../../src/contract/events.ts'
import type { AttemptRecord, NotificationRecord, Outcome, StepRecord } from '../../../src/contract/record.ts'
import {
  all,
  asFar,
  attempts,
  callState,
  chain,
  confirmed,
  ending,
  type Fact,
  type FactOf,
  has,
  reached,
  reportedFailure,
  type Story,
  stateOf,
  status,
  stepNumbers,
  successes,
  waitOf,
  winners,
} from './facts.ts'

type Known = Pick<StepRecord, 'state' | 'reason' | 'dueAt' | 'endedAt' | 'excluded' | 'holds'> & {
  readonly attempts: readonly AttemptRecord[]
}

/** The changing half of a record. */
export type View = Pick<NotificationRecord, 'cancelRequestedAt' | 'settledAt' | 'outcome' | 'dueAt'> & {
  readonly steps: readonly Known[]
}

export function viewOf(story: Story): View {
  const settledAt = all(story, 'settled')[0]?.at ?? null
  const steps = stepNumbers(story).map((step) => stepOf(story, step))
  // A step that has not started by `expiresAt` is dealt with then.
  const expiry = steps.some(({ state }) => state === 'ready') ? story.cascade.expiresAt : null
  const waits = [...steps.map(({ dueAt }) => dueAt), expiry].filter((due) => due !== null)
  const dueAt = has(story, 'begun') ? Math.min(...waits) : story.cascade.sendAt
  return {
    steps,
    cancelRequestedAt: all(story, 'cancel')[0]?.at ?? null,
    settledAt,
    outcome: settledAt === null ? null : outcomeOf(story),
    dueAt: settledAt === null ? dueAt : null,
  }
}

function stepOf(story: Story, step: number): Known {
  const ended = ending(story, step)
  return {
    state: stateOf(story, step),
    reason: ended?.reason ?? null,
    dueAt: waitOf(story, step)?.until ?? null,
    endedAt: ended?.at ?? null,
    excluded: all(story, 'given up', step).map(({ provider }) => provider),
    holds: all(story, 'waits', step).filter(({ wait }) => wait.for === 'no-provider').length,
    attempts: attempts(story, step).map(({ attempt }) => attemptOf(story, step, attempt)),
  }
}

function attemptOf(story: Story, step: number, attempt: number): AttemptRecord {
  const { provider, at, to, keys } = attempts(story, step)[attempt]!
  const { name, ...facts } = provider
  const taken = all(story, 'accepted', step, attempt)[0]
  const refused = all(story, 'refused', step, attempt)
  return {
    provider: name,
    ...facts,
    to,
    idempotencyKey: `${story.cascade.id}.${step}.${repeated(story, step, attempt)}`,
    state: callState(story, step, attempt),
    startedAt: at,
    endedAt: [...refused, ...(taken ? [taken] : [])].at(-1)?.at ?? null,
    messageId: taken?.messageId ?? null,
    keys: [...new Set([...keys, ...(taken?.keys ?? [])])],
    status: status(story, step, attempt),
    assumed: isAssumedOf(story, step, attempt),
    receiptFailure: reportedFailure(story, step, attempt),
    failure: refused.at(-1)?.failure ?? null,
  }
}

/** The attempt that this one repeats, or itself: the first of those through its provider of which nobody knew when it was made. */
function repeated(story: Story, step: number, attempt: number): number {
  const call = attempts(story, step)[attempt]!
  const then = { ...story, facts: story.facts.slice(0, story.facts.indexOf(call)) }
  const doubts = attempts(then, step).filter((other) => callState(then, step, other.attempt) === 'unknown')
  return doubts.find(({ provider }) => provider.name === call.provider.name)?.attempt ?? attempt
}

/** How the notification stands now that every step has ended. */
export function outcomeOf(story: Story): Outcome {
  const { steps } = story.cascade
  const isChain = chain(story).length > 0
  const failedRequired = stepNumbers(story).filter((step) => steps[step]!.required && !successes(story).includes(step))
  const isDelivered = isChain ? winners(story).length > 0 : failedRequired.length === 0
  // Required steps that stand for themselves are told under the name of the first.
  const told = [...all(story, 'settled'), ...all(story, 'corrected')].find(({ outcome }) => outcome.status === 'delivered')
  const by = isDelivered ? (told?.outcome.step ?? (isChain ? winners(story)[0]! : 0)) : null
  const counting = by === null ? [] : isChain ? [by] : stepNumbers(story)
  const endings = stepNumbers(story).map((step) => ending(story, step)!)
  const isCut = (isChain ? chain(story) : stepNumbers(story)).some((step) => endings[step]!.reason === 'expired')
  const status = isDelivered ? 'delivered' : has(story, 'cancel') ? 'cancelled' : isCut ? 'expired' : 'failed'
  return {
    status,
    by: by === null ? null : steps[by]!.channel,
    step: by,
    assumed: counting.some((step) => isAssumed(story, step)),
    duplicateDelivery: winners(story).length > 1,
    failedRequired,
    reason: status === 'failed' && !has(story, 'called') ? 'no-applicable-step' : null,
    steps: endings.map(({ as, reason }, step) => ({
      step,
      channel: steps[step]!.channel,
      required: steps[step]!.required,
      state: as,
      reason,
      status: furthestOf(story, step),
    })),
  }
}

/** `delivered` because of silence or `assume-sent`, and nobody has said so since. */
const isAssumedOf = (story: Story, step: number, attempt: number) =>
  has(story, 'assumed', step, attempt) && !asFar(confirmed(story, step, attempt), 'delivered')

/** Nobody has confirmed that the step did what it is there for. */
const isAssumed = (story: Story, step: number) =>
  attempts(story, step).every((call) => isAssumedOf(story, step, call.attempt) || !reached(story, call))

function furthestOf(story: Story, step: number) {
  const statuses = attempts(story, step).map(({ attempt }) => status(story, step, attempt))
  return statuses.find((one) => statuses.every((other) => asFar(one, other))) ?? null
}

/** What the timeline says of a fact, if anything. */
export function entryOf(story: Story, fact: Fact): TimelineEntry | readonly TimelineEntry[] | undefined {
  const { at } = fact
  const channelOf = (step: number) => ({ step, channel: story.cascade.steps[step]!.channel })
  const attemptOf = (step: number, attempt: number) => ({
    ...channelOf(step),
    attempt,
    provider: attempts(story, step)[attempt]!.provider.name,
  })
  switch (fact.fact) {
    case 'waits':
      return heldEntry(story, fact)
    case 'called':
      return { type: 'attempt.started', at, ...attemptOf(fact.step, fact.attempt) }
    case 'accepted':
      return { type: 'attempt.accepted', at, ...attemptOf(fact.step, fact.attempt), messageId: fact.messageId }
    case 'refused':
      return { type: 'attempt.failed', at, ...attemptOf(fact.step, fact.attempt), failure: fact.failure, retryAt: fact.retryAt }
    case 'reported': {
      const { status, at: occurredAt, ...words } = fact.receipt
      const told = { type: 'attempt.receipt', at, ...attemptOf(fact.step, fact.attempt), status, occurredAt, ...words } as const
      return fact.contradicts ? [told, { type: 'attempt.contradicted', at, ...attemptOf(fact.step, fact.attempt), status }] : told
    }
    case 'ended':
      return endingEntry(story, fact)
    case 'cancel':
      return { type: 'notification.cancel-requested', at, answer: fact.answer }
    case 'delivered twice':
      return {
        type: 'notification.duplicate-delivery',
        at,
        channels: fact.steps.map((step) => story.cascade.steps[step]!.channel),
      }
    case 'settled':
    case 'corrected':
      return { type: `notification.${fact.fact}`, at, status: fact.outcome.status, by: fact.outcome.by }
    default:
      return undefined
  }
}

/** A wait that goes on for the same reason is told once; each closed window is another. */
function heldEntry(story: Story, fact: FactOf<'waits'>): TimelineEntry | undefined {
  const { step, at, until } = fact
  const reason = fact.wait.for
  if (reason === 'preparation' || reason === 'a start' || reason === 'retry' || reason === 'answer' || reason === 'receipt')
    return undefined
  const before = story.facts
    .slice(0, story.facts.indexOf(fact))
    .findLast((other) => 'step' in other && other.step === step && isTold(other))
  const goesOn = before?.fact === 'waits' && before.wait.for === reason && reason !== 'window' && reason !== 'no-provider'
  return goesOn ? undefined : { type: 'step.held', at, step, channel: story.cascade.steps[step]!.channel, until, reason }
}

const isTold = (fact: Fact) =>
  fact.fact === 'waits'
    ? !['preparation', 'a start', 'retry', 'answer', 'receipt'].includes(fact.wait.for)
    : !['assumed', 'recall asked', 'recalled', 'given up'].includes(fact.fact)

function endingEntry(story: Story, { step, at, as, reason, failure, late }: FactOf<'ended'>): TimelineEntry | undefined {
  const base = { at, step, channel: story.cascade.steps[step]!.channel }
  switch (as) {
    case 'succeeded':
      return { type: 'step.succeeded', ...base, assumed: isAssumed(story, step), late }
    case 'failed':
      return { type: 'step.failed', ...base, reason: reason!, ...(failure ? { failure } : {}) }
    case 'skipped':
      return { type: 'step.skipped', ...base, reason: reason! }
    case 'timed-out':
    case 'superseded':
    case 'recalled':
      return { type: `step.${as}`, ...base }
    default:
      return undefined
  }
}

/** What the shell must do on account of a fact. */
export function effectOf(story: Story, fact: Fact): Effect | undefined {
  if (fact.fact === 'called') return { type: 'send', step: fact.step, attempt: fact.attempt }
  if (fact.fact === 'recall asked') return { type: 'cancelAtProvider', step: fact.step, attempt: fact.attempt }
  if (fact.fact === 'waits' && fact.wait.for === 'preparation') {
    const attempt = attempts(story, fact.step).length
    return { type: 'begin', step: fact.step, attempt, prefer: fact.wait.prefer, only: fact.wait.only }
  }
  return undefined
}
