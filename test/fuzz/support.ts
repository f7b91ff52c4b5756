import { describe, expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import type { Target } from './target.ts'

/** The fixed seed of the tests; `npm run fuzz` takes another each time. */
export const seed = 20_261_125

/** A thousand inputs for each target. */
export function fuzzed(targets: readonly Target[]): void {
  describe('mutated payloads', () => {
    const rows = targets.map((target) => [target.name, target] as const)
    // A machine that is busy with other things takes its time.
    test.each(rows)('%s', { timeout: 60_000 }, async (_, target) => {
      const { tally, finding } = await fuzz(target, { seed, from: 0, to: 1000 })
      expect(finding).toBeUndefined()
      expect(tally.accepted + tally.refused).toBe(1000)
    })
  })
}
