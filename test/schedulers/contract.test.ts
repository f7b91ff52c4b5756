import type { Scheduler } from 'omnicascade'
import { schedulerContract, type VirtualClock, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { openTimer } from './timer.ts'

type Fault = (sound: Scheduler, clock: VirtualClock) => Partial<Scheduler>

const timeOf = (clock: VirtualClock) => ({ now: clock.now, pass: (duration: number) => clock.advance(duration) })

/** The first case that fails when every scheduler has the fault. */
async function failing(fault: Fault): Promise<string | undefined> {
  const clock = virtualClock(Date.UTC(2026, 10, 25))
  const open = () => {
    const { scheduler, another, dispose } = openTimer(clock)
    const faulty = (sound: Scheduler): Scheduler => ({ ...sound, ...fault(sound, clock) })
    return { scheduler: faulty(scheduler), another: async () => faulty(await another()), dispose }
  }
  for (const { name, run } of schedulerContract({ open, time: timeOf(clock), patience: 3000 })) {
    const broken = await run().then(
      () => false,
      () => true,
    )
    if (broken) return name
  }
  return undefined
}

const unlessKnown = (sound: Scheduler): Partial<Scheduler> => {
  const known = new Set<string>()
  return {
    wakeAt(wakeUp) {
      if (known.has(wakeUp.id)) return
      known.add(wakeUp.id)
      return sound.wakeAt(wakeUp)
    },
  }
}

const faults: Readonly<Record<string, Fault>> = {
  'spins on what is not due yet': (sound) => ({ wakeAt: (wakeUp) => sound.wakeAt({ ...wakeUp, time: wakeUp.time - 50 }) }),
  'wakes once too early': (sound, clock) => {
    let wake: (id: string) => void = () => {}
    const ids = new Set<string>()
    return {
      wakeAt(wakeUp) {
        if (!ids.has(wakeUp.id)) clock.setTimer(wakeUp.time - 50 - clock.now(), () => wake(wakeUp.id))
        ids.add(wakeUp.id)
        return sound.wakeAt(wakeUp)
      },
      start(onWake, onError) {
        wake = onWake
        return sound.start(onWake, onError)
      },
    }
  },
  'never wakes': () => ({ wakeAt() {} }),
  'loses what is due at once': (sound, clock) => ({
    wakeAt: (wakeUp) => (wakeUp.time <= clock.now() ? undefined : sound.wakeAt(wakeUp)),
  }),
  'keeps the first time for ever': unlessKnown,
  'forgets what it was told before it started': (sound) => {
    let started = false
    return {
      wakeAt: (wakeUp) => (started ? sound.wakeAt(wakeUp) : undefined),
      start(onWake, onError) {
        started = true
        return sound.start(onWake, onError)
      },
    }
  },
  'takes 2^31 ms for nothing': (sound, clock) => ({
    wakeAt: (wakeUp) => sound.wakeAt({ ...wakeUp, time: clock.now() + ((wakeUp.time - clock.now()) % 2 ** 31) }),
  }),
  'takes an id for a number': (sound) => ({
    wakeAt: (wakeUp) => sound.wakeAt({ ...wakeUp, id: String(Number(wakeUp.id) || wakeUp.id) }),
  }),
  'loses ids with a colon': (sound) => ({ wakeAt: (wakeUp) => (wakeUp.id.includes(':') ? undefined : sound.wakeAt(wakeUp)) }),
  'loses one of a hundred': (sound) => {
    let count = 0
    return { wakeAt: (wakeUp) => (++count % 100 === 0 ? undefined : sound.wakeAt(wakeUp)) }
  },
  'takes a lease for the wake-up itself': (sound) => {
    const leased = new Set<string>()
    return {
      wakeAt(wakeUp) {
        if (wakeUp.lease) leased.add(wakeUp.id)
        return leased.has(wakeUp.id) ? undefined : sound.wakeAt(wakeUp)
      },
    }
  },
  'does not stop': () => ({ stop() {} }),
  'does not wait for handlers when it stops': (sound) => ({ stop: () => void sound.stop() }),
  'wakes again and again': (sound, clock) => ({
    start(onWake, onError) {
      const again = async (id: string, times = 3) => {
        await onWake(id)
        if (times > 1) clock.setTimer(20, () => void again(id, times - 1))
      }
      return sound.start((id) => again(id), onError)
    },
  }),
  'tells of an error that is none': (sound) => ({
    start(onWake, onError) {
      onError(new Error('no error'))
      return sound.start(onWake, onError)
    },
  }),
  'hears nothing after its end': (sound) => {
    let ended = false
    return {
      wakeAt: (wakeUp) => (ended ? undefined : sound.wakeAt(wakeUp)),
      async stop() {
        ended = true
        await sound.stop()
      },
    }
  },
}

describe('the scheduler contract has teeth', () => {
  test('a sound scheduler passes', async () => {
    expect(await failing(() => ({}))).toBeUndefined()
  })

  for (const [name, fault] of Object.entries(faults)) {
    test(`one that ${name} fails`, async () => {
      expect(await failing(fault)).toBeTypeOf('string')
    })
  }
})

describe('cases that cannot apply', () => {
  const open = () => openTimer(virtualClock())

  test('stay in the list, with the reason', () => {
    const names = schedulerContract({ open, without: { 'takes any id': 'ids are numbers' } }).map(({ name }) => name)
    expect(names).toContain('takes any id (cannot apply: ids are numbers)')
    expect(names).not.toContain('takes any id')
  })

  test('must exist, and have a reason', () => {
    expect(() => schedulerContract({ open, without: { 'takes any ids': 'a slip' } })).toThrow(/no case "takes any ids"/)
    expect(() => schedulerContract({ open, without: { 'takes any id': ' ' } })).toThrow(/say why/)
  })
})
