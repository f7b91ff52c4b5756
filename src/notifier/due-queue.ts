/** Ids by the time at which they are due: a binary heap in which an id can be moved. */
export interface DueQueue {
  /** Puts, moves or (with null) removes an id. */
  set(id: string, time: number | null): void
  /** Up to `limit` ids due by `now`, the earliest first. */
  due(now: number, limit: number): string[]
  earliest(): number | null
}

/** An empty queue. `set` costs O(log n), `due` depends on `limit` alone. */
export function createDueQueue(): DueQueue {
  const ids: string[] = []
  const times: number[] = []
  const places = new Map<string, number>()

  function place(index: number, id: string, time: number): void {
    ids[index] = id
    times[index] = time
    places.set(id, index)
  }

  function sift(index: number, id: string, time: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (times[parent]! <= time) break
      place(index, ids[parent]!, times[parent]!)
      index = parent
    }
    for (;;) {
      let child = 2 * index + 1
      if (child >= ids.length) break
      if (child + 1 < ids.length && times[child + 1]! < times[child]!) child++
      if (times[child]! >= time) break
      place(index, ids[child]!, times[child]!)
      index = child
    }
    place(index, id, time)
  }

  return {
    set(id, time) {
      const index = places.get(id)
      if (time !== null) {
        if (index === undefined) ids.push(id)
        if (index === undefined) times.push(time)
        return sift(index ?? ids.length - 1, id, time)
      }
      if (index === undefined) return
      places.delete(id)
      const lastId = ids.pop()!
      const lastTime = times.pop()!
      if (index < ids.length) sift(index, lastId, lastTime)
    },
    due(now, limit) {
      const found: string[] = []
      const frontier = ids.length > 0 && times[0]! <= now ? [0] : []
      while (found.length < limit && frontier.length > 0) {
        let first = 0
        for (let i = 1; i < frontier.length; i++) if (times[frontier[i]!]! < times[frontier[first]!]!) first = i
        const index = frontier[first]!
        frontier[first] = frontier.at(-1)!
        frontier.pop()
        found.push(ids[index]!)
        for (const child of [2 * index + 1, 2 * index + 2]) if (child < ids.length && times[child]! <= now) frontier.push(child)
      }
      return found
    },
    earliest: () => times[0] ?? null,
  }
}
