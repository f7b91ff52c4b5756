import type { Clock } from '../../contract/time.ts'
import { isFault, storeErrorOf } from './errors.ts'

const firstPause = 1
const longestPause = 50

/** Milliseconds to wait before the next try, given those before this one (0 before the first). */
export function nextPause(pause: number): number {
  return pause === 0 ? firstPause : Math.min(pause * 2, longestPause)
}

/** Runs a query again while another process holds the file, for up to `lockTimeout` milliseconds, without holding up this one. */
export async function unlessLocked<T>(query: () => T, clock: Clock, lockTimeout: number): Promise<T> {
  const deadline = clock.now() + lockTimeout
  for (let pause = 0; ; ) {
    try {
      return query()
    } catch (error) {
      const known = storeErrorOf(error)
      if (!isFault(known, 'locked') || clock.now() >= deadline) throw known
    }
    pause = nextPause(pause)
    await new Promise<void>((resolve) => clock.setTimer(pause, resolve))
  }
}
