import { expect, test } from 'vitest'
import { perTurn } from '../../src/wire/per-turn.ts'

test('what is handed over in one turn goes out in one go, in order', async () => {
  const sent: (readonly number[])[] = []
  const hand = perTurn(async (items: readonly number[]) => {
    sent.push(items)
  })
  const first = hand(1)
  await Promise.resolve()
  await Promise.all([first, hand(2), hand(3)])
  await hand(4)
  expect(sent).toEqual([[1, 2, 3], [4]])
})

test('all who handed something over hear that it failed, and the next turn is not touched', async () => {
  let fails = true
  const hand = perTurn(async () => {
    if (fails) throw new Error('down')
  })
  const results = await Promise.allSettled([hand(1), hand(2)])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  await expect(hand(3)).resolves.toBeUndefined()
})

test('what comes while one go is under way does not wait for it', async () => {
  const ends: (() => void)[] = []
  const hand = perTurn(() => new Promise<void>((resolve) => ends.push(resolve)))
  const first = hand(1)
  await new Promise((resolve) => setImmediate(resolve))
  const second = hand(2)
  await new Promise((resolve) => setImmediate(resolve))
  expect(ends).toHaveLength(2)
  for (const end of ends) end()
  await Promise.all([first, second])
})
