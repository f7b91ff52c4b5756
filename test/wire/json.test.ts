import { expect, test } from 'vitest'
import { fieldsOf, isObject, lookUp, wordOf } from '../../src/wire/json.ts'

test.each([
  [{ a: 1 }, true],
  [{}, true],
  [[], false],
  [null, false],
  [undefined, false],
  ['a', false],
])('takes %j for a JSON object: %s', (value, expected) => {
  expect(isObject(value)).toBe(expected)
  expect(fieldsOf(value)).toEqual(expected ? value : {})
})

test.each([
  ['a', 'a'],
  [7, '7'],
  [false, 'false'],
  [null, ''],
  [undefined, ''],
  [['a'], ''],
  [{ toString: 1 }, ''],
])('reads %j as the word %j', (value, expected) => {
  expect(wordOf(value)).toBe(expected)
})

test.each([
  ['bounced', 1],
  ['other', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
])('finds for %s: %s', (word, expected) => {
  expect(lookUp({ bounced: 1 }, word)).toBe(expected)
})
