import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WakeUp } from '../../src/contract/wake-up.ts'
import { clockSkew, createOutstanding } from '../../src/wire/outstanding.ts'

const now = Date.UTC(2026, 10, 25)
const at = (id: string, delay: number, lease = false): WakeUp => ({ id, time: now + delay, lease })
const hour = 3_600_000

describe('what must be scheduled', () => {
  test('anything that is not known', () => {
    const outstanding = createOutstanding()
    expect(outstanding.missing([at('a', hour), at('b', -hour), at('c', 0)], now)).toHaveLength(3)
  })

  test('never the end of a lease', () => {
    const outstanding = createOutstanding()
    expect(outstanding.missing([at('a', hour, true)], now)).toEqual([])
  })

  test('of several for one notification the earliest, and a lease counts for nothing', () => {
    const outstanding = createOutstanding()
    const several = [at('a', 3 * hour), at('a', hour), at('a', 60_000, true), at('a', 2 * hour)]
    expect(outstanding.missing(several, now)).toEqual([at('a', hour)])
  })

  test('not a later time than one that is scheduled; an earlier one is', () => {
    const outstanding = createOutstanding()
    outstanding.remember([at('a', hour)], now)
    expect(outstanding.missing([at('a', hour)], now)).toEqual([])
    expect(outstanding.missing([at('a', 2 * hour)], now)).toEqual([])
    expect(outstanding.missing([at('a', hour - 1)], now)).toHaveLength(1)
    expect(outstanding.missing([at('b', 2 * hour)], now)).toHaveLength(1)
  })

  test('the earliest stays known when a later one is scheduled all the same', () => {
    const outstanding = createOutstanding()
    outstanding.remember([at('a', hour)], now)
    outstanding.remember([at('a', 2 * hour)], now)
    expect(outstanding.missing([at('a', hour)], now)).toEqual([])
  })

  test('one that may be under way by the clock of another process stands for nothing', () => {
    const outstanding = createOutstanding()
    outstanding.remember([at('a', hour)], now)
    expect(outstanding.missing([at('a', 2 * hour)], now + hour - clockSkew - 1)).toEqual([])
    expect(outstanding.missing([at('a', 2 * hour)], now + hour - clockSkew)).toHaveLength(1)
  })

  test('a later one takes the place of one that is due', () => {
    const outstanding = createOutstanding()
    outstanding.remember([at('a', 5000)], now)
    outstanding.remember([at('a', hour)], now)
    expect(outstanding.missing([at('a', hour)], now)).toEqual([])
  })

  test('one that has been woken is not known any more', () => {
    const outstanding = createOutstanding()
    outstanding.remember([at('a', hour)], now)
    outstanding.forget('a')
    expect(outstanding.missing([at('a', hour)], now)).toHaveLength(1)
  })
})

test('it holds no more than its limit, and forgets the oldest first', () => {
  const outstanding = createOutstanding(3)
  outstanding.remember([at('a', hour), at('b', hour), at('c', hour)], now)
  outstanding.remember([at('a', hour)], now)
  outstanding.remember([at('d', hour)], now)
  const ids = ['a', 'b', 'c', 'd'].map((id) => at(id, hour))
  expect(outstanding.missing(ids, now).map(({ id }) => id)).toEqual(['b'])
})

type Move =
  | { readonly type: 'due'; readonly process: number; readonly id: string; readonly delay: number }
  | { readonly type: 'pass'; readonly duration: number; readonly process: number; readonly early: number }

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('due' as const),
      process: fc.nat(1),
      id: fc.constantFrom('a', 'b', 'c'),
      delay: fc.integer({ min: -5000, max: 60_000 }),
    }),
    fc.record({
      type: fc.constant('pass' as const),
      duration: fc.nat(30_000),
      process: fc.nat(1),
      early: fc.nat(clockSkew),
    }),
  ),
  { maxLength: 60, size: 'max' },
)

test('whatever two processes do, with clocks up to the skew apart: no notification is left without a wake-up at or before its time', () => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 4 }), (given, limit) => {
      const processes = [createOutstanding(limit), createOutstanding(limit)]
      const due = new Map<string, number>()
      let jobs: { id: string; time: number }[] = []
      let time = now

      function schedule(process: number, id: string, dueAt: number): void {
        const missing = processes[process]!.missing([{ id, time: dueAt, lease: false }], time)
        jobs.push(...missing)
        processes[process]!.remember(missing, time)
      }

      for (const move of given) {
        if (move.type === 'due') {
          due.set(move.id, time + move.delay)
          schedule(move.process, move.id, time + move.delay)
        } else {
          time += move.duration
          const limitOfWorker = time + move.early
          const taken = jobs.filter((job) => job.time <= limitOfWorker)
          jobs = jobs.filter((job) => job.time > limitOfWorker)
          for (const { id } of taken) {
            processes[move.process]!.forget(id)
            const dueAt = due.get(id)
            if (dueAt === undefined) continue
            if (dueAt <= time) due.delete(id)
            else schedule(move.process, id, dueAt)
          }
        }
        for (const [id, dueAt] of due) expect(jobs.some((job) => job.id === id && job.time <= dueAt)).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})
