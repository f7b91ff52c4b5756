import fc from 'fast-check'
import { RequestError, type SendManyOptions, type SendManyResult } from 'omnicascade'
import { gate, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { sendEach } from '../../src/notifier/send-many.ts'
import { ada, content, world } from '../support/world.ts'
import { turn } from './support.ts'

const request = (extra: object = {}) => ({ to: ada, content, cascade: ['sms'] as const, ...extra })

/** A source that counts what is asked of it. */
function source<T>(items: readonly T[]) {
  const seen = { pulled: 0, returned: 0 }
  const iterator: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      const value = items[seen.pulled]
      if (seen.pulled >= items.length) return { done: true, value: undefined }
      seen.pulled++
      return { done: false, value: value! }
    },
    async return() {
      seen.returned++
      return { done: true, value: undefined }
    },
  }
  return Object.assign(iterator, { seen })
}

/** Sends that end when they are told to. */
function sends() {
  const open = new Map<number, (error?: Error) => void>()
  return {
    open,
    most: 0,
    send(request: number) {
      const work = new Promise<void>((resolve, reject) =>
        open.set(request, (error) => {
          open.delete(request)
          if (error) reject(error)
          else resolve()
        }),
      )
      this.most = Math.max(this.most, open.size)
      return work.then(() => ({ accepted: { id: `n${request}`, created: true }, work: Promise.resolve() }))
    },
  }
}

async function drain<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

describe('through a notifier', () => {
  test('each request is a result: the stored ones with their ids, the bad ones with their error, none stops the others', async () => {
    const w = world([scriptedProvider({ channels: ['sms'], receipts: 'none' })])
    const requests = [request(), request({ to: {} }), request({ cascade: ['fax'] }), request({ idempotencyKey: 'k' })]
    const results = await drain(w.notifier.sendMany([...requests, request({ idempotencyKey: 'k' })] as never[]))
    const sorted = results.toSorted((x, y) => x.index - y.index)
    expect(sorted.map(({ id, error }) => id ?? (error instanceof RequestError && error.code))).toEqual([
      'n1',
      'invalid-request',
      'invalid-request',
      'n4',
      'n4',
    ])
    expect(sorted.map(({ created }) => created)).toEqual([true, undefined, undefined, true, false])
    expect(sorted[0]!.request).toBe(requests[0])
    expect(results.at(-1)).toMatchObject({ accepted: 3, rejected: 2 })
  })

  test('a slot is taken until the first call has its answer: there are never more calls at a time than slots', async () => {
    const gates = Array.from({ length: 6 }, gate)
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', replies: gates.map(({ reply }) => reply) })
    const w = world([provider])
    const results = drain(w.notifier.sendMany(Array.from({ length: 6 }, request), { concurrency: 2 }))
    for (const [index, { release }] of gates.entries()) {
      await turn()
      expect(provider.calls).toHaveLength(Math.min(6, index + 2))
      release()
    }
    expect((await results).map(({ accepted }) => accepted)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('once the notifier is closed every request is refused, as a result', async () => {
    const w = world([scriptedProvider({ channels: ['sms'] })])
    await w.notifier.close()
    const results = await drain(w.notifier.sendMany([request(), request()]))
    expect(results.map(({ error }) => (error as { code?: string }).code)).toEqual(['closed', 'closed'])
  })

  test.each([0, -1, Number.NaN])('%d slots are refused', async (concurrency) => {
    const w = world([scriptedProvider({ channels: ['sms'] })])
    await expect(w.notifier.sendMany([request()], { concurrency }).next()).rejects.toMatchObject({
      issues: [{ path: 'concurrency' }],
    })
  })
})

describe('back-pressure', () => {
  test('whatever order sends end in: no more at a time than slots, nothing pulled ahead, each request one result, counts that add up', async () => {
    const script = fc.record({
      total: fc.integer({ min: 0, max: 30 }),
      slots: fc.integer({ min: 1, max: 6 }),
      picks: fc.infiniteStream(fc.nat()),
      fails: fc.infiniteStream(fc.boolean()),
    })
    await fc.assert(
      fc.asyncProperty(script, async ({ total, slots, picks, fails }) => {
        const items = source(Array.from({ length: total }, (_, index) => index))
        const work = sends()
        const results: SendManyResult<number>[] = []
        const iteration = sendEach(items, (item) => work.send(item), { concurrency: slots })
        const failed = new Set<number>()
        for (;;) {
          const next = iteration.next()
          let ended = false
          void next.then(() => {
            ended = true
          })
          for (;;) {
            await turn()
            expect(items.seen.pulled).toBeLessThanOrEqual(results.length + slots)
            if (ended || work.open.size === 0) break
            const open = [...work.open.keys()]
            const pick = open[picks.next().value! % open.length]!
            const fails1 = fails.next().value!
            if (fails1) failed.add(pick)
            work.open.get(pick)!(fails1 ? new Error(`no ${pick}`) : undefined)
          }
          const { done, value } = await next
          if (done) break
          results.push(value)
        }
        expect(work.most).toBeLessThanOrEqual(slots)
        expect(results.map(({ index }) => index).toSorted((x, y) => x - y)).toEqual(Array.from({ length: total }, (_, i) => i))
        for (const [position, { index, request: item, error, accepted, rejected }] of results.entries()) {
          expect(item).toBe(index)
          expect(error?.message).toBe(failed.has(index) ? `no ${index}` : undefined)
          expect(accepted + rejected).toBe(position + 1)
        }
        expect(items.seen.returned).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('nothing is pulled before the iteration begins, and nothing while a result is being looked at, slots aside', async () => {
    const items = source(Array.from({ length: 100 }, (_, index) => index))
    const work = sends()
    const iteration = sendEach(items, (item) => work.send(item), { concurrency: 3 })
    await turn()
    expect(items.seen.pulled).toBe(0)
    const first = iteration.next()
    await turn()
    expect(items.seen.pulled).toBe(3)
    for (const end of work.open.values()) end()
    await first
    await turn()
    expect(items.seen.pulled).toBeLessThanOrEqual(4)
    await iteration.return()
  })

  test('a result is given as soon as there is one, though the source takes its time and slots are free', async () => {
    let more = (_: number) => {}
    async function* slow() {
      yield 0
      yield await new Promise<number>((resolve) => {
        more = resolve
      })
    }
    const iteration = sendEach(
      slow(),
      async (item) => ({ accepted: { id: `n${item}`, created: true }, work: Promise.resolve() }),
      {},
    )
    expect(await iteration.next()).toMatchObject({ value: { id: 'n0' } })
    const second = iteration.next()
    await turn()
    more(1)
    expect(await second).toMatchObject({ value: { id: 'n1' } })
    expect(await iteration.next()).toMatchObject({ done: true })
  })
})

describe('stopping', () => {
  const run = (items: AsyncIterable<number> | Iterable<number>, options: SendManyOptions = { concurrency: 2 }) => {
    const work = sends()
    return { work, iteration: sendEach(items, (item) => work.send(item), options) }
  }

  test('breaking out closes the source, and pulls nothing more', async () => {
    const items = source([0, 1, 2, 3, 4])
    const { work, iteration } = run(items)
    const seen: number[] = []
    const loop = (async () => {
      for await (const { index } of iteration) {
        seen.push(index)
        break
      }
    })()
    await turn()
    for (const end of work.open.values()) end()
    await loop
    await turn()
    expect(items.seen).toEqual({ pulled: 2, returned: 1 })
    expect(seen).toEqual([0])
  })

  test('breaking out of a source that is just being waited for does not wait for it', async () => {
    let release = (_: number) => {}
    const cleaned: string[] = []
    async function* queue() {
      try {
        yield 0
        yield await new Promise<number>((resolve) => {
          release = resolve
        })
      } finally {
        cleaned.push('closed')
      }
    }
    const { work, iteration } = run(queue())
    const first = iteration.next()
    await turn()
    work.open.get(0)!()
    await first
    await turn()
    await iteration.return()
    release(1)
    await turn()
    expect([...work.open.keys()]).toEqual([])
    expect(cleaned).toEqual(['closed'])
  })

  test('an abort takes nothing more, finishes what was taken, and then throws the reason', async () => {
    const abort = new AbortController()
    const items = source([0, 1, 2, 3, 4])
    const { work, iteration } = run(items, { concurrency: 2, signal: abort.signal })
    const seen: number[] = []
    const loop = (async () => {
      for await (const { index } of iteration) seen.push(index)
    })()
    await turn()
    abort.abort(new Error('deploy'))
    await turn()
    expect(items.seen.returned).toBe(0)
    for (const end of work.open.values()) end()
    await expect(loop).rejects.toThrow('deploy')
    expect(seen).toEqual([0, 1])
    expect(items.seen).toEqual({ pulled: 2, returned: 1 })
  })

  test('an abort ends the wait for a source that gives nothing', async () => {
    const abort = new AbortController()
    const { iteration } = run(
      { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) },
      { signal: abort.signal },
    )
    const next = iteration.next()
    await turn()
    abort.abort(new Error('deploy'))
    await expect(next).rejects.toThrow('deploy')
  })

  test('an abort before the beginning pulls nothing', async () => {
    const items = source([0, 1])
    const { iteration } = run(items, { signal: AbortSignal.abort(new Error('too late')) })
    await expect(iteration.next()).rejects.toThrow('too late')
    expect(items.seen.pulled).toBe(0)
  })

  test('an abort after the end changes nothing', async () => {
    const abort = new AbortController()
    const { iteration } = run([], { signal: abort.signal })
    expect(await drain(iteration)).toEqual([])
    abort.abort()
  })

  test('a source that throws: what was taken is finished and given, and then its error is thrown', async () => {
    async function* broken() {
      yield 0
      yield 1
      throw new Error('cursor lost')
    }
    const { work, iteration } = run(broken(), { concurrency: 5 })
    const seen: number[] = []
    const loop = (async () => {
      for await (const { index } of iteration) seen.push(index)
    })()
    await turn()
    for (const end of work.open.values()) end()
    await expect(loop).rejects.toThrow('cursor lost')
    expect(seen).toEqual([0, 1])
  })

  test('what a send throws is an error of its result, also if it is none', async () => {
    const iteration = sendEach([0], () => Promise.reject('no'), {})
    expect((await iteration.next()).value).toMatchObject({ index: 0, rejected: 1, error: new Error('no') })
  })
})
