/** What a vendor allows, in milliseconds. */
export interface Allowed {
  readonly count: number
  readonly per: number
  readonly concurrency: number
}

/** What a vendor has measured. */
export interface Measured {
  readonly calls: number
  /** The most calls at a time. */
  readonly peak: number
  /** The most calls that certainly came within `per`. */
  readonly densest: number
  /** The shortest time in which `count` calls and one more came, at the most: shorter than `per` is too fast. Null if there were never so many. */
  readonly tightest: number | null
}

/** A call at the vendor: it ends with its answer, or when its caller gives it up. */
export interface Passage {
  readonly observed: number
  leave(byCaller: boolean): void
}

/** Counts calls at the vendor's side. Says only what is certain, however late the vendor's process is in seeing what has come. */
export interface Gauge {
  enter(): Passage
  measured(): Measured
}

/** Measures from now on. `isExact`: a call is counted as it comes, and need not be looked for. */
export function createGauge(
  { count, per, concurrency }: Allowed,
  { now = () => performance.now(), isExact = false }: { readonly now?: () => number; readonly isExact?: boolean } = {},
): Gauge {
  const ring = new Float64Array(count)
  let calls = 0
  let inFlight = 0
  let givenUp = 0
  let peak = 0
  let densest = 0
  let tightest = Number.POSITIVE_INFINITY
  let batch = now()
  let batchBefore = batch
  let oneMoreBefore = batch
  let isOpen = false
  // Earliest moments of the calls within the last `per`, for the densest window.
  let window: number[] = []
  let start = 0

  /** What is seen now came after the process has last looked; on a connection that it had to accept first, after the look before that. */
  function earliest(observed: number): number {
    if (isExact) return observed
    if (!isOpen) {
      isOpen = true
      oneMoreBefore = batchBefore
      batchBefore = batch
      batch = observed
      setImmediate(() => {
        isOpen = false
      })
    }
    return oneMoreBefore
  }

  function noteRate(observed: number): void {
    const since = earliest(observed)
    if (calls >= count) tightest = Math.min(tightest, observed - (ring[calls % count] ?? 0))
    ring[calls % count] = since
    window.push(since)
    while (start < window.length && (window[start] ?? 0) <= observed - per) start++
    densest = Math.max(densest, window.length - start)
    if (start > 5000) {
      window = window.slice(start)
      start = 0
    }
  }

  /** One that a caller has given up may be seen to end only after the next call has come: it is looked at again once all that has come is seen. */
  function noteFlight(): void {
    const seen = inFlight
    if (seen <= concurrency) peak = Math.max(peak, seen)
    else {
      const before = givenUp
      setImmediate(() => setImmediate(() => setImmediate(() => (peak = Math.max(peak, seen - (givenUp - before))))))
    }
  }

  return {
    enter() {
      const observed = now()
      noteRate(observed)
      calls++
      inFlight++
      noteFlight()
      let isOver = false
      return {
        observed,
        leave(byCaller) {
          if (isOver) return
          isOver = true
          inFlight--
          if (byCaller) givenUp++
        },
      }
    },
    measured: () => ({ calls, peak, densest, tightest: Number.isFinite(tightest) ? tightest : null }),
  }
}
