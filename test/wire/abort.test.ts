import { expect, test } from 'vitest'
import { unlessAborted } from '../../src/wire/abort.ts'

const never = new Promise<string>(() => {})

test('gives what the work gives, also without a signal', async () => {
  const { signal } = new AbortController()
  expect(await unlessAborted(Promise.resolve('done'), undefined)).toBe('done')
  expect(await unlessAborted(Promise.resolve('done'), signal)).toBe('done')
  await expect(unlessAborted(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed')
})

test('stops waiting with the signal’s reason, or what is made of it', async () => {
  const cut = new AbortController()
  const waiting = [unlessAborted(never, cut.signal), unlessAborted(never, cut.signal, (reason) => new Error(`cut: ${reason}`))]
  cut.abort('time is over')
  const ends = await Promise.allSettled(waiting)
  expect(ends).toEqual([
    { status: 'rejected', reason: 'time is over' },
    { status: 'rejected', reason: new Error('cut: time is over') },
  ])
  await expect(unlessAborted(never, cut.signal)).rejects.toBe('time is over')
})

test('lets go of the signal once the work has ended', async () => {
  const { signal } = new AbortController()
  const kept = new Set<unknown>()
  signal.addEventListener = (_: string, listener: unknown) => void kept.add(listener)
  signal.removeEventListener = (_: string, listener: unknown) => void kept.delete(listener)
  const ended = [Promise.resolve(1), Promise.reject(new Error('failed'))].map((work) => unlessAborted(work, signal))
  expect(kept.size).toBe(2)
  await Promise.allSettled(ended)
  await Promise.resolve()
  expect(kept.size).toBe(0)
})
