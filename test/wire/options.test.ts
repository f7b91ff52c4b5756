import { describe, expect, test } from 'vitest'
import { checkOptions, isHttpUrl, isText } from '../../src/wire/options.ts'
import { thrownBy } from '../providers/failures.ts'

describe('checkOptions', () => {
  test('lets pass what will do', () => {
    expect(() => checkOptions('acme', [['key', 'k', true, 'be a key']])).not.toThrow()
  })

  test('lists every option that will not do, with the cure, and repeats none', () => {
    const error = thrownBy(() =>
      checkOptions('acme', [
        ['key', 's3cret', false, 'be a key'],
        ['id', 1, true, 'be an id'],
        ['url', {}, false, 'be a URL'],
      ]),
    )
    expect(error).toMatchObject({
      code: 'invalid-options',
      message: 'acme: key: must be a key; url: must be a URL',
      issues: [
        { path: 'key', message: 'must be a key' },
        { path: 'url', message: 'must be a URL' },
      ],
    })
  })

  test.each([undefined, null, '', Number.NaN])('tells of environment variables where %s was given', (given) => {
    expect(thrownBy(() => checkOptions('acme', [['key', given, false, 'be a key']])).message).toBe(
      'acme: key: is missing (is its environment variable set?): it must be a key',
    )
  })
})

test.each([
  ['a', true],
  ['', false],
  [undefined, false],
  [1, false],
])('takes %j for text: %s', (value, expected) => {
  expect(isText(value)).toBe(expected)
})

test('takes no value for text because of how it is written', () => {
  expect(isText(undefined, /^\w+$/)).toBe(false)
  expect(isText('a b', /^\w+$/)).toBe(false)
  expect(isText('ab', /^\w+$/)).toBe(true)
})

test.each([
  ['https://example.org/a?b=c', true],
  ['http://127.0.0.1:8080', true],
  ['ftp://example.org', false],
  ['https://user@example.org', false],
  ['https://:password@example.org', false],
  ['https://example.org/#a', false],
  ['example.org', false],
  ['', false],
  [undefined, false],
  [new URL('https://example.org'), false],
])('takes %j for the URL of an API: %s', (value, expected) => {
  expect(isHttpUrl(value)).toBe(expected)
})
