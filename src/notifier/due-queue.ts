/** What can stand in a queue, and keeps its own place there. */
export interface Queueable {
  /** Its place in the heap; -1 while it waits for nothing. */
  place: number
}

/** Items by the time at which they are due: a binary heap in which an item can be moved. */
export interface DueQueue<T extends Queueable> {
  /** Puts, moves or (with null) removes an item. */
  set(item: T, time: number | null): void
  /** Up to `limit` items due by `now`, the earliest first. */
  due(now: number, limit: number): T[]
  earliest(): number | null
}

/** An empty queue. `set` costs O(log n), `due` depends on `limit` alone. */
export function createDueQueue<T extends Queueable>(): DueQueue<T> {
  const items: T[] = []
  const times: number[] = []

  function place(index: number, item: T, time: number): void {
    items[index] = item
    times[index] = time
    item.place = index
  }

  function sift(index: number, item: T, time: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (times[parent]! <= time) break
      place(index, items[parent]!, times[parent]!)
      index = parent
    }
    for (;;) {
      let child = 2 * index + 1
      if (child >= items.length) break
      if (child + 1 < items.length && times[child + 1]! < times[child]!) child++
      if (times[child]! >= time) break
      place(index, items[child]!, times[child]!)
      index = child
    }
    place(index, item, time)
  }

  return {
    set(item, time) {
      const index = item.place
      if (time !== null) {
        if (index < 0) items.push(item)
        if (index < 0) times.push(time)
        return sift(index < 0 ? items.length - 1 : index, item, time)
      }
      if (index < 0) return
      item.place = -1
      const last = items.pop()!
      const lastTime = times.pop()!
      if (index < items.length) sift(index, last, lastTime)
    },
    due(now, limit) {
      const found: T[] = []
      const frontier = items.length > 0 && times[0]! <= now ? [0] : []
      while (found.length < limit && frontier.length > 0) {
        let first = 0
        for (let i = 1; i < frontier.length; i++) if (times[frontier[i]!]! < times[frontier[first]!]!) first = i
        const index = frontier[first]!
        frontier[first] = frontier.at(-1)!
        frontier.pop()
        found.push(items[index]!)
        for (const child of [2 * index + 1, 2 * index + 2]) if (child < items.length && times[child]! <= now) frontier.push(child)
      }
      return found
    },
    earliest: () => times[0] ?? null,
  }
}
