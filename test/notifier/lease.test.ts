import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { keepLease, leaseUntil } from '../../src/notifier/lease.ts'

describe('the renewal of a lease', () => {
  /** Timers that are set for a call of `timeout` milliseconds, made so long after its lease was written. */
  async function timersFor(timeout: number, after: number): Promise<number> {
    const clock = virtualClock()
    const until = leaseUntil(clock.now(), timeout)
    await clock.advance(after)
    const stop = keepLease(clock, until, timeout, async () => 'renewed')
    const { timers } = clock
    stop()
    expect(clock.timers).toBe(0)
    return timers
  }

  test('takes no timer where the lease covers the call, also if that was made a moment after the write', async () => {
    expect(await timersFor(30_000, 0)).toBe(0)
    expect(await timersFor(30_000, 3)).toBe(0)
    expect(await timersFor(5000, 900)).toBe(0)
  })

  test('takes one where the call may outlast the lease: it is long, or the process stood still before it', async () => {
    expect(await timersFor(31_001, 0)).toBe(1)
    expect(await timersFor(30_000, 2000)).toBe(1)
  })
})
