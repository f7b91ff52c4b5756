import type { NotificationRecord } from '../contract/record.ts'

/** The key of a step's next attempt: `${id}.${step}.${attempt}`, or that of the unknown send that it repeats. */
export function idempotencyKeyFor(record: Pick<NotificationRecord, 'id' | 'steps'>, step: number, provider: string): string {
  const { attempts } = record.steps[step]!
  const repeated = attempts.findLast((attempt) => attempt.state === 'unknown' && attempt.provider === provider)
  return repeated?.idempotencyKey ?? `${record.id}.${step}.${attempts.length}`
}
