import type { Clock } from '../contract/time.ts'

/** What `work` comes to, or what `otherwise` gives if that takes longer than `limit` milliseconds. */
export async function within<T>(work: Promise<T>, limit: number, clock: Clock, otherwise: () => T): Promise<T> {
  let stopTimer = () => {}
  const cut = new Promise<T>((resolve) => {
    stopTimer = clock.setTimer(limit, () => resolve(otherwise()))
  })
  try {
    return await Promise.race([work, cut])
  } finally {
    stopTimer()
  }
}
