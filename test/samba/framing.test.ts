import { describe, expect, test } from 'vitest'
import { endOfObject, endOfStray, lastBoundary, nextStart, skipBlank } from '../../src/samba/framing.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('the last boundary between two records', () => {
  const boundary = (text: string, start = 0, from = 0, end = text.length) => lastBoundary(bytes(text), start, from, end)

  test.each([
    ['{"a":1}\n{"b":2}', { close: 7, open: 8 }],
    ['{"a":1}\r{', { close: 7, open: 8 }],
    ['{"a":1}\u001e{', { close: 7, open: 8 }],
    ['{"a":1} \t\r\n\u001e\n{', { close: 7, open: 13 }],
    ['{}\n{}\n{', { close: 5, open: 6 }],
    ['{}\n{"a":{', { close: 2, open: 3 }],
    ['{}\n{"a":\n{', { close: 2, open: 3 }],
    ['}\n{', { close: 1, open: 2 }],
    ['{"a":1} {', undefined],
    ['{"a":1}{', undefined],
    ['{"a":[\n{', undefined],
    ['\n{', undefined],
    ['{', undefined],
    ['', undefined],
  ])('of %j', (text, expected) => {
    expect(boundary(text)).toEqual(expected)
  })

  test('opens where it may, and closes after the start', () => {
    const text = '{}\n{}'
    expect(boundary(text, 0, 3)).toEqual({ close: 2, open: 3 })
    expect(boundary(text, 0, 4)).toBeUndefined()
    expect(boundary(text, 0, 0, 3)).toBeUndefined()
    expect(boundary(text, 1)).toEqual({ close: 2, open: 3 })
    expect(boundary(text, 2)).toBeUndefined()
    expect(boundary(text, 3)).toBeUndefined()
  })
})

test.each([
  [' \t\r\n\u001e{', 0, 6, 5],
  ['{ ', 0, 2, 0],
  ['  x', 1, 3, 2],
  ['   ', 0, 3, 3],
  ['   x', 0, 2, 2],
])('the first of %j that is not blank, from %i to %i, is at %i', (text, from, end, at) => {
  expect(skipBlank(bytes(text), from, end)).toBe(at)
})

test.each([
  ['abc{', 3],
  ['abc\n', 3],
  ['abc\r', 3],
  ['abc\u001e', 3],
  ['a c', -1],
  ['{', 0],
  ['', -1],
])('what is no object in %j ends at %i', (text, at) => {
  expect(endOfStray(bytes(text), 0, text.length)).toBe(at)
})

describe('the end of an object', () => {
  test.each([
    ['{}', 2],
    ['{"a":1}}', 7],
    ['{"a":"}{]["}', 12],
    ['{"a":"\\"}"}', 11],
    ['{"a":"\\\\"}', 10],
    ['{"a":[{},{}]}', 13],
    ['{"a": \r\n\t{}}', 12],
    ['{"a":[\n{}]}', 11],
    ['{"a":1,\n"b":{}}', 15],
    ['{"a":" "}', 9],
  ])('in %j is %i', (text, end) => {
    expect(endOfObject(bytes(`x${text}`), 1, text.length + 1)).toBe(end + 1)
  })

  test.each(['{', '{"a":', '{"a', '{"a\\', '{"a":[]', '{"a":{}', '{"a":"}', '{"a" ['])('is not in sight in %j', (text) => {
    expect(endOfObject(bytes(`${text}}`), 0, text.length)).toBe('open')
  })

  test.each(['{"a\n', '{"a\u001f', '{"a":\u001e', '{"a" {', '{"a":1\n{', '{"a":"b"\n{', '{"a":[1 {'])(
    'cannot come in %j',
    (text) => {
      expect(endOfObject(bytes(text), 0, text.length)).toBe('broken')
    },
  )
})

test.each([
  ['a\u001eb', 1],
  ['a\n{', 2],
  ['a\r{', 2],
  ['a\n\n{', 3],
  ['\u001e', 0],
  ['a{', -1],
  ['a\n', -1],
  ['a\n ', -1],
  ['', -1],
])('after a break, a record may start in %j at %i', (text, at) => {
  expect(nextStart(bytes(`${text}{`), 0, text.length)).toBe(at)
})

test('a record that starts beyond the end is not in sight', () => {
  expect(nextStart(bytes('a\u001e{'), 0, 1)).toBe(-1)
})
