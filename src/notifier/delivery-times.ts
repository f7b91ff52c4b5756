import type { NotificationRecord } from '../contract/record.ts'

/** How long a provider takes from acceptance to delivery, in milliseconds, over its latest deliveries. */
export interface DeliveryTimes {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

const kept = 500

/** Remembers each provider's latest delivery times: from them one can tell how long `within` should be. */
export function createDeliveryTimes() {
  const times = new Map<string, number[]>()
  return {
    /** A receipt has changed an attempt. */
    note(before: NotificationRecord, after: NotificationRecord, occurredAt: number): void {
      for (const [index, step] of after.steps.entries()) {
        for (const [number, attempt] of step.attempts.entries()) {
          const isNew = before.steps[index]!.attempts[number]?.status !== attempt.status
          if (!isNew || attempt.status !== 'delivered' || attempt.assumed || attempt.endedAt === null) continue
          const list = times.get(attempt.provider) ?? []
          list.push(Math.max(0, occurredAt - attempt.endedAt))
          if (list.length > kept) list.shift()
          times.set(attempt.provider, list)
        }
      }
    },
    /** Null before the first delivery. */
    of(provider: string): DeliveryTimes | null {
      const sorted = times.get(provider)?.toSorted((a, b) => a - b)
      if (sorted === undefined) return null
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
      return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
    },
  }
}
