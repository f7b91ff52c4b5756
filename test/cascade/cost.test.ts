// What an attempt costs: the app's price once it is accepted, the vendor's own word before it.
import type { Price } from 'omnicascade'
import { describe, expect, test } from 'vitest'
import { plan } from '../../src/cascade/plan.ts'
import { alone } from '../support/alone.ts'
import { ada, content } from '../support/world.ts'

const place = { step: 0, attempt: 0 } as const
const eur = (amount: string): Price => ({ amount, currency: 'EUR' })

/** A step that is sent, accepted at a cost if there is one, and reported on with these prices, one after the other. */
function sent(cost: (Price & { readonly reported: boolean }) | undefined, ...prices: readonly Price[]) {
  const n = alone(['sms'])
  n.wakes(0)
  n.starts(0, 0)
  const accepted = { type: 'accepted', ...place, messageId: 'm', keys: ['m'], status: 'accepted' } as const
  n.input(1, { ...accepted, ...(cost && { cost }) })
  for (const price of prices) n.input(2, { type: 'receipt', ...place, receipt: { status: 'sent', at: 2000, cost: price } })
  return n
}

const costOf = (n: ReturnType<typeof sent>) => n.steps[0]!.attempts[0]!.cost

describe('an attempt', () => {
  test('has the cost that it was accepted at, and none where there is no price', () => {
    expect(costOf(sent({ ...eur('0.05'), reported: false }))).toEqual({ ...eur('0.05'), reported: false })
    expect(sent(undefined).steps[0]!.attempts[0]).not.toHaveProperty('cost')
  })

  test('costs what its vendor reports, were it less; of two reports the higher, in either order', () => {
    const listed = { ...eur('0.05'), reported: false }
    expect(costOf(sent(listed, eur('0.04')))).toEqual({ ...eur('0.04'), reported: true })
    expect(costOf(sent(listed, eur('0.04'), eur('0.045')))).toEqual({ ...eur('0.045'), reported: true })
    expect(costOf(sent(listed, eur('0.045'), eur('0.04')))).toEqual({ ...eur('0.045'), reported: true })
    expect(costOf(sent(undefined, eur('0.04')))).toEqual({ ...eur('0.04'), reported: true })
  })

  test('of the same amount in two currencies takes the later by name, whatever the order', () => {
    const usd = { amount: '0.04', currency: 'USD' }
    expect(costOf(sent(undefined, usd, eur('0.04')))).toMatchObject({ currency: 'USD' })
    expect(costOf(sent(undefined, eur('0.04'), usd))).toMatchObject({ currency: 'USD' })
  })

  test('whose vendor reported before the answer keeps that price', () => {
    const n = alone(['sms'])
    n.wakes(0)
    n.starts(0, 0)
    n.input(1, { type: 'receipt', ...place, receipt: { status: 'sent', at: 1000, cost: eur('0.04') } })
    const cost = { ...eur('0.09'), reported: false }
    n.input(2, { type: 'accepted', ...place, messageId: 'm', keys: ['m'], status: 'accepted', cost })
    expect(costOf(n)).toEqual({ ...eur('0.04'), reported: true })
  })

  test('is stored anew for a price alone, and not for one that is known', () => {
    const n = sent(undefined, eur('0.04'))
    const before = n.last.record
    n.input(3, { type: 'receipt', ...place, receipt: { status: 'sent', at: 2000, cost: eur('0.05') } })
    expect(n.last.record.version).toBe(before.version + 1)
    const { record } = n.last
    n.input(4, { type: 'receipt', ...place, receipt: { status: 'sent', at: 2000, cost: eur('0.05') } })
    expect(n.last.record).toBe(record)
    expect(JSON.stringify(record.timeline)).not.toContain('cost')
  })
})

test('a record says of which category it is, if it is of one', () => {
  const providers = [{ name: 'sms', channels: ['sms'], receipts: 'full', send: async () => ({}) }] as const
  const retry = { attempts: 1, baseDelay: 1, maxDelay: 1 }
  const context = { id: 'n', now: 0, providers, retry, within: () => 1, timeZone: null, categories: ['orders', 'news'] }
  const planned = (category?: string) => plan({ to: ada, content, cascade: ['sms'], ...(category && { category }) }, context)
  expect(planned('news')).toMatchObject({ category: 'news' })
  expect(planned()).not.toHaveProperty('category')
  expect(() => planned('newz')).toThrow('category: is none of orders, news')
})

test('a receipt leaves an attempt accepted; an answer that says less leaves a delivery assumed', () => {
  const n = sent(undefined)
  n.reported(2, 0, 'sent')
  expect(n.steps[0]!.attempts[0]!.state).toBe('accepted')
  const assumed = alone([{ channel: 'sms', onUnknown: 'assume-sent' }], { receipts: 'none' })
  assumed.wakes(0)
  assumed.starts(0, 0)
  assumed.fails(1, 0, 'unknown')
  assumed.accepted(2, 0)
  expect(assumed.steps[0]!.attempts[0]).toMatchObject({ state: 'accepted', status: 'delivered', assumed: true })
})
