import { memoryStore, type NotificationStore } from 'omnicascade'
import { scriptedProvider, type VirtualClock, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { timerScheduler } from '../../src/notifier/timer-scheduler.ts'
import { dueTimes } from '../support/due-times.ts'
import { world } from '../support/world.ts'

const pause = (clock: VirtualClock, delay: number) => new Promise<void>((resolve) => clock.setTimer(delay, resolve))
const sms = () => scriptedProvider({ channels: ['sms'], receipts: 'none' })

test('one timer, for the earliest of 10,000 notifications, and each is woken in its own second', async () => {
  const provider = sms()
  const w = world([provider])
  for (let i = 0; i < 10_000; i++) await w.send(['sms'], { sendAt: ((i * 7919) % 10_000) * 1000 + 1000 })
  expect(w.clock.timers).toBe(1)
  await w.to(1)
  expect(provider.calls).toHaveLength(1)
  expect(w.clock.timers).toBe(1)
  await w.to(100)
  expect(provider.calls).toHaveLength(100)
  expect(w.times('attempt.started')).toEqual(Array.from({ length: 100 }, (_, second) => second + 1))
  expect(w.clock.timers).toBe(1)
})

test('with nothing to wait for there is no timer: the process may end', async () => {
  const w = world([sms()])
  await w.to(1)
  expect(w.clock.timers).toBe(0)
  await w.send(['sms'])
  // The timer of the call's lease finds nothing due, and nothing to be set for.
  await w.to(62)
  expect(w.clock.timers).toBe(0)
})

test('many that are due at once are all woken, also more than one batch', async () => {
  const provider = sms()
  const w = world([provider])
  for (let i = 0; i < 1000; i++) await w.send(['sms'], { sendAt: 5000 })
  await w.to(5)
  expect(provider.calls).toHaveLength(1000)
  expect(w.clock.timers).toBe(1)
})

describe('the scheduler', () => {
  function setUp(due: Map<string, number>, override: (clock: VirtualClock) => Partial<NotificationStore> = () => ({})) {
    const clock = virtualClock()
    const errors: unknown[] = []
    const woken: string[] = []
    const timer = timerScheduler({ ...dueTimes(due), ...override(clock) }, clock)
    const scheduler = {
      wakeAt: (id: string, time: number) => timer.wakeAt({ id, time, lease: false }),
      start: (onWake: (id: string) => Promise<void>) => timer.start(onWake, (error) => errors.push(error)),
      stop: timer.stop,
    }
    const wake = async (id: string) => {
      woken.push(`${id} at ${clock.now()}`)
      due.delete(id)
    }
    return { clock, errors, woken, scheduler, wake }
  }

  test('what an earlier run left behind is woken at the start, when it is due', async () => {
    const { clock, woken, scheduler, wake } = setUp(new Map(Object.entries({ late: -5, soon: 10 })))
    void scheduler.start(wake)
    await clock.advance(10)
    expect(woken).toEqual(['late at 0', 'soon at 10'])
  })

  test('an earlier time moves the one timer, a later one does not', async () => {
    const due = new Map(Object.entries({ b: 100 }))
    const { clock, woken, scheduler, wake } = setUp(due)
    void scheduler.start(wake)
    await clock.advance(0)
    due.set('a', 50)
    await scheduler.wakeAt('a', 50)
    due.set('c', 150)
    await scheduler.wakeAt('c', 150)
    expect(clock.timers).toBe(1)
    await clock.advance(200)
    expect(woken).toEqual(['a at 50', 'b at 100', 'c at 150'])
  })

  test('before it has started it sets no timer', async () => {
    const { clock, scheduler } = setUp(new Map())
    await scheduler.wakeAt('a', 5)
    expect(clock.timers).toBe(0)
  })

  test('a store that fails stops nothing: the error is told, and it tries again a second later', async () => {
    let failures = 3
    const due = new Map(Object.entries({ a: 10 }))
    const { clock, errors, woken, scheduler, wake } = setUp(due, () => ({
      async due(now, limit) {
        if (failures-- > 0) throw new Error('store down')
        return dueTimes(due).due(now, limit)
      },
    }))
    void scheduler.start(wake)
    await clock.advance('10s')
    expect(errors).toHaveLength(3)
    expect(woken).toEqual(['a at 3000'])
  })

  test('what falls due while the rest is seen to is woken at once', async () => {
    const due = new Map(Object.entries({ first: 0, second: 5 }))
    const { clock, woken, scheduler, wake } = setUp(due)
    void scheduler.start(async (id) => {
      // Seeing to the first takes until after the second is due, and the look that follows comes just before that.
      if (id === 'first') await pause(clock, 4)
      await wake(id)
    })
    await clock.advance(20)
    expect(woken).toEqual(['first at 4', 'second at 5'])
  })

  test('what falls due between the last look and the question what is next is woken at once', async () => {
    const due = new Map(Object.entries({ first: 0, second: 5 }))
    const { clock, woken, scheduler, wake } = setUp(due, (time) => ({
      async nextDueAt() {
        await pause(time, 10)
        return dueTimes(due).nextDueAt()
      },
    }))
    void scheduler.start(wake)
    await clock.advance(50)
    expect(woken).toEqual(['first at 0', 'second at 10'])
  })

  test('what is stored and due while it asks what is next is not slept over', async () => {
    const due = new Map(Object.entries({ far: 60_000 }))
    const { clock, woken, scheduler, wake } = setUp(due, (time) => ({
      async nextDueAt() {
        const next = dueTimes(due).nextDueAt()
        await pause(time, 10)
        return next
      },
    }))
    void scheduler.start(wake)
    await clock.advance(2)
    due.set('near', 5)
    await scheduler.wakeAt('near', 5)
    await clock.advance(100)
    expect(woken).toEqual(['near at 10'])
  })

  test('a notification that stays due, as its store does not take the change, is not spun on', async () => {
    const due = new Map(Object.entries({ stuck: 0, other: 500 }))
    const { clock, scheduler } = setUp(due)
    let wakes = 0
    void scheduler.start(async (id) => {
      if (id === 'other') due.delete(id)
      else wakes++
    })
    await clock.advance('10s')
    expect(due.has('other')).toBe(false)
    expect(wakes).toBe(11)
  })

  test('stop waits for the sweep under way, and nobody is woken after it', async () => {
    const due = new Map(Object.entries({ a: 0, b: 50 }))
    const { clock, scheduler } = setUp(due)
    const woken: string[] = []
    let finish = () => {}
    void scheduler.start(async (id) => {
      woken.push(id)
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      due.delete(id)
    })
    await clock.advance(0)
    let stopped = false
    const stopping = Promise.resolve(scheduler.stop()).then(() => {
      stopped = true
    })
    await clock.advance(100)
    expect(stopped).toBe(false)
    finish()
    await stopping
    await scheduler.wakeAt('b', 50)
    await clock.advance('1h')
    expect(woken).toEqual(['a'])
    expect(clock.timers).toBe(0)
  })
})

test('through a notifier: a store that fails while it wakes loses nothing', async () => {
  const memory = memoryStore()
  let down = false
  const store: NotificationStore = {
    ...memory,
    async update(record, version) {
      if (down) throw new Error('store down')
      return memory.update(record, version)
    },
  }
  const provider = sms()
  const w = world([provider], { store })
  await w.send(['sms'], { sendAt: 5000 })
  down = true
  await w.to(7)
  expect(w.times('error')).toEqual([5, 6, 7])
  expect(provider.calls).toHaveLength(0)
  down = false
  await w.to(8)
  expect(provider.calls).toHaveLength(1)
})
