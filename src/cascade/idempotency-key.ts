import type { NotificationRecord } from '../contract/record.ts'
import { doubtOf } from './status.ts'

/** The key of a step's next attempt: `${id}.${step}.${attempt}`, or that of the unknown send that it repeats. */
export function idempotencyKeyFor({ id, steps }: Pick<NotificationRecord, 'id' | 'steps'>, index: number): string {
  const step = steps[index]!
  return doubtOf(step)?.idempotencyKey ?? `${id}.${index}.${step.attempts.length}`
}
