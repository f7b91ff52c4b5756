import type { WakeUp } from '../contract/wake-up.ts'

/** How far apart the clocks of processes may be, in milliseconds: a wake-up that is due sooner may be another process's already. */
export const clockSkew = 10_000

/** What this process knows to be scheduled: the earliest wake-up of each notification. Bounded; what it forgets is merely scheduled twice. */
export interface Outstanding {
  /** Those that must be scheduled: one for each notification, the earliest; no lease, and none that an earlier wake-up stands for. */
  missing(wakeUps: readonly WakeUp[], now: number): WakeUp[]
  /** They are scheduled, for good. */
  remember(wakeUps: readonly WakeUp[], now: number): void
  /** The notification has been woken: what is known of it may be used up. */
  forget(id: string): void
}

/** A notification that is woken too early is put off by its handler, so an earlier wake-up stands for every later one. */
export function createOutstanding(limit = 65_536): Outstanding {
  const times = new Map<string, number>()

  function standing(id: string, now: number): number {
    const time = times.get(id)
    return time === undefined || time <= now + clockSkew ? Number.POSITIVE_INFINITY : time
  }

  return {
    missing(wakeUps, now) {
      const earliest = new Map<string, WakeUp>()
      for (const wakeUp of wakeUps) {
        const { id, time, lease } = wakeUp
        if (!lease && time < (earliest.get(id)?.time ?? Number.POSITIVE_INFINITY)) earliest.set(id, wakeUp)
      }
      return [...earliest.values()].filter(({ id, time }) => time < standing(id, now))
    },
    remember(wakeUps, now) {
      for (const { id, time } of wakeUps) {
        const earliest = Math.min(time, standing(id, now))
        times.delete(id)
        times.set(id, earliest)
      }
      for (const id of times.keys()) {
        if (times.size <= limit) break
        times.delete(id)
      }
    },
    forget(id) {
      times.delete(id)
    },
  }
}
