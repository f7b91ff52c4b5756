import { memoryStore, type NotificationStore } from 'omnicascade'
import { scriptedProvider, type VirtualClock, virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { world } from '../support/world.ts'

/** A clock that can be set, and whose timers do not notice: what suspending a machine or a correction of its time does. */
function settable(): { clock: VirtualClock; set(by: number): void } {
  const inner = virtualClock(10_000_000)
  let offset = 0
  const clock: VirtualClock = {
    ...inner,
    now: () => inner.now() + offset,
    get timers() {
      return inner.timers
    },
  }
  return {
    clock,
    set(by) {
      offset += by
    },
  }
}
const sms = () => scriptedProvider({ channels: ['sms'], receipts: 'none' })
const hour = 3_600_000

test.each([
  { sends: false, passes: '61s' },
  { sends: true, passes: '1s' },
] as const)(
  'a clock that jumps ahead wakes what is due by it within $passes (another send meanwhile: $sends)',
  async ({ sends, passes }) => {
    const { clock, set } = settable()
    const provider = sms()
    const w = world([provider], { clock })
    const later = await w.send(['sms'], { sendAt: clock.now() + 10 * hour })
    await clock.advance('1s')
    set(11 * hour)
    if (sends) await w.send(['sms'], { sendAt: clock.now() + hour })
    await clock.advance(passes)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual([later])
    await w.notifier.close()
  },
)

test('a clock that is set back does not keep the timer from what is due by it', async () => {
  const { clock, set } = settable()
  const provider = sms()
  const w = world([provider], { clock })
  await w.send(['sms'], { sendAt: clock.now() + 1000 })
  set(-5 * hour)
  const soon = await w.send(['sms'], { sendAt: clock.now() + 2000 })
  await clock.advance('3s')
  expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual([soon])
  await w.notifier.close()
})

test('a store that is away as the clock is set back is asked again a second later all the same', async () => {
  const { clock, set } = settable()
  const memory = memoryStore()
  let isAway = false
  const store: NotificationStore = {
    ...memory,
    due: (now, limit) => {
      if (isAway) throw new Error('store down')
      return memory.due(now, limit)
    },
  }
  const provider = sms()
  const w = world([provider], { clock, store })
  await w.send(['sms'], { sendAt: clock.now() + 1000 })
  isAway = true
  await clock.advance('10m')
  isAway = false
  set(-5 * 60_000)
  await clock.advance('2s')
  expect(provider.calls).toHaveLength(1)
  await w.notifier.close()
})

test('a shared store is swept on however the clock is set', async () => {
  const { clock, set } = settable()
  const store = { ...memoryStore(), shared: true }
  const provider = sms()
  const deaf = { wakeAt() {}, start() {}, stop() {} }
  const w = world([provider], { clock, store, scheduler: deaf })
  await clock.advance('1s')
  set(-5 * hour)
  await w.send(['sms'], { sendAt: clock.now() + 1000 })
  await clock.advance('90s')
  expect(provider.calls).toHaveLength(1)
  await w.notifier.close()
})
