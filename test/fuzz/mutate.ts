import type { Random } from '../crash/random.ts'

const encoder = new TextEncoder()

/** What breaks parsers, as bytes. Some is no UTF-8, some no JSON. */
export const tokens: readonly Uint8Array[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    '"__proto__":{"polluted":true},',
    '"constructor":{"prototype":{"polluted":true}},',
    '__proto__[polluted]=1&',
    '\\ud800',
    '\\udc00',
    '\\u0000',
    '\ufeff',
    '\u0000',
    '\u001e',
    '\u2028',
    '\r\n',
    '\\',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '<',
    '&',
    '=',
    '%',
    '%ff',
    '%00',
    ';',
    ',',
    '+',
    '-',
    'null',
    'true',
    'NaN',
    'Infinity',
    '-0',
    '1e999',
    '-1e-999',
    '9007199254740993',
    '8640000000000001',
    '99999999999999999999',
    '-1',
    '0.1',
    'undefined',
    '{{',
    '}}',
    '{%',
    '%}',
    '${',
    'https://',
    'javascript:',
    '../',
    '*/',
    '🙂',
    'ě',
    '[]',
    '{}',
    '""',
    '9'.repeat(400),
    'a'.repeat(300),
    '['.repeat(200),
    '{"a":'.repeat(200),
    ' '.repeat(300),
    '='.repeat(300),
    '/'.repeat(300),
    '%61'.repeat(100),
    '\\'.repeat(301),
  ].map((text) => encoder.encode(text)),
  // A lone surrogate in UTF-8 (CESU), an overlong slash, a cut character, and bytes that no UTF-8 has.
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xc0, 0xaf),
  Uint8Array.of(0xe2, 0x82),
  Uint8Array.of(0xff, 0xfe),
]

/** Longest input in bytes that mutation makes; longer ones are the business of `hostile.ts`. */
const longest = 32_768

/** A payload with one to four places changed: a bit, a byte, a run of bytes, a token from above, or a piece of another payload. */
export function mutateBytes(payload: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = payload
  for (let times = 1 + random.below(4); times > 0; times--) bytes = mutateOnce(bytes, corpus, random)
  return bytes.length > longest ? bytes.subarray(0, longest) : bytes
}

function mutateOnce(bytes: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random.below(bytes.length + 1)
  const run = 1 + random.below(random.chance(0.2) ? bytes.length + 1 : 8)
  switch (random.below(9)) {
    case 0:
      return spliced(bytes, at, 1, [Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8)))])
    case 1:
      return spliced(bytes, at, 1, [Uint8Array.of(random.below(256))])
    case 2:
      return spliced(bytes, at, 0, [random.pick(tokens)])
    case 3:
      return spliced(bytes, at, run, [random.pick(tokens)])
    case 4:
      return spliced(bytes, at, run, [])
    case 5:
      return spliced(bytes, at, 0, Array(1 + random.below(random.chance(0.1) ? 40 : 2)).fill(bytes.subarray(at, at + run)))
    case 6:
      return bytes.subarray(0, at)
    case 7: {
      const other = random.pick(corpus)
      return spliced(bytes, at, bytes.length, [other.subarray(random.below(other.length + 1))])
    }
    default: {
      // A number that is a little off, or of another size.
      const digit = bytes.findIndex((byte, index) => index >= at && byte >= 0x30 && byte <= 0x39)
      return digit === -1 ? spliced(bytes, at, run, []) : spliced(bytes, digit, 1, [encoder.encode(random.pick(numbers))])
    }
  }
}

const numbers = ['0', '9', '-', '.', '00', 'e9', '99999999', '1e308', '0x1']

function spliced(bytes: Uint8Array, at: number, deleted: number, inserted: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), ...inserted, bytes.subarray(at + deleted)])
}
