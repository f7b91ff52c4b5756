import { expect, test } from 'vitest'
import { mergeFields } from '../../src/wire/merge.ts'

test('keeps the app’s fields, and the adapter’s where both have one', () => {
  const own = { to: 'x', options: { flash: true, ttl: 9, list: [1] }, note: 'n', constructor: 1 }
  expect(mergeFields(own, { to: 'y', options: { ttl: 5 }, note: { a: 1 } })).toEqual({
    to: 'y',
    options: { flash: true, ttl: 5, list: [1] },
    note: { a: 1 },
    constructor: 1,
  })
})

test('takes nothing from a prototype, and spoils none', () => {
  const own = JSON.parse('{"__proto__":{"polluted":true}}')
  expect(mergeFields(own, { toString: { a: 1 } })).toHaveProperty('toString', { a: 1 })
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})
