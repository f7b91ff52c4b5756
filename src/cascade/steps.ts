import type { Failure } from '../contract/failure.ts'
import type { StepReason } from '../contract/record.ts'
import { doubtOf, hasEnded, mayArrive, rankOf, satisfies } from './status.ts'
import { type AttemptDraft, end, move, noteStep, type Turn } from './turn.ts'
import { opensAt } from './window.ts'

/** The step has reached its `until`, in time or late; what other channels still have under way is called back. */
export function succeed(turn: Turn, index: number): void {
  const { steps } = turn.record
  const step = steps[index]!
  if (step.state === 'succeeded') return
  const late = hasEnded(step)
  const assumed = step.attempts.every((attempt) => attempt.assumed || !satisfies(step, attempt))
  end(turn, index, 'succeeded', null, { assumed, late })
  if (step.required) return
  for (const [other, { required }] of steps.entries()) if (!required) callBack(turn, other)
}

/** The step will not succeed, as far as anyone knows. */
export function fail(turn: Turn, index: number, reason: StepReason, failure: Failure | null): void {
  end(turn, index, 'failed', reason, { reason, ...(failure !== null && { failure }) })
}

/** The step is not sent, or not sent again. */
export function skip(turn: Turn, index: number, reason: StepReason): void {
  end(turn, index, 'skipped', reason, { reason })
}

/** Waits for receipts, reckoned from now: the moment of acceptance, or of giving up on the call. */
export function awaitReceipt(turn: Turn, index: number): void {
  move(turn, index, 'awaiting', turn.at + turn.record.steps[index]!.within)
}

/**
 * Nothing more is sent for the step. If nobody knows whether an attempt of it was sent, that is waited for, or, where no receipt can come,
 * `onUnknown` decides; true then. Otherwise it is for the caller to say how the step ends.
 */
export function settleDoubt(turn: Turn, index: number): boolean {
  const step = turn.record.steps[index]!
  const attempt = doubtOf(step) as AttemptDraft | undefined
  if (attempt === undefined) return false
  if (attempt.receipts !== 'none') awaitReceipt(turn, index)
  else if (step.onUnknown === 'assume-sent') {
    attempt.assumed = true
    attempt.status = 'delivered'
    succeed(turn, index)
  } else fail(turn, index, 'unknown', attempt.failure)
  return true
}

/** Puts a step off to the opening of its window; true if it is closed now. */
export function holdUntilOpen(turn: Turn, index: number): boolean {
  const step = turn.record.steps[index]!
  const until = step.window === null ? turn.at : opensAt(step.window, turn.record.timeZone, turn.at)
  if (until <= turn.at) return false
  move(turn, index, 'ready', until)
  noteStep(turn, 'step.held', index, { until, reason: 'window' })
  return true
}

/** Asks the vendor to call back what it has accepted and not yet delivered, unless the step has what it wants. */
export function callBack(turn: Turn, index: number): void {
  const { state, attempts } = turn.record.steps[index]!
  if (state === 'succeeded') return
  for (const [attempt, draft] of attempts.entries()) {
    if (draft.state === 'accepted' && draft.cancellable && mayArrive(draft) && rankOf(draft.status) < rankOf('delivered')) {
      turn.effects.push({ type: 'cancelAtProvider', step: index, attempt })
    }
  }
}
