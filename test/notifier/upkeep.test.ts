import { memoryStore } from 'omnicascade'
import { type VirtualClock, virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { createUpkeep } from '../../src/notifier/upkeep.ts'
import { dueTimes } from '../support/due-times.ts'

const pause = (clock: VirtualClock, delay: number) => new Promise<void>((resolve) => clock.setTimer(delay, resolve))

/** Upkeep of due times alone, and when it pruned, in seconds. */
function setUp(due: Map<string, number>, see: (clock: VirtualClock, id: string) => Promise<void>) {
  const clock = virtualClock()
  const pruned: number[] = []
  const errors: unknown[] = []
  const store = {
    ...memoryStore(),
    ...dueTimes(due),
    prune() {
      pruned.push(clock.now() / 1000)
      return 0
    },
  }
  const wake = (id: string) => see(clock, id)
  const upkeep = createUpkeep({ store, clock, random: () => 0.5, keepFor: 0, wake, onError: (error) => errors.push(error) })
  return { clock, pruned, errors, upkeep }
}

test('a backlog that grows as fast as it is swept keeps nothing from being forgotten', async () => {
  const due = new Map([['n0', -60_000]])
  const { clock, pruned, upkeep } = setUp(due, async (time, id) => {
    due.delete(id)
    due.set(`${id}'`, time.now())
    await pause(time, 20_000)
  })
  upkeep.start()
  await clock.advance('290s')
  expect(pruned).toEqual([0, 50, 100, 150, 200, 250])
  await upkeep.stop()
})

test('a sweep that waits for room keeps nothing from being forgotten, and is not begun twice', async () => {
  let woken = 0
  const { clock, pruned, upkeep } = setUp(new Map([['n0', -60_000]]), async () => {
    woken++
    await new Promise(() => {})
  })
  upkeep.start()
  await clock.advance('5m')
  expect([woken, pruned]).toEqual([1, [0]])
})

test('stop waits for the run under way, which begins nothing more', async () => {
  const endings: (() => void)[] = []
  const due = new Map(Array.from({ length: 300 }, (_, i): [string, number] => [`n${i}`, -60_000]))
  const woken: string[] = []
  const { clock, pruned, upkeep } = setUp(due, async (_, id) => {
    woken.push(id)
    await new Promise<void>((resolve) => endings.push(resolve))
  })
  upkeep.start()
  await clock.advance(0)
  let hasStopped = false
  const stopping = upkeep.stop().then(() => {
    hasStopped = true
  })
  await clock.advance('1m')
  expect(hasStopped).toBe(false)
  for (const end of endings) end()
  await stopping
  await clock.advance('1m')
  expect([woken.length, pruned, clock.timers]).toEqual([256, [0], 0])
})

test('a scheduler that turns out to be away once upkeep has stopped is not tried again', async () => {
  let started = 0
  const { clock, upkeep } = setUp(new Map(), async () => {})
  await upkeep.stop()
  upkeep.retry(async () => {
    started++
  })
  await clock.advance('1m')
  expect([started, clock.timers]).toEqual([0, 0])
})
