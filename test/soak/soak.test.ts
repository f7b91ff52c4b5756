// A small soak, with the faults of the large one (`npm run soak`): what holds is judged, never how long it takes.
import { expect, test } from 'vitest'
import { vendorNames } from './script.ts'
import { soak } from './soak.ts'

test.each(['memory', 'sqlite'] as const)(
  'a thousand notifications through faulty vendors, on the store %s: every invariant holds',
  async (store) => {
    const { evidence, broken } = await soak({
      ...{ notifications: 1000, store, seed: 20_261_125, inHand: 400 },
      ...{ factor: 15, outages: 1, lookEvery: 2000 },
    })
    expect(broken).toEqual([])
    expect(evidence.sent).toBeGreaterThanOrEqual(1000)
    // Little of this holds for want of an occasion: a thousand are too few to fill the window of a rate, or to tell where memory goes.
    const faults = vendorNames.flatMap((vendor) => Object.keys(evidence.vendors[vendor].faults))
    // Which call falls into an outage is a matter of time, and the rarest of the 17 kinds may fall out with it.
    expect(new Set(faults).size).toBeGreaterThan(12)
    for (const vendor of vendorNames) expect(evidence.vendors[vendor].outages).toHaveLength(1)
    expect(evidence.turns.filter(({ type }) => type === 'closed').length).toBeGreaterThan(0)
    expect(evidence.tally.events['notification.duplicate-delivery']).toBeGreaterThan(0)
  },
  120_000,
)
