// One process on SQLite is killed hundreds of times while it works. Nothing is lost, nothing is sent twice, nothing ends otherwise.

import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bundleChild } from './bundle.ts'
import { compare } from './calm.ts'
import { verify } from './invariants.ts'
import { points } from './points.ts'
import type { Fault } from './sabotage.ts'
import { survive } from './survive.ts'

const bundle = await bundleChild()
const folder = await mkdtemp(join(tmpdir(), 'omnicascade-crash-'))
afterAll(async () => {
  await bundle.remove()
  await rm(folder, { recursive: true, force: true })
})

const run = (name: string, seed: number, options: { kills: number; atOnce: number; factor?: number; fault?: Fault }) =>
  survive({ seed, engine: { engine: 'sqlite', path: join(folder, `${name}.db`) }, file: bundle.file, ...options })

test('a process that is killed 510 times, at every point, loses nothing, sends nothing twice, and ends as if nothing had happened', async () => {
  const first = randomInt(2 ** 30)
  // Three files side by side, for the two cores.
  const runs = [first, first + 1, first + 2].map(async (seed) => {
    const { evidence, figures, errors } = await run(`killed-${seed}`, seed, { kills: 170, atOnce: 50 })
    console.info(`seed ${seed}: ${JSON.stringify(figures)}`)
    verify(evidence)
    expect(errors).toEqual([])
    // All at once on a busy machine: a call must not be cut for being slow, which is a minute by this clock, and 10 s in fact.
    const calm = await run(`calm-${seed}`, seed, { kills: 0, atOnce: evidence.plans.length, factor: 6 })
    verify(calm.evidence)
    // Most of what was killed is repeated or waited for; enough was not touched to be equal in every detail.
    expect(compare(evidence, calm.evidence)).toBeGreaterThan(evidence.plans.length / 10)
    return figures.kills
  })
  const kills = await Promise.all(runs)
  const count = kills.flatMap((ways) => Object.values(ways)).reduce((sum, next) => sum + next, 0)
  expect(count).toBeGreaterThanOrEqual(510)
  expect(kills.flatMap((ways) => Object.keys(ways))).toEqual(expect.arrayContaining([...points]))
}, 300_000)

// The harness itself: what it is there to find, it finds.
test.each<[Fault, RegExp, number]>([
  ['loses an update now and then', /on record|sent twice|timeline|without crashes|hears|settles/, 3],
  ['says stored before it is', /same notification|created once|is lost|does not exist/, 12],
  ['calls twice', /sent twice/, 3],
  // A kill would put some of the few that it concerns in doubt, and excuse them.
  ['forgets what it has parked', /without crashes/, 0],
  ['is deaf', /without crashes/, 3],
])(
  'a process that %s is found out',
  async (fault, broken, kills) => {
    const { evidence } = await run(fault, 1, { kills, atOnce: kills === 0 ? 120 : 60, fault })
    expect(() => verify(evidence)).toThrow(broken)
  },
  120_000,
)
