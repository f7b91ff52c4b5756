import type { Failure } from '../contract/failure.ts'
import type { RetryPolicy, StepRecord } from '../contract/record.ts'

/**
 * When to try the same provider again after a transient failure (or an unknown one that may be repeated), or null to leave it
 * for this step. Full jitter: a random delay below a bound that doubles; a vendor's Retry-After is kept, unless it is too long to wait.
 */
export function retryAt(
  step: StepRecord,
  provider: string,
  failure: Failure,
  policy: RetryPolicy,
  at: number,
  random: number,
): number | null {
  const tries = step.attempts.filter((attempt) => attempt.provider === provider).length
  if (tries >= policy.attempts) return null
  const asked = failure.retryAfter ?? 0
  if (asked > policy.maxDelay) return null
  const bound = Math.min(policy.maxDelay, policy.baseDelay * 2 ** (tries - 1))
  return at + Math.max(asked, Math.round(random * bound))
}
