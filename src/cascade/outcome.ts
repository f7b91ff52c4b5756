import type { DeliveryStatus } from '../contract/receipt.ts'
import type { NotificationRecord, Outcome, StepRecord } from '../contract/record.ts'
import { furthest, satisfies } from './status.ts'

/** How a notification stands once every step has ended, derived from its steps alone (and who settled it before). */
export function outcomeOf(record: NotificationRecord): Outcome {
  const { steps, outcome: before } = record
  const chain = steps.filter((step) => !step.required)
  const winners = chain.filter((step) => step.state === 'succeeded')
  const failedRequired = steps.flatMap((step, index) => (step.required && step.state !== 'succeeded' ? [index] : []))
  const delivered = chain.length > 0 ? winners.length > 0 : failedRequired.length === 0
  const first = chain.length > 0 ? steps.findIndex((step) => !step.required && step.state === 'succeeded') : 0
  const winner = delivered ? (before?.step ?? first) : null
  const won = winner === null ? undefined : steps[winner]
  const counting = won === undefined ? [] : chain.length > 0 ? [won] : steps
  const wasCut = (chain.length > 0 ? chain : steps).some(wasCutByExpiry)
  const undelivered = record.cancelRequestedAt !== null ? 'cancelled' : wasCut ? 'expired' : 'failed'
  const status = delivered ? 'delivered' : undelivered
  return {
    status,
    // A vendor that tries several channels itself does not say which delivered.
    by: won && !won.delegated ? won.channel : null,
    step: winner,
    assumed: counting.some((step) => !step.attempts.some((attempt) => satisfies(step, attempt) && !attempt.assumed)),
    duplicateDelivery: winners.length > 1,
    failedRequired,
    reason: status === 'failed' && steps.every((step) => step.attempts.length === 0) ? 'no-applicable-step' : null,
    steps: steps.map(({ channel, required, state, reason, attempts }, step) => {
      const reached = attempts.reduce<DeliveryStatus | null>((status, attempt) => furthest(status, attempt.status), null)
      return { step, channel, required, state, reason, status: reached }
    }),
  }
}

function wasCutByExpiry(step: StepRecord): boolean {
  return step.reason === 'expired'
}
