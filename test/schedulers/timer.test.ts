import { memoryStore, type NotificationStore, type Scheduler } from 'omnicascade'
import { schedulerContract, virtualClock } from 'omnicascade/testing'
import { describe, test } from 'vitest'
import { timerScheduler } from '../../src/notifier/timer-scheduler.ts'

/** The timer scheduler reads due times from the store, where a notifier has written them before it calls `wakeAt`. */
function open(clock: ReturnType<typeof virtualClock>) {
  const due = new Map<string, number>()
  const store: NotificationStore = {
    ...memoryStore(),
    due: (now, limit) =>
      [...due]
        .filter(([, time]) => time <= now)
        .sort(([, x], [, y]) => x - y)
        .slice(0, limit)
        .map(([id]) => id),
    nextDueAt: () => (due.size === 0 ? null : Math.min(...due.values())),
  }
  // Another process has a timer of its own and looks at the store from time to time, as the notifier has it do.
  const others: Scheduler[] = []
  const another = (): Scheduler => {
    const timer = timerScheduler(store, clock)
    const scheduler: Scheduler = {
      async wakeAt(wakeUp) {
        due.set(wakeUp.id, wakeUp.time)
        for (const other of others) await other.wakeAt(wakeUp)
      },
      start: (onWake, onError) =>
        timer.start((id) => {
          if ((due.get(id) ?? 0) <= clock.now()) due.delete(id)
          return onWake(id)
        }, onError),
      stop: () => timer.stop(),
    }
    others.push(timer)
    return scheduler
  }
  return { scheduler: another(), another, dispose() {} }
}

describe('the timer on a memory store, with a virtual clock', () => {
  const clock = virtualClock(Date.UTC(2026, 10, 25))
  const time = { now: clock.now, pass: (duration: number) => clock.advance(duration) }
  for (const { name, run } of schedulerContract({ open: () => open(clock), time })) test(name, run)
})
