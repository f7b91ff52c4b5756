import { memoryStore, type NotificationStore } from 'omnicascade'

/** A store that knows nothing but due times. */
export function dueTimes(due: ReadonlyMap<string, number>): NotificationStore {
  return {
    ...memoryStore(),
    due: (now, limit) =>
      [...due]
        .filter(([, time]) => time <= now)
        .sort(([, x], [, y]) => x - y)
        .slice(0, limit)
        .map(([id]) => id),
    nextDueAt: () => (due.size === 0 ? null : Math.min(...due.values())),
  }
}
