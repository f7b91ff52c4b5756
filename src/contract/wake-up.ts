import type { NotificationRecord } from './record.ts'

/** When a notification next needs attention. */
export interface WakeUp {
  readonly id: string
  /** Unix milliseconds. */
  readonly time: number
  /**
   * The time is the end of a lease: only if the process that holds it dies is there anything to do. Schedulers whose wake-ups cost something
   * leave it to the sweep of what is overdue.
   */
  readonly lease: boolean
}

/** A record's wake-up; null once it waits for nothing. One that has settled and waits for its host to be told is leased to who tells it. */
export function wakeUpOf({ id, dueAt, settledAt, steps }: NotificationRecord): WakeUp | null {
  if (dueAt === null) return null
  const waiting = steps.filter((step) => step.dueAt === dueAt)
  const lease = settledAt !== null || (waiting.length > 0 && waiting.every(({ state }) => state === 'sending'))
  return { id, time: dueAt, lease }
}
