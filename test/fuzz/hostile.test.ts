import { describe, expect, test } from 'vitest'
import { filled, inputOf, timeOf } from './growth.ts'
import { almost, almostMatch, shapes } from './hostile.ts'
import { targets } from './targets.ts'

const parsers = targets.filter(({ read }) => read !== false)
const megabyte = 2 ** 20

// How long these take is measured by `npm run fuzz` alone. Here they have to end: what takes the square of its input's length does not.

describe('ten megabytes', () => {
  const names = ['webhook: sendios', 'samba: stream', 'links: shortenLinks']
  const kinds = [
    'nested objects',
    'a long string',
    'many keys',
    'repeated keys',
    '__proto__ keys',
    'lone surrogates',
    'numbers of 10,000 digits',
  ]

  test.each(kinds)('of %s', { timeout: 60_000 }, async (kind) => {
    const input = inputOf(shapes[kind]!, 10 * megabyte)
    for (const name of names) await timeOf(parsers.find((target) => target.name === name)!, input)
    expect(input.length).toBeGreaterThan(9 * megabyte)
  })
})

describe('every shape', () => {
  test.each(parsers.map((target) => [target.name, target] as const))('%s', { timeout: 60_000 }, async (_, target) => {
    for (const shape of Object.values(shapes)) await timeOf(target, inputOf(shape, megabyte / 16))
  })
})

describe('almost-matches in every value of a payload', () => {
  test.each(parsers.map((target) => [target.name, target] as const))('%s', { timeout: 60_000 }, async (_, target) => {
    for (const unit of almost) for (const payload of filled(target, almostMatch(unit, 4096))) await timeOf(target, payload)
  })
})
