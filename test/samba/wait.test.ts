import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { wait } from '../../src/samba/wait.ts'

/** A clock whose one timer rings when told to. */
function handClock() {
  let ring: (() => void) | undefined
  return {
    now: () => 0,
    setTimer(_delay: number, run: () => void) {
      ring = run
      return () => {
        ring = undefined
      }
    },
    isSet: () => ring !== undefined,
    ring: () => ring?.(),
  }
}

test('waiting lets go of the signal once it is over', async () => {
  const clock = handClock()
  const { signal } = new AbortController()
  const over = wait(clock, 1000, signal)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  clock.ring()
  await over
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('an abort ends it with the reason, and takes the timer back', async () => {
  const clock = handClock()
  const controller = new AbortController()
  const over = wait(clock, 1000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(over).rejects.toThrow('enough')
  expect(clock.isSet()).toBe(false)
})

test('it does not begin when the signal is aborted already, and does without one', async () => {
  const clock = handClock()
  await expect(wait(clock, 1000, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  expect(clock.isSet()).toBe(false)
  const over = wait(clock, 1000, undefined)
  clock.ring()
  await over
})
