import type { DeliveryStatus } from '../contract/receipt.ts'
import type { AttemptRecord, StepRecord, StepState } from '../contract/record.ts'

const ranks: Readonly<Record<DeliveryStatus, number>> = { accepted: 1, sent: 2, delivered: 3, read: 4, clicked: 5 }

/** Position in `accepted < sent < delivered < read < clicked`; 0 for none. */
export function rankOf(status: DeliveryStatus | null): number {
  return status === null ? 0 : ranks[status]
}

/** The further of two statuses. */
export function furthest(one: DeliveryStatus | null, other: DeliveryStatus | null): DeliveryStatus | null {
  return rankOf(other) > rankOf(one) ? other : one
}

/** Whether an attempt is all its step asked for. Where a provider reports nothing, acceptance is all there can be. */
export function satisfies(step: StepRecord, attempt: AttemptRecord): boolean {
  return attempt.status !== null && (attempt.receipts === 'none' || rankOf(attempt.status) >= rankOf(step.until))
}

/** A failure that nothing has overridden: a later delivery beats it. */
function hasFailed(attempt: AttemptRecord): boolean {
  return attempt.receiptFailure !== null && rankOf(attempt.status) < ranks.delivered
}

/** Whether what was sent may still reach the recipient, as far as anyone knows. */
export function mayArrive(attempt: AttemptRecord): boolean {
  return attempt.state !== 'failed' && attempt.state !== 'recalled' && !hasFailed(attempt)
}

/** The attempt of which nobody knows whether it was sent. While there is one, nothing may be sent in its place. */
export function doubtOf(step: StepRecord): AttemptRecord | undefined {
  return step.attempts.findLast(({ state }) => state === 'unknown')
}

/** The attempt that a step hangs on: the latest that was accepted, or else the latest that was not refused. */
export function standingOf({ attempts }: StepRecord): AttemptRecord | undefined {
  return attempts.findLast(({ state }) => state === 'accepted') ?? attempts.findLast(({ state }) => state !== 'failed')
}

const openStates: ReadonlySet<StepState> = new Set(['pending', 'ready', 'sending', 'awaiting'])

/** Whether a step has ended. Only a late delivery changes an ended step. */
export function hasEnded(step: StepRecord): boolean {
  return !openStates.has(step.state)
}
