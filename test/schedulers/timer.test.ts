import { schedulerContract, virtualClock } from 'omnicascade/testing'
import { describe, test } from 'vitest'
import { openTimer } from './timer.ts'

describe('the timer on a memory store, with a virtual clock', () => {
  const clock = virtualClock(Date.UTC(2026, 10, 25))
  const time = { now: clock.now, pass: (duration: number) => clock.advance(duration) }
  for (const { name, run } of schedulerContract({ open: () => openTimer(clock), time })) test(name, run)
})
