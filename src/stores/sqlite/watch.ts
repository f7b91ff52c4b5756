import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../contract/time.ts'

/** Looks from time to time whether another connection has written, while someone wants to know. */
export interface Watchers {
  add(onChange: (id: null) => void): () => void
  /** Forgets everyone. */
  clear(): void
}

/** Polls SQLite's data version, which changes with each commit of another connection. */
export function createWatchers(db: DatabaseSync, clock: Clock, pollEvery: number): Watchers {
  const dataVersion = db.prepare('pragma data_version')
  const watchers = new Set<{ readonly onChange: (id: null) => void }>()
  let seen: unknown
  let stopTimer: (() => void) | undefined

  function look(): unknown {
    try {
      return dataVersion.get()?.data_version
    } catch {
      // Who waits looks by himself as well, and hears then what is wrong.
      return seen
    }
  }

  function poll(): void {
    const version = look()
    stopTimer = clock.setTimer(pollEvery, poll)
    if (version === seen) return
    seen = version
    for (const { onChange } of [...watchers]) onChange(null)
  }

  function stopIfAlone(): void {
    if (watchers.size > 0) return
    stopTimer?.()
    stopTimer = undefined
  }

  return {
    add(onChange) {
      const watcher = { onChange }
      watchers.add(watcher)
      if (stopTimer === undefined) {
        seen = look()
        stopTimer = clock.setTimer(pollEvery, poll)
      }
      return () => {
        watchers.delete(watcher)
        stopIfAlone()
      }
    },
    clear() {
      watchers.clear()
      stopIfAlone()
    },
  }
}
