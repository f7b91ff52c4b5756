import type { Scheduler } from 'omnicascade'
import type { OpenedScheduler, VirtualClock } from 'omnicascade/testing'
import { timerScheduler } from '../../src/notifier/timer-scheduler.ts'
import { dueTimes } from '../support/due-times.ts'

/** The notifier's timer reads due times from the store, where a notifier has written them before it calls `wakeAt`. */
export function openTimer(clock: VirtualClock): OpenedScheduler {
  const due = new Map<string, number>()
  const store = dueTimes(due)
  const timers: Scheduler[] = []

  function another(): Scheduler {
    const timer = timerScheduler(store, clock)
    timers.push(timer)
    return {
      async wakeAt(wakeUp) {
        due.set(wakeUp.id, wakeUp.time)
        // A shared store lets the others hear of it.
        for (const each of timers) await each.wakeAt(wakeUp)
      },
      start(onWake, onError) {
        return timer.start((id) => {
          if ((due.get(id) ?? 0) <= clock.now()) due.delete(id)
          return onWake(id)
        }, onError)
      },
      stop: () => timer.stop(),
    }
  }

  return { scheduler: another(), another, dispose() {} }
}
