import { expect, test } from 'vitest'
import { fieldsOf, isObject } from '../../src/wire/json.ts'

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
