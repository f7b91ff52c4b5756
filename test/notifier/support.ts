import type { NotificationStore } from 'omnicascade'

/** Lets every promise that can settle without waiting for anything do so. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A store whose every answer takes a turn, so that two processes really meet in between. */
export function slowed(memory: NotificationStore): NotificationStore {
  const slow =
    <A extends unknown[], R>(run: (...given: A) => R) =>
    async (...given: A): Promise<Awaited<R>> => {
      await turn()
      return await run(...given)
    }
  return {
    insert: slow(memory.insert),
    get: slow(memory.get),
    findByKey: slow(memory.findByKey),
    update: slow(memory.update),
    parkReceipt: slow(memory.parkReceipt),
    findParked: slow(memory.findParked),
    dropParked: slow(memory.dropParked),
    due: slow(memory.due),
    nextDueAt: slow(memory.nextDueAt),
    prune: slow(memory.prune),
  }
}
