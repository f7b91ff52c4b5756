// One process on SQLite is killed hundreds of times while it works. Nothing is lost, nothing is sent twice, nothing ends otherwise.

import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bundleChild } from './bundle.ts'
import { compare } from './calm.ts'
import { verify } from './invariants.ts'
import { survive } from './survive.ts'

const bundle = await bundleChild()
const folder = await mkdtemp(join(tmpdir(), 'omnicascade-crash-'))
afterAll(async () => {
  await bundle.remove()
  await rm(folder, { recursive: true, force: true })
})

const run = (name: string, seed: number, options: { kills: number; atOnce: number; factor?: number }) =>
  survive({ seed, engine: { engine: 'sqlite', path: join(folder, `${name}.db`) }, file: bundle.file, ...options })

describe.concurrent('a process on SQLite', () => {
  test.each([1, 2, 3])(
    'that is killed 170 times (%i of 3) loses nothing, sends nothing twice, and ends as if nothing had happened',
    async (index) => {
      const seed = randomInt(2 ** 31)
      const { evidence, figures, errors } = await run(`killed-${index}`, seed, { kills: 170, atOnce: 50 })
      console.info(`seed ${seed}: ${JSON.stringify(figures)}`)
      verify(evidence)
      expect(errors).toEqual([])
      const calm = await run(`calm-${index}`, seed, { kills: 0, atOnce: evidence.plans.length, factor: 20 })
      verify(calm.evidence)
      expect(compare(evidence, calm.evidence)).toBeGreaterThan(evidence.plans.length / 10)
    },
    300_000,
  )
})
