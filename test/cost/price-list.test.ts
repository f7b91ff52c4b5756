import fc from 'fast-check'
import { type PricedMessage, type PriceOf, RequestError } from 'omnicascade'
import { type PriceList, priceList } from 'omnicascade/cost'
import { splitSegments } from 'omnicascade/text'
import { describe, expect, test } from 'vitest'

const sms = (to: unknown, text = 'Hello') => ({ channel: 'sms', to, content: { text }, recipient: {} }) as PricedMessage
const viber = (to: unknown) => ({ channel: 'viber', to, content: { text: 'a'.repeat(500) }, recipient: {} }) as PricedMessage
const amounts = (price: PriceOf, messages: readonly PricedMessage[]) => messages.map((message) => price(message)?.amount)

describe('a price list', () => {
  const list = priceList({ currency: 'EUR', sms: { '+420': 0.0412, '+42': '0.05', '+4': 1, '+44': '0' }, viber: 0.01, email: 0 })

  test('goes by the longest prefix that the number begins with', () => {
    const numbers = ['+420777123456', '+421777123456', '+431234567', '+447700900123', '+15550100']
    expect(
      amounts(
        list,
        numbers.map((to) => sms(to)),
      ),
    ).toEqual(['0.0412', '0.05', '1', '0', undefined])
  })

  test('has a price for all other numbers, and for none that is no number', () => {
    const others = priceList({ currency: 'USD', viber: { '+': 0.02, '+420': 0.01 } })
    expect(amounts(others, [viber('+15550100'), viber('+420777123456'), viber('01234567890A='), viber(undefined)])).toEqual([
      '0.02',
      '0.01',
      undefined,
      undefined,
    ])
    expect(others(viber('+1'))?.currency).toBe('USD')
  })

  test('counts the segments of an SMS, and nothing of another message', () => {
    const long = 'a'.repeat(161)
    expect(
      amounts(list, [sms('+420777123456', long), sms('+420777123456', `${'a'.repeat(70)}є`), viber('+420777123456')]),
    ).toEqual(['0.0824', '0.0824', '0.01'])
  })

  test('knows nothing of a channel that it leaves out, and what is free costs 0', () => {
    const push = { channel: 'push', to: 'token', content: { text: 'Hello' }, recipient: {} } as const
    expect(list(push)).toBeUndefined()
    expect(list({ ...push, channel: 'email', content: { subject: 'Hello', text: 'Hello' } })).toEqual({
      amount: '0',
      currency: 'EUR',
    })
  })

  test.each<[string, unknown, readonly string[]]>([
    ['nothing', undefined, ['currency']],
    ['a currency that is no code', { currency: 'euro', sms: 1 }, ['currency']],
    ['a channel that is none', { currency: 'EUR', smss: 1 }, ['smss']],
    [
      'amounts that are none',
      { currency: 'EUR', sms: -1, email: Number.NaN, push: 0.1 + 0.2, viber: null },
      ['sms', 'email', 'push', 'viber'],
    ],
    ['prefixes that are none', { currency: 'EUR', sms: { 420: 1, '+': '1', '+4x': 1 } }, ['sms.420', 'sms.+4x']],
    [
      'prefixes where there are no numbers',
      { currency: 'EUR', email: { '+': 0.01 }, push: { '+420': 0 } },
      ['email.+', 'push.+420'],
    ],
    ['an amount by prefix that is none', { currency: 'EUR', sms: { '+420': '1,5' } }, ['sms.+420']],
  ])('refuses %s, and says where', (_, given, paths) => {
    let error: unknown
    try {
      priceList(given as PriceList)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(RequestError)
    expect(error).toMatchObject({ code: 'invalid-options', issues: paths.map((path) => ({ path })) })
  })

  test('agrees with looking at every prefix, one by one', () => {
    const digits = fc.stringMatching(/^[1-3]{0,4}$/)
    const tariff = fc.dictionary(digits, fc.nat(999), { maxKeys: 12 })
    fc.assert(
      fc.property(tariff, fc.stringMatching(/^[1-3]{4,8}$/), (given, number) => {
        const prefixes = Object.fromEntries(Object.entries(given).map(([prefix, amount]) => [`+${prefix}`, amount]))
        const fitting = Object.keys(given).filter((prefix) => number.startsWith(prefix))
        const longest = fitting.sort((a, b) => b.length - a.length)[0]
        const price = priceList({ currency: 'EUR', sms: prefixes })(sms(`+${number}`))
        expect(price?.amount).toBe(longest === undefined ? undefined : String(given[longest]))
      }),
    )
  })

  test('charges as many times as there are segments, to the last digit', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 700, unit: 'grapheme' }), fc.nat(999_999), (text, millionths) => {
        const amount = `0.${String(millionths).padStart(6, '0')}`
        const price = priceList({ currency: 'EUR', sms: amount })(sms('+420777123456', text))
        expect(Math.round(Number(price!.amount) * 1e6)).toBe(millionths * splitSegments(text).length)
      }),
    )
  })
})
