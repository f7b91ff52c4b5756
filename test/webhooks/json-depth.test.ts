import { expect, test } from 'vitest'
import { jsonFault, parseJson } from '../../src/webhooks/json.ts'
import { errorOf } from './support.ts'

test('a document nested a million deep is read to the place where it stops being JSON, without recursion', () => {
  expect(jsonFault('['.repeat(1_000_000))).toBe(1_000_000)
  expect(jsonFault(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)).toBeUndefined()
  expect(errorOf(() => parseJson('test', `${'[{"a":'.repeat(200_000)}x`))).toMatchObject({ line: 1, column: 1_200_001 })
})
