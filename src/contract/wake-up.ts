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

/** A record's wake-up; null once it waits for nothing. */
export function wakeUpOf({ id, dueAt, steps }: NotificationRecord): WakeUp | null {
  if (dueAt === null) return null
  return { id, time: dueAt, lease: steps.every((step) => step.dueAt !== dueAt || step.state === 'sending') }
}
