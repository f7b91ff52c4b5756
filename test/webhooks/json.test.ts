import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { jsonFault, lenientJson, parseJson, parseJsonExactly, placeOf, textOf, withoutStacks } from '../../src/webhooks/json.ts'
import { errorOf } from './support.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** JSON as a person may have written it: any value, with white space wherever it is allowed. */
const documents = fc
  .tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', 4), fc.constantFrom('', ' ', '\r\n', '\n\n'))
  .map(([value, indent, space]) => space + JSON.stringify(value, null, indent) + space)

/** Texts that are mostly JSON: a document with one character put in, taken out or changed, or cut. */
const nearlyJson = fc
  .tuple(documents, fc.nat(), fc.constantFrom('', ...'{}[]:,"\\0-.eEtnu \n\u0001я'), fc.constantFrom(0, 1, 2, 1000))
  .map(([text, where, put, remove]) => {
    const at = where % (text.length + 1)
    return text.slice(0, at) + put + text.slice(at + remove)
  })

/** Texts made of the characters that JSON is made of. */
const jsonish = fc
  .array(fc.constantFrom(...'{}[]:,"\\/ \n\r\t0123456789+-.eEtrufalsn', 'true', 'null', '\\u00e9', '"a"', '1.5e-3'), {
    maxLength: 24,
    size: 'max',
  })
  .map((parts) => parts.join(''))

describe('the place where a text stops being JSON', () => {
  test('is found exactly where JSON.parse refuses the text', () => {
    fc.assert(
      fc.property(fc.oneof(documents, nearlyJson, jsonish), (text) => {
        expect(jsonFault(text) === undefined).toBe(isJson(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('is the first: what stands before it could still have become JSON, and with one character more it could not', () => {
    const closings = [
      '',
      '"',
      '1',
      '0',
      'true',
      'rue',
      'ue',
      'e',
      'alse',
      'lse',
      'se',
      'null',
      'ull',
      'll',
      'l',
      'n"',
      '0000"',
      '000"',
      '00"',
      '0"',
    ]
    const values = [...closings, '"":0', ':0', '":0', 'n":0', '0":0', '00":0', '000":0', '0000":0']
    const completable = (text: string) => {
      const closers: string[] = []
      let inString = false
      for (let at = 0; at < text.length; at++) {
        if (inString && text[at] === '\\') at++
        else if (text[at] === '"') inString = !inString
        else if (!inString && (text[at] === '{' || text[at] === '[')) closers.unshift(text[at] === '{' ? '}' : ']')
        else if (!inString && (text[at] === '}' || text[at] === ']')) closers.shift()
      }
      return values.some((value) => isJson(text + value + closers.join('')))
    }
    fc.assert(
      fc.property(fc.oneof(nearlyJson, jsonish), (text) => {
        const at = jsonFault(text)
        if (at === undefined) return
        expect(completable(text.slice(0, at))).toBe(true)
        if (at < text.length) expect(completable(text.slice(0, at + 1))).toBe(false)
      }),
      { numRuns: 800 },
    )
  })

  test.each([
    ['"\\u00e9\\uABCDef\\n\\t\\b\\f\\r\\/\\\\\\""', undefined],
    ['"\\u00g9"', 5],
    ['"\\u"', 3],
    ['"\\u12', 5],
    ['"\\u12"}', 5],
    ['"\\x"', 2],
    ['"\\', 2],
    ['"ab', 3],
    ['"a\u0001"', 2],
    ['{:1}', 1],
    ['{a:1}', 1],
    ['{"a":,"b":1}', 5],
    ['{"a":1,}', 7],
    ['[,1]', 1],
    ['[1,]', 3],
    ['[-]', 2],
    ['[1.]', 3],
    ['[1e+]', 4],
  ])('of %j is offset %j', (text, at) => {
    expect(jsonFault(text)).toBe(at)
  })

  test('is counted in lines and columns from 1', () => {
    expect(placeOf('ab\ncd', 0)).toEqual({ line: 1, column: 1 })
    expect(placeOf('ab\ncd', 2)).toEqual({ line: 1, column: 3 })
    expect(placeOf('ab\ncd', 3)).toEqual({ line: 2, column: 1 })
    expect(placeOf('ab\r\ncd', 5)).toEqual({ line: 2, column: 2 })
    expect(placeOf('\n\n', 2)).toEqual({ line: 3, column: 1 })
  })
})

describe('a body that is not JSON', () => {
  test.each([
    ['{"a": 1}}', 1, 9, "'}' is not expected here"],
    ['{\n"a": 01}', 2, 7, 'a character is not expected here'],
    ['{"a": tru}', 1, 10, "'}' is not expected here"],
    ['["a\nb"]', 1, 4, 'a line break is not expected here'],
    ['["a\rb"]', 1, 4, 'a line break is not expected here'],
    ['{"a": "\\x"}', 1, 9, 'a character is not expected here'],
    ['{"a": [1, 2', 1, 12, 'the text ends before the JSON does'],
    [' \n ', 1, 1, 'the body is empty'],
    ['', 1, 1, 'the body is empty'],
  ])('%j is refused at line %i, column %i', (text, line, column, message) => {
    const error = errorOf(() => parseJson('test', text))
    expect(error).toMatchObject({ code: 'webhook-parse', source: 'test', path: '', line, column })
    expect(error.message).toBe(`test webhook at line ${line}, column ${column}: ${message}`)
  })

  test('is never echoed', () => {
    const error = errorOf(() => parseJson('test', '{"token": "s3cret" x}'))
    expect(`${error.message}${error.stack}${error.cause}`).not.toMatch(/s3cret|token|x}/)
  })

  test('is refused where its bytes are not UTF-8', () => {
    expect(errorOf(() => textOf('test', Uint8Array.of(0x22, 0xff, 0x22))).message).toBe(
      'test webhook: the body is not UTF-8: pass the bytes as they came, not decompressed or decoded twice',
    )
    expect(errorOf(() => textOf('test', bytes('"é"').subarray(0, 2))).message).toContain('not UTF-8')
  })
})

test('a byte order mark is tolerated, in text and in bytes', () => {
  expect(parseJson('test', textOf('test', '\uFEFF{"a":1}'))).toEqual({ a: 1 })
  expect(parseJson('test', textOf('test', bytes('\uFEFF{"a":1}')))).toEqual({ a: 1 })
})

describe('reading exactly', () => {
  test('gives integers past 2^53 as their digits, and all else as it is', () => {
    expect(
      parseJsonExactly('test', '{"a": 9007199254740993, "b": [-9007199254740993, 9007199254740991], "c": 1e20, "d": "x"}'),
    ).toEqual({
      a: '9007199254740993',
      b: ['-9007199254740993', 9007199254740991],
      c: 1e20,
      d: 'x',
    })
  })

  test('gives numbers as they are on an engine that does not tell how they were written', () => {
    const { parse } = JSON
    vi.spyOn(JSON, 'parse').mockImplementation((text, reviver) => parse(text, (key, value) => reviver?.call(null, key, value)))
    expect(parseJsonExactly('test', '[9007199254740993, 1]')).toEqual([2 ** 53, 1])
  })

  test('refuses what is not JSON as reading does, and in words what is nested deeper than it can go', () => {
    expect(errorOf(() => parseJsonExactly('test', '{"a": 01}')).message).toBe(
      'test webhook at line 1, column 8: a character is not expected here',
    )
    const deep = `${'['.repeat(50_000)}9007199254740993${']'.repeat(50_000)}`
    expect(errorOf(() => parseJsonExactly('test', deep)).message).toBe('test webhook: the body is nested too deeply')
  })
})

describe('reading leniently', () => {
  test('gives null for what is not JSON, and reads bytes that are not UTF-8 as it can', () => {
    expect(lenientJson(bytes('{"a":1}'))).toEqual({ a: 1 })
    expect(lenientJson(bytes('{"a":1'))).toBeNull()
    expect(lenientJson(Uint8Array.of(0x22, 0xff, 0x22))).toBe('\ufffd')
  })
})

describe('errors that are kept for a list', () => {
  test('record no stacks, and those made later do, whatever became of the list', () => {
    const limit = Error.stackTraceLimit
    expect(withoutStacks(() => new Error('kept')).stack).toBe('Error: kept')
    expect(() =>
      withoutStacks(() => {
        throw new Error('lost')
      }),
    ).toThrow('lost')
    expect(Error.stackTraceLimit).toBe(limit)
  })
})
