import type { NotifierEvent } from 'omnicascade'
import { timing, type VendorName, vendorNames } from './script.ts'

/** A circuit opened, opened again after a probe, or closed. `at` and `until` are real Unix milliseconds. */
export interface Turn {
  readonly vendor: VendorName
  readonly type: 'opened' | 'closed'
  readonly at: number
  readonly until: number
  /** What opened it. */
  readonly kind: string | null
  /** Failures in a row among the calls that had ended by then. */
  readonly failures: number
  /** `until` by the clock of the run had passed. */
  readonly wasDue: boolean
}

/** What the host hears of circuits, and of the calls that open them. */
export interface Circuits {
  readonly turns: readonly Turn[]
  readonly open: ReadonlySet<VendorName>
  hear(event: NotifierEvent): void
  /** A call has ended: well, or by its recipient's or content's fault (`true`), or badly. */
  ended(vendor: VendorName, works: boolean): void
}

/** All closed. `now`: the run's clock, which goes `factor` times as fast as real time. */
export function createCircuits(now: () => number, factor: number): Circuits {
  const turns: Turn[] = []
  const open = new Map<VendorName, number>()
  const latest = new Map<VendorName, boolean[]>(vendorNames.map((vendor) => [vendor, []]))
  const realOf = (moment: number) => Date.now() + (moment - now()) / factor

  return {
    turns,
    get open() {
      return new Set(open.keys())
    },
    ended(vendor, works) {
      const seen = latest.get(vendor)!
      seen.push(works)
      if (seen.length > 4 * timing.threshold) seen.shift()
    },
    hear(event) {
      if (event.type !== 'provider.opened' && event.type !== 'provider.closed') return
      const vendor = event.provider as VendorName
      const until = event.type === 'provider.opened' ? event.until : 0
      const shared = { vendor, at: Date.now(), until: realOf(until), failures: longestRun(latest.get(vendor)!) }
      // A circuit that is open turns only by a probe.
      const wasDue = event.at >= (open.get(vendor) ?? 0)
      if (event.type === 'provider.opened') {
        turns.push({ ...shared, type: 'opened', kind: event.failure?.kind ?? null, wasDue })
        open.set(vendor, until)
      } else {
        turns.push({ ...shared, type: 'closed', kind: null, wasDue })
        open.delete(vendor)
      }
    },
  }
}

function longestRun(ends: readonly boolean[]): number {
  let run = 0
  let longest = 0
  for (const works of ends) {
    run = works ? 0 : run + 1
    longest = Math.max(longest, run)
  }
  return longest
}
