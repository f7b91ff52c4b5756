import { memoryStore, type NotificationRecord } from 'omnicascade'
import { virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { createWatching } from '../../src/notifier/watching.ts'
import { turn } from './support.ts'

const record = (version: number, settled = false) =>
  ({ id: 'n1', version, settledAt: settled ? 1 : null, outcome: settled ? { status: 'delivered' } : null }) as NotificationRecord

/** Watching on a store that others write to, with a `get` that a test decides about. */
function setUp(get: () => NotificationRecord | undefined | Promise<NotificationRecord | undefined>) {
  let setBy = 0
  const inner = virtualClock(0)
  const clock = { ...inner, now: () => inner.now() + setBy }
  const errors: unknown[] = []
  let hear: (id: string | null) => void = () => {}
  const store = {
    ...memoryStore(),
    shared: true,
    watch: (onChange: typeof hear) => {
      hear = onChange
      return () => {}
    },
  }
  const watching = createWatching({ store, clock, get: async () => get(), onError: (error) => errors.push(error) })
  const set = (by: number) => {
    setBy += by
  }
  return { clock, errors, watching, set, hear: () => hear('n1') }
}

test('a later look that fails is told once, and made again: nobody who waits is turned away', async () => {
  let stored: () => NotificationRecord = () => record(1)
  const { clock, errors, watching } = setUp(() => stored())
  const outcomes = [watching.outcomeOf('n1', undefined), watching.outcomeOf('n1', undefined)]
  await turn()
  stored = () => {
    throw new Error('database away')
  }
  await clock.advance('5s')
  expect(errors).toHaveLength(1)
  await clock.advance('5s')
  expect(errors).toHaveLength(2)
  stored = () => record(2, true)
  await clock.advance('5s')
  expect(await Promise.all(outcomes)).toEqual([{ status: 'delivered' }, { status: 'delivered' }])
})

test('a look that fails is told though the clock was set back', async () => {
  let stored: () => NotificationRecord = () => record(1)
  const { clock, errors, watching, set } = setUp(() => stored())
  const outcome = watching.outcomeOf('n1', undefined)
  await turn()
  stored = () => {
    throw new Error('database away')
  }
  await clock.advance('5s')
  set(-3_600_000)
  await clock.advance('5s')
  expect(errors).toHaveLength(2)
  stored = () => record(2, true)
  await clock.advance('5s')
  expect(await outcome).toEqual({ status: 'delivered' })
})

test('the first look that fails rejects', async () => {
  const { watching } = setUp(() => {
    throw new Error('database away')
  })
  await expect(watching.outcomeOf('n1', undefined)).rejects.toThrow('database away')
})

test('an own write that is older than what another process told of does not hide it', async () => {
  let stored = record(1)
  const { watching, hear } = setUp(() => stored)
  const seen = watching.watch('n1', undefined)
  expect((await seen.next()).value).toMatchObject({ version: 1 })
  const next = seen.next()
  await turn()
  stored = record(3, true)
  hear()
  // This process's own write comes to be known later than what followed upon it elsewhere.
  watching.changed(record(2))
  expect((await next).value).toMatchObject({ version: 3 })
  expect((await seen.next()).done).toBe(true)
})

test('of two own writes that come to be known in the wrong order the later one counts', async () => {
  const { watching } = setUp(() => record(1))
  const seen = watching.watch('n1', undefined)
  await seen.next()
  const next = seen.next()
  await turn()
  watching.changed(record(3, true))
  watching.changed(record(2))
  expect((await next).value).toMatchObject({ version: 3 })
  await watching.close(new Error('over'))
})

test('an own write that waits to be read does not keep back what another process tells of after it', async () => {
  let stored = record(1)
  const { watching, hear } = setUp(() => stored)
  const seen = watching.watch('n1', undefined)
  await seen.next()
  const next = seen.next()
  await turn()
  watching.changed(record(2))
  stored = record(3, true)
  hear()
  expect((await next).value).toMatchObject({ version: 3 })
  await watching.close(new Error('over'))
})
