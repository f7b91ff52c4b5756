import { describe, expect, test } from 'vitest'
import { feed } from './fuzz.ts'
import { createInputs, type Target } from './target.ts'
import { targets } from './targets.ts'

describe('the targets', () => {
  test('have names of their own, and payloads', () => {
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length)
    for (const { corpus } of targets) expect(corpus.length).toBeGreaterThan(0)
  })

  test('take real payloads: each takes some of its own, in one of the ways that it is called', async () => {
    const deaf: string[] = []
    for (const target of targets) if (!(await takesSome(target))) deaf.push(target.name)
    expect(deaf).toEqual([])
  })
})

/** Real payloads, with blanks behind them, for the choices of a call come from its input. */
async function takesSome(target: Target): Promise<boolean> {
  const inputOf = createInputs(target, 1)
  for (let blanks = 0; blanks < 30; blanks++) {
    for (let index = 0; index < target.corpus.length; index++) {
      const outcome = await feed(
        target,
        Buffer.concat([inputOf(index), Buffer.alloc(blanks, target.form === 'form' ? '&' : ' ')]),
      )
      if ('taken' in outcome && outcome.taken) return true
    }
  }
  return false
}
