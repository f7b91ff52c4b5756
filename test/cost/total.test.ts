import fc from 'fast-check'
import { type NotificationRecord, OmnicascadeError, type Price } from 'omnicascade'
import { costOf, totalOf } from 'omnicascade/cost'
import { describe, expect, test } from 'vitest'
import { amountOf, compareAmounts } from '../../src/contract/price.ts'

const price = (millionths: number, currency: string): Price => {
  const digits = String(millionths).padStart(7, '0')
  return { amount: amountOf(`${digits.slice(0, -6)}.${digits.slice(-6)}`)!, currency }
}
const prices = fc.array(fc.tuple(fc.nat(2 ** 31 - 1), fc.constantFrom('EUR', 'USD', 'UAH')))

describe('a total', () => {
  test('is exact where binary fractions are not', () => {
    const [tenth, fifth] = [price(100_000, 'EUR'), price(200_000, 'EUR')]
    expect(totalOf([tenth, fifth])).toEqual([{ amount: '0.3', currency: 'EUR' }])
    expect(totalOf(Array.from({ length: 1_000_000 }, () => tenth))).toEqual([{ amount: '100000', currency: 'EUR' }])
    expect(totalOf([])).toEqual([])
  })

  test('is what whole millionths add up to, by currency, in whatever order they come', () => {
    fc.assert(
      fc.property(prices, (given) => {
        const sums = new Map<string, number>()
        for (const [millionths, currency] of given) sums.set(currency, (sums.get(currency) ?? 0) + millionths)
        const expected = [...sums].sort().map(([currency, sum]) => price(sum, currency))
        const all = given.map(([millionths, currency]) => price(millionths, currency))
        expect(totalOf(all)).toEqual(expected)
        expect(totalOf(all.toReversed())).toEqual(expected)
      }),
    )
  })

  test.each(['1e3', '-1', '', '0.1234567890123', Number.NaN])('of what is no amount (%j) is refused', (amount) => {
    expect(() => totalOf([{ amount: amount as string, currency: 'EUR' }])).toThrow(OmnicascadeError)
  })

  test('can be added to again, however large', () => {
    const most = { amount: '999999999999', currency: 'EUR' }
    const twice = totalOf([most, most])
    expect(totalOf([...twice, most])).toEqual([{ amount: '2999999999997', currency: 'EUR' }])
  })

  test('of a record is that of its attempts, of which some have no cost: they come from an older version, or were refused', () => {
    const attempt = (cost?: Price) => (cost ? { cost: { ...cost, reported: false } } : {})
    const steps = [
      { attempts: [attempt(), attempt(price(41_200, 'EUR'))] },
      { attempts: [] },
      { attempts: [attempt(price(8000, 'USD')), attempt(price(1, 'EUR'))] },
    ]
    expect(costOf({ steps } as unknown as NotificationRecord)).toEqual([
      { amount: '0.041201', currency: 'EUR' },
      { amount: '0.008', currency: 'USD' },
    ])
  })
})

describe('an amount', () => {
  test.each<[unknown, string | undefined]>([
    [0, '0'],
    [-0, '0'],
    [0.0412, '0.0412'],
    ['0.03330000', '0.0333'],
    ['007.50', '7.5'],
    ['12.', '12'],
    ['000', '0'],
    [999_999_999_999, '999999999999'],
    ['0.000000000001', '0.000000000001'],
    ['0.0000000000001', undefined],
    [1e12, undefined],
    [1e-7, undefined],
    [0.1 + 0.2, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [-1, undefined],
    ['-0.0075', undefined],
    ['1e3', undefined],
    ['.5', undefined],
    ['', undefined],
    ['1\n', undefined],
    [null, undefined],
  ])('of %j is %j', (given, expected) => {
    expect(amountOf(given)).toBe(expected)
  })

  test('is compared as a number, not as a text', () => {
    expect(['10', '9', '0.1', '0.09', '0'].toSorted(compareAmounts)).toEqual(['0', '0.09', '0.1', '9', '10'])
    expect(compareAmounts('1', '1')).toBe(0)
  })
})
