import type { Input } from '../../../src/cascade/input.ts'
import {
  all,
  asFar,
  attempts,
  type Cascade,
  callState,
  chain,
  confirmed,
  ending,
  has,
  type InputOf,
  inDoubt,
  isOut,
  reached,
  reportedFailure,
  type Story,
  standing,
  stateOf,
  status,
  stepNumbers,
  waitOf,
} from './facts.ts'
import { nextOpening } from './hours.ts'
import { add, awaitReceipt, conclude, end, follow, giveUp, type Now } from './rules.ts'

/** A notification of which nothing is known yet but what it asks for. */
export function untold(cascade: Cascade): Story {
  const absent = cascade.steps.flatMap(({ absent }, step) => (absent === null ? [] : [{ step, reason: absent }]))
  return absent.reduce((story, { step, reason }) => end(story, step, { at: cascade.createdAt }, 'skipped', reason), {
    cascade,
    facts: [],
  } as Story)
}

/** What is known once `input` has come as well. */
export const tell = (story: Story, input: Input): Story => follow(hear(story, input), input)

function hear(story: Story, input: Input): Story {
  switch (input.type) {
    case 'woke':
      return stepNumbers(story).reduce((told, step) => wake(told, step, input), story)
    case 'cancelRequested':
      return has(story, 'settled') || has(story, 'cancel')
        ? story
        : add(story, { fact: 'cancel', at: input.at, answer: answerOf(story) })
    case 'started':
    case 'held':
    case 'vetoed':
    case 'unavailable':
      return isAskedFor(story, input) ? prepared(story, input) : story
    case 'renewed':
      return renewed(story, input)
    case 'accepted':
      return isOpen(story, input) ? accepted(story, input) : story
    case 'rejected':
      return isOpen(story, input) ? rejected(story, input) : story
    case 'receipt':
      return receipt(story, input)
    case 'recalled':
      return recalled(story, input)
  }
}

/** What it means that nothing has come by the time for which a step has waited. */
function wake(story: Story, step: number, now: Now): Story {
  const wait = waitOf(story, step)
  if (wait === undefined || wait.until > now.at) return story
  if (stateOf(story, step) === 'awaiting') return silence(story, step, now)
  if (stateOf(story, step) !== 'sending') return story
  const { attempt } = attempts(story, step).at(-1)!
  const failure = { kind: 'unknown', message: 'nobody saw the result' } as const
  return rejected(story, { type: 'rejected', at: now.at, step, attempt, failure, random: 0 })
}

/** Silence is a delivery where only failures are reported and the vendor has accepted; otherwise it is none. */
function silence(story: Story, step: number, now: Now): Story {
  const { attempt, provider } = standing(story, step)!
  const isAccepted = confirmed(story, step, attempt) !== null
  const isAssumed = isAccepted && provider.receipts === 'failures' && !asFar(confirmed(story, step, attempt), 'delivered')
  const heard = isAssumed ? add(story, { fact: 'assumed', step, attempt, at: now.at }) : story
  const concluded = conclude(heard, step, now)
  return ending(concluded, step) ? concluded : end(heard, step, now, 'timed-out', 'undelivered')
}

/** The truth about whether anything that was sent may have arrived, or may still. */
function answerOf(story: Story) {
  return all(story, 'called').some(({ step, attempt }) => isOut(story, step, attempt)) ? 'too-late' : 'cancelled'
}

type Place = { readonly step: number; readonly attempt: number }

/** An answer to `begin` counts if its step still waits to start that attempt. */
const isAskedFor = (story: Story, { step, attempt }: Place) =>
  stateOf(story, step) === 'ready' && attempts(story, step).length === attempt

function prepared(story: Story, input: InputOf<'started' | 'held' | 'vetoed' | 'unavailable'>): Story {
  const { step, attempt, at } = input
  switch (input.type) {
    case 'started': {
      const { expiresAt, steps } = story.cascade
      const opens = nextOpening(steps[step]!.window, at)
      if (opens > at) return add(story, { fact: 'waits', step, at, until: opens, wait: { for: 'window' } })
      if (expiresAt !== null && at >= expiresAt) return story
      const { provider, to, keys, leaseUntil } = input
      return add(
        story,
        { fact: 'called', step, attempt, at, provider, to, keys },
        { fact: 'waits', step, at, until: leaseUntil, wait: { for: 'answer' } },
      )
    }
    case 'held':
      return add(story, { fact: 'waits', step, at, until: input.until, wait: { for: input.reason } })
    case 'vetoed':
      return input.failure
        ? giveUp(story, step, input, 'failed', input.failure.kind, input.failure)
        : giveUp(story, step, input, 'skipped', `vetoed: ${input.reason}`)
    case 'unavailable': {
      const isLastResort =
        story.cascade.steps[step]!.required || !chain(story).some((other) => other > step && !ending(story, other))
      const holds = all(story, 'waits', step).filter(({ wait }) => wait.for === 'no-provider').length
      const isHeld = input.until !== null && isLastResort && holds < story.cascade.retry.attempts && !inDoubt(story, step)
      if (isHeld) return add(story, { fact: 'waits', step, at, until: input.until!, wait: { for: 'no-provider' } })
      const failure = all(story, 'refused', step).at(-1)?.failure ?? null
      return giveUp(story, step, input, 'failed', failure?.kind ?? 'no-provider', failure)
    }
  }
}

/** A call that is still under way keeps its lease, unless it is lost. */
function renewed(story: Story, { at, step, attempt, leaseUntil }: InputOf<'renewed'>): Story {
  const isUnderWay = stateOf(story, step) === 'sending' && attempts(story, step).length === attempt + 1
  if (!isUnderWay || waitOf(story, step)!.until >= leaseUntil) return story
  return add(story, { fact: 'waits', step, at, until: leaseUntil, wait: { for: 'answer' } })
}

/** Whether the step has not ended and hangs on the attempt. */
const isDecisive = (story: Story, { step, attempt }: Place) => !ending(story, step) && standing(story, step)?.attempt === attempt

/** A call has one result; one that was given up as unknown may still have it. */
const isOpen = (story: Story, { step, attempt }: Place) =>
  attempt < attempts(story, step).length && ['sending', 'unknown'].includes(callState(story, step, attempt))

function accepted(story: Story, input: InputOf<'accepted'>): Story {
  const { step, attempt, at, status, messageId, keys } = input
  const known = add(story, { fact: 'accepted', step, attempt, at, status, messageId, keys })
  const concluded = conclude(known, step, input)
  return concluded === known && isDecisive(known, input) ? awaitReceipt(known, step, input) : concluded
}

function rejected(story: Story, input: InputOf<'rejected'>): Story {
  const { step, attempt, at, failure } = input
  if (failure.kind === 'unknown' && callState(story, step, attempt) === 'unknown') return story
  const refused = (retryAt: number | null) => add(story, { fact: 'refused', step, attempt, at, failure, retryAt })
  const hangsOn = standing(refused(null), step)
  const isTaken = hangsOn !== undefined && confirmed(story, step, hangsOn.attempt) !== null
  const decides = isDecisive(story, input)
  const retryAt = decides && !isTaken && isRepeated(story, input) ? at + delayOf(story, input) : null
  const known = refused(retryAt)
  const concluded = conclude(known, step, input)
  if (!decides || concluded !== known) return concluded
  if (isTaken) return awaitReceipt(known, step, input)
  if (retryAt !== null) return add(known, { fact: 'waits', step, at, until: retryAt, wait: { for: 'retry' } })
  const { provider } = attempts(story, step)[attempt]!
  switch (failure.kind) {
    case 'recipient':
    case 'content':
      return end(known, step, input, 'failed', failure.kind, failure)
    case 'unknown':
      return giveUp(known, step, input, 'failed', 'unknown')
    default:
      return inDoubt(known, step)
        ? giveUp(known, step, input, 'failed', failure.kind)
        : add(
            known,
            { fact: 'given up', step, at, provider: provider.name },
            { fact: 'waits', step, at, until: at, wait: { for: 'a start' } },
          )
  }
}

/** Whether the same provider is asked again: it is busy, or it can tell that a call is the same one. */
function isRepeated(story: Story, { step, attempt, failure }: InputOf<'rejected'>): boolean {
  const { provider } = attempts(story, step)[attempt]!
  const { retry, steps } = story.cascade
  if (triesOf(story, step, provider.name) >= retry.attempts || (failure.retryAfter ?? 0) > retry.maxDelay) return false
  const isResent = failure.kind === 'unknown' && provider.idempotent && steps[step]!.onUnknown === 'resend'
  return failure.kind === 'transient' || isResent
}

const triesOf = (story: Story, step: number, name: string) =>
  attempts(story, step).filter(({ provider }) => provider.name === name).length

/** A random part of a delay that doubles with each try, or what the vendor asks for, if that is more. */
function delayOf(story: Story, { step, attempt, failure, random }: InputOf<'rejected'>): number {
  const { baseDelay, maxDelay } = story.cascade.retry
  const tries = triesOf(story, step, attempts(story, step)[attempt]!.provider.name)
  return Math.max(Math.round(random * Math.min(maxDelay, baseDelay * 2 ** (tries - 1))), failure.retryAfter ?? 0)
}

/** A receipt counts if it says what is not known yet. */
function receipt(story: Story, input: InputOf<'receipt'>): Story {
  const { step, attempt, at, receipt } = input
  const call = attempts(story, step)[attempt]
  if (call === undefined) return story
  const known = status(story, step, attempt)
  const failure = reportedFailure(story, step, attempt)
  const isFailure = receipt.status === 'failed' || receipt.status === 'expired'
  // What was only assumed is news when someone says it.
  const isFurther = !asFar(known === confirmed(story, step, attempt) ? known : 'sent', receipt.status)
  const isNews = isFailure ? failure === null || (failure === 'expired' && receipt.status === 'failed') : isFurther
  if (!isNews) return story
  const heard = (contradicts: boolean) => add(story, { fact: 'reported', step, attempt, at, receipt, contradicts })
  const isContradictory = (one: Story) =>
    reportedFailure(one, step, attempt) !== null && (asFar(status(one, step, attempt), 'delivered') || reached(one, call))
  return heard(isContradictory(heard(false)) && !isContradictory(story))
}

/** The vendor says that the message will not arrive. */
function recalled(story: Story, input: InputOf<'recalled'>): Story {
  const { step, attempt, at } = input
  if (callState(story, step, attempt) !== 'accepted') return story
  const known = add(story, { fact: 'recalled', step, attempt, at })
  if (!['awaiting', 'superseded'].includes(stateOf(story, step))) return known
  return end(known, step, input, 'recalled', ending(story, step)?.reason ?? 'cancelled')
}
