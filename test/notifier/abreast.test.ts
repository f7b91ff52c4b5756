import { createNotifier, memoryStore, type NotificationStore, type Receipt } from 'omnicascade'
import { scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { abreast } from '../../src/notifier/abreast.ts'
import { turn } from './support.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Work that ends when it is told to. */
function desk() {
  const begun: number[] = []
  const open = new Map<number, { end(): void; fail(error: unknown): void }>()
  return {
    begun,
    open,
    work: (item: number) =>
      new Promise<void>((resolve, reject) => {
        begun.push(item)
        open.set(item, { end: resolve, fail: reject })
      }),
    async end(item: number) {
      open.get(item)?.end()
      open.delete(item)
      await turn()
    },
  }
}

describe('several at a time', () => {
  test('no more than there is room for, and none is pulled before there is', async () => {
    const { begun, work, end } = desk()
    let pulled = 0
    function* source() {
      for (const number of numbers(5)) {
        pulled++
        yield number
      }
    }
    const all = abreast(source(), { most: 2, keys: (item) => [String(item)], work })
    await turn()
    expect([begun, pulled]).toEqual([[0, 1], 2])
    await end(1)
    expect([begun, pulled]).toEqual([[0, 1, 2], 3])
    for (const item of [0, 2, 3, 4]) await end(item)
    await all
    expect(begun).toEqual([0, 1, 2, 3, 4])
  })

  test('those with a key in common one after the other, in their order', async () => {
    const { begun, work, end } = desk()
    const keys: Record<number, string[]> = { 0: ['a'], 1: ['a', 'b'], 2: ['c'], 3: ['b'] }
    const all = abreast(numbers(4), { most: 10, keys: (item) => keys[item] ?? [], work })
    await turn()
    expect(begun).toEqual([0, 2])
    await end(2)
    await end(0)
    expect(begun).toEqual([0, 2, 1])
    await end(1)
    expect(begun).toEqual([0, 2, 1, 3])
    await end(3)
    await all
  })

  test('after a failure none is begun, and it rejects with the first once what was begun has ended', async () => {
    const { begun, work, open, end } = desk()
    let rejected: unknown
    const all = abreast(numbers(9), { most: 3, keys: (item) => [String(item % 2)], work }).catch((error) => {
      rejected = error
    })
    await turn()
    expect(begun).toEqual([0, 1])
    open.get(0)?.fail(new Error('first'))
    await turn()
    expect([begun, rejected]).toEqual([[0, 1], undefined])
    await end(1)
    await all
    expect(begun).toEqual([0, 1])
    expect(rejected).toEqual(new Error('first'))
  })

  test('a source that takes its time holds up no failure, and is told to end', async () => {
    let isEnded = false
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]() {
        let asked = 0
        return {
          next: () => (asked++ === 0 ? Promise.resolve({ done: false, value: 1 }) : new Promise(() => {})),
          return: async () => {
            isEnded = true
            return { done: true, value: undefined }
          },
        }
      },
    }
    const work = () => Promise.reject(new Error('store'))
    await expect(abreast(source, { most: 4, keys: () => [], work })).rejects.toThrow('store')
    expect(isEnded).toBe(true)
  })

  test('a source that fails when it is told to end does not hide the failure', async () => {
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(new Error('connection')),
      }),
    }
    const work = () => Promise.reject(new Error('store'))
    await expect(abreast(source, { most: 1, keys: () => [], work })).rejects.toThrow('store')
  })

  test('what the source throws rejects, once what was begun has ended', async () => {
    const { work, end } = desk()
    async function* source() {
      yield 0
      throw new Error('stream')
    }
    const all = expect(abreast(source(), { most: 4, keys: () => [], work })).rejects.toThrow('stream')
    await turn()
    await end(0)
    await all
  })
})

test('a webhook with a thousand receipts does not wait a thousand times for the disk', async () => {
  const clock = virtualClock()
  const memory = memoryStore()
  let isSlow = false
  const store: NotificationStore = {
    ...memory,
    async update(record, version) {
      if (isSlow) await new Promise<void>((resolve) => clock.setTimer(5, resolve))
      return memory.update(record, version)
    },
  }
  const provider = scriptedProvider({ channels: ['sms'], receipts: 'full' })
  let ids = 0
  const notifier = createNotifier({ providers: [provider], store, clock, createId: () => `n${ids++}` })
  const request = { to: { phone: '+420777123456' }, content: { sms: { text: 'Hello' } }, cascade: ['sms'] } as const
  for (const _ of numbers(1000)) await notifier.send(request)
  await clock.advance(1)
  isSlow = true
  const records = await Promise.all(numbers(1000).map(async (id) => memory.get(`n${id}`)))
  const receipts = records.map((record): Receipt => {
    return { provider: 'sms', keys: record?.steps[0]?.attempts[0]?.keys ?? [], status: 'delivered', at: 0 }
  })
  let report: unknown
  void notifier.ingest(receipts).then((taken) => {
    report = taken
  })
  await clock.advance(200)
  expect(report).toEqual({ applied: 1000, duplicate: 0, parked: 0, unmatched: 0 })
})
