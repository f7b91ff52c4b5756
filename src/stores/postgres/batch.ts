/** What became of one item of a batch. */
export type Settled<O> = { readonly value: O } | { readonly error: unknown }

/** How batches are made. */
export interface BatchOptions<I> {
  /** How many batches are under way at once. */
  readonly lanes: number
  /** How many items a batch holds at most. */
  readonly most: number
  /** How much an item weighs; a batch is closed once it weighs `heaviest`. */
  readonly weigh?: (item: I) => number
  /** Of items with the same key a batch takes the first; the others go with a later one. */
  readonly keyOf?: (item: I) => string
}

interface Entry<I, O> {
  readonly item: I
  readonly resolve: (value: O) => void
  readonly reject: (error: unknown) => void
}

const heaviest = 4_000_000

/**
 * Lets concurrent calls share one statement. It waits for nobody: whatever has been asked for by the end of this turn goes at once,
 * and what comes while all lanes are taken goes together as soon as one is free.
 */
export function createBatcher<I, O>(
  run: (items: readonly I[]) => Promise<readonly Settled<O>[]>,
  { lanes, most, weigh = () => 0, keyOf }: BatchOptions<I>,
): (item: I) => Promise<O> {
  let waiting: Entry<I, O>[] = []
  let underWay = 0
  let isPlanned = false

  function plan(): void {
    if (isPlanned || underWay >= lanes || waiting.length === 0) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      while (underWay < lanes && waiting.length > 0) void go(take())
    })
  }

  function take(): Entry<I, O>[] {
    const taken: Entry<I, O>[] = []
    const left: Entry<I, O>[] = []
    const keys = new Set<string>()
    let weight = 0
    for (const [index, entry] of waiting.entries()) {
      if (taken.length >= most || weight >= heaviest) {
        left.push(...waiting.slice(index))
        break
      }
      const key = keyOf?.(entry.item)
      if (key !== undefined && keys.has(key)) {
        left.push(entry)
        continue
      }
      if (key !== undefined) keys.add(key)
      weight += weigh(entry.item)
      taken.push(entry)
    }
    waiting = left
    return taken
  }

  async function go(entries: readonly Entry<I, O>[]): Promise<void> {
    underWay++
    try {
      const outcomes = await run(entries.map(({ item }) => item))
      for (const [index, { resolve, reject }] of entries.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) reject(new Error('a batch gave too few outcomes'))
        else if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.value)
      }
    } catch (error) {
      for (const { reject } of entries) reject(error)
    } finally {
      underWay--
      plan()
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      plan()
    })
}
