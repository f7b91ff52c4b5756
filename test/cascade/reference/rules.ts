import type { Failure } from '../../../src/contract/failure.ts'
import type { StepReason, StepState } from '../../../src/contract/record.ts'
import {
  all,
  asFar,
  attempts,
  callState,
  chain,
  confirmed,
  ending,
  type Fact,
  has,
  inDoubt,
  isOut,
  reached,
  reportedFailure,
  type Story,
  standing,
  stateOf,
  status,
  stepNumbers,
  successes,
  waitOf,
  winners,
} from './facts.ts'
import { nextOpening } from './hours.ts'
import { outcomeOf } from './view.ts'

/** When, and whether in a process that leaves the work to others. */
export interface Now {
  readonly at: number
  readonly defers?: boolean | undefined
}

export const add = (story: Story, ...facts: Fact[]): Story => ({ ...story, facts: [...story.facts, ...facts] })

/** The step has ended, or ends another way: late, if it had ended already. */
export function end(
  story: Story,
  step: number,
  { at }: Now,
  as: StepState,
  reason: StepReason | null,
  failure: Failure | null = null,
): Story {
  return add(story, { fact: 'ended', step, at, as, reason, failure, late: ending(story, step) !== undefined })
}

export const awaitReceipt = (story: Story, step: number, { at }: Now): Story =>
  add(story, { fact: 'waits', step, at, until: at + story.cascade.steps[step]!.within, wait: { for: 'receipt' } })

/** A step begins, or a call is repeated, if its window is open; by another process, if this one leaves the work to others. */
function tryToStart(story: Story, step: number, { at, defers }: Now): Story | undefined {
  const opens = nextOpening(story.cascade.steps[step]!.window, at)
  if (opens > at) return add(story, { fact: 'waits', step, at, until: opens, wait: { for: 'window' } })
  if (defers) return undefined
  const doubt = inDoubt(story, step)
  const last = (doubt ?? attempts(story, step).at(-1))?.provider.name
  const isGivenUp = all(story, 'given up', step).some(({ provider }) => provider === last)
  const wait = { for: 'preparation', prefer: isGivenUp ? null : (last ?? null), only: doubt !== undefined } as const
  return add(story, { fact: 'waits', step, at, until: at + 60_000, wait })
}

/** No (further) call is made for the step. What may have been sent before is waited for, where receipts come. */
export function giveUp(
  story: Story,
  step: number,
  now: Now,
  as: StepState,
  reason: StepReason,
  failure: Failure | null = null,
): Story {
  const doubt = inDoubt(story, step)
  if (doubt === undefined) return end(story, step, now, as, reason, failure)
  if (doubt.provider.receipts !== 'none') return awaitReceipt(story, step, now)
  if (story.cascade.steps[step]!.onUnknown === 'assume-sent') {
    return conclude(add(story, { fact: 'assumed', step, attempt: doubt.attempt, at: now.at }), step, now)
  }
  const unseen = all(story, 'refused', step, doubt.attempt).at(-1)!
  return end(story, step, now, 'failed', 'unknown', unseen.failure)
}

type Rule = (story: Story, now: Now) => Story | undefined
type StepRule = (story: Story, step: number, now: Now) => Story | undefined

/** The rule for the first step to which it applies. */
const forEach =
  (rule: StepRule): Rule =>
  (story, now) => {
    for (const step of stepNumbers(story)) {
      const next = rule(story, step, now)
      if (next) return next
    }
    return undefined
  }

/** A step has succeeded once an attempt has reached its `until`, however late. */
const succeeds: StepRule = (story, step, now) =>
  ending(story, step)?.as !== 'succeeded' && attempts(story, step).some((call) => reached(story, call))
    ? end(story, step, now, 'succeeded', null)
    : undefined

/** A report of failure leads to the next step, though a delivery was reported as well: the order of the two does not matter. */
const fails: StepRule = (story, step, now) => {
  const call = standing(story, step)
  if (call === undefined || reportedFailure(story, step, call.attempt) === null) return undefined
  return [undefined, 'superseded'].includes(ending(story, step)?.as) ? end(story, step, now, 'failed', 'undelivered') : undefined
}

/** What is known of its attempts may end a step. */
export const conclude = (story: Story, step: number, now: Now) => succeeds(story, step, now) ?? fails(story, step, now) ?? story

/** What a vendor has reported on was taken: it is not sent again. */
const isNotRepeated: StepRule = (story, step, now) => {
  const call = standing(story, step)
  const isTaken = call !== undefined && confirmed(story, step, call.attempt) !== null
  return stateOf(story, step) === 'ready' && isTaken ? awaitReceipt(story, step, now) : undefined
}

const begins: Rule = (story, { at }) =>
  at >= story.cascade.sendAt && !has(story, 'begun') && !has(story, 'settled') ? add(story, { fact: 'begun', at }) : undefined

/** Nothing starts after a cancel, once the chain has delivered, or from `expiresAt` on. */
const isNotWanted: StepRule = (story, step, now) => {
  const { expiresAt } = story.cascade
  const state = stateOf(story, step)
  if (ending(story, step)) return undefined
  if (chain(story).includes(step) && winners(story).length > 0) {
    const isSent = state === 'sending' || state === 'awaiting' || inDoubt(story, step)
    return isSent ? end(story, step, now, 'superseded', 'delivered') : end(story, step, now, 'skipped', 'delivered')
  }
  if (state === 'sending' || state === 'awaiting') return undefined
  if (has(story, 'cancel')) return giveUp(story, step, now, 'skipped', 'cancelled')
  if (has(story, 'begun') && expiresAt !== null && now.at >= expiresAt) return giveUp(story, step, now, 'skipped', 'expired')
  return undefined
}

/** Required steps have their turn at once, the others when all before them in the chain have ended. */
const takesItsTurn: StepRule = (story, step, { at }) => {
  if (!has(story, 'begun') || stateOf(story, step) !== 'pending') return undefined
  const isNext = chain(story)
    .filter((other) => other < step)
    .every((other) => ending(story, other))
  return story.cascade.steps[step]!.required || isNext
    ? add(story, { fact: 'waits', step, at, until: at, wait: { for: 'a start' } })
    : undefined
}

const starts: StepRule = (story, step, now) =>
  stateOf(story, step) === 'ready' && waitOf(story, step)!.until <= now.at ? tryToStart(story, step, now) : undefined

/** Whoever has accepted what need not arrive is asked to call it back: at the cancel or delivery, or when the step has one accepted after that. Not once the step has what it wants. */
const asksToRecall: StepRule = (story, step, { at }) => {
  const placeOf = (fact: Fact) => story.facts.indexOf(fact)
  const isChained = chain(story).includes(step) && !successes(story).includes(step)
  const others = winners(story).filter((other) => isChained && other !== step)
  const deliveries = others.flatMap((other) => all(story, 'ended', other).slice(-1))
  const cancel = all(story, 'cancel')
  const first = Math.min(...[...deliveries, ...cancel].map(placeOf))
  const afterwards = all(story, 'accepted', step).filter((fact) => placeOf(fact) > first)
  const causes = successes(story).includes(step) ? [] : [...deliveries, ...cancel, ...afterwards].map(placeOf)
  const call = attempts(story, step).find(({ attempt, provider }) => {
    const isUnderWay = callState(story, step, attempt) === 'accepted' && isOut(story, step, attempt)
    if (!provider.cancellable || !isUnderWay || asFar(status(story, step, attempt), 'delivered')) return false
    const asked = all(story, 'recall asked', step, attempt).map(placeOf)
    return Math.max(-1, ...causes) > Math.max(-1, ...asked)
  })
  return call && add(story, { fact: 'recall asked', step, attempt: call.attempt, at })
}

const settles: Rule = (story, { at }) =>
  !has(story, 'settled') && stepNumbers(story).every((step) => ending(story, step))
    ? add(story, { fact: 'settled', at, outcome: outcomeOf(story) })
    : undefined

/** Late news may better what was told. */
const isCorrected: Rule = (story, { at }) => {
  const told = [...all(story, 'settled'), ...all(story, 'corrected')].at(-1)?.outcome
  if (told === undefined) return undefined
  const outcome = outcomeOf(story)
  const isBetter = outcome.status !== told.status || outcome.failedRequired.length < told.failedRequired.length
  return isBetter ? add(story, { fact: 'corrected', at, outcome }) : undefined
}

const deliversTwice: Rule = (story, { at }) =>
  has(story, 'settled') && !has(story, 'delivered twice') && winners(story).length > 1
    ? add(story, { fact: 'delivered twice', at, steps: winners(story) })
    : undefined

const rules: readonly Rule[] = [
  begins,
  forEach(succeeds),
  forEach(fails),
  forEach(isNotRepeated),
  forEach(isNotWanted),
  forEach(takesItsTurn),
  forEach(starts),
  forEach(asksToRecall),
  settles,
  isCorrected,
  deliversTwice,
]

/** Applies the rules until none has anything to add. */
export function follow(story: Story, now: Now): Story {
  for (const rule of rules) {
    const next = rule(story, now)
    if (next) return follow(next, now)
  }
  return story
}
