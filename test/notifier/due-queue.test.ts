import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDueQueue } from '../../src/notifier/due-queue.ts'

const item = (id: string) => ({ id, place: -1 })
const ids = fc.integer({ min: 0, max: 30 }).map(String)
const steps = fc.array(
  fc.oneof(
    fc.record({ id: ids, time: fc.option(fc.integer({ min: 0, max: 50 })) }),
    fc.record({ now: fc.integer({ min: -1, max: 60 }), limit: fc.integer({ min: 0, max: 40 }) }),
  ),
  { maxLength: 200, size: 'max' },
)

test('it does what a sorted array of all entries would do, for any puts, moves, removals and looks', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const queue = createDueQueue<ReturnType<typeof item>>()
      const items = new Map(Array.from({ length: 31 }, (_, index) => [String(index), item(String(index))]))
      const model = new Map<string, number>()
      for (const step of script) {
        if ('id' in step) {
          queue.set(items.get(step.id)!, step.time)
          if (step.time === null) model.delete(step.id)
          else model.set(step.id, step.time)
        } else {
          const sorted = [...model].sort(([, x], [, y]) => x - y).filter(([, time]) => time <= step.now)
          const due = queue.due(step.now, step.limit)
          // Equal times may come in any order, so times are compared, and then that each id is there once with its own.
          expect(due.map(({ id }) => model.get(id))).toEqual(sorted.slice(0, step.limit).map(([, time]) => time))
          expect(new Set(due).size).toBe(due.length)
        }
        const times = [...model.values()]
        expect(queue.earliest()).toBe(times.length === 0 ? null : Math.min(...times))
      }
    }),
    { numRuns: 300 },
  )
})

test('an empty queue has nothing due, and removing what is not there changes nothing', () => {
  const queue = createDueQueue()
  queue.set(item('a'), null)
  expect([queue.earliest(), queue.due(Number.MAX_SAFE_INTEGER, 10)]).toEqual([null, []])
})

test('looking leaves everything in its place', () => {
  const queue = createDueQueue()
  for (let i = 0; i < 100; i++) queue.set(item(`n${i}`), (i * 37) % 100)
  const all = queue.due(100, 100)
  expect(all).toHaveLength(100)
  expect(queue.due(100, 100)).toEqual(all)
})
