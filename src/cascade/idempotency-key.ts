import type { NotificationRecord } from '../contract/record.ts'

/** The key of a step's next attempt through a provider: `${id}.${step}.${attempt}`, and an unknown attempt's own when it is repeated. */
export function idempotencyKeyFor(record: Pick<NotificationRecord, 'id' | 'steps'>, step: number, provider: string): string {
  const { attempts } = record.steps[step]!
  const last = attempts.at(-1)
  return last?.state === 'unknown' && last.provider === provider ? last.idempotencyKey : `${record.id}.${step}.${attempts.length}`
}
