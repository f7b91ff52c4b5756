import { type Price, totalOf } from '../contract/price.ts'
import type { NotificationRecord } from '../contract/record.ts'

/** What a notification has cost so far, as far as it is known: one amount for each currency, by its code. */
export function costOf({ steps }: Pick<NotificationRecord, 'steps'>): readonly Price[] {
  return totalOf(steps.flatMap(({ attempts }) => attempts.flatMap(({ cost }) => cost ?? [])))
}
