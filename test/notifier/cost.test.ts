import { type NotifierEvents, type PriceOf, RequestError, type SendResult } from 'omnicascade'
import { costOf, priceList } from 'omnicascade/cost'
import { accept, fail, type Reply, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { ada, content, world } from '../support/world.ts'

const sms = (...replies: Reply[]) => scriptedProvider({ name: 'twilio', channels: ['sms'], replies })
const telegram = (...replies: Reply[]) => scriptedProvider({ channels: ['telegram'], receipts: 'none', replies })
const euros = { twilio: priceList({ currency: 'EUR', sms: { '+420': 0.0412, '+': 0.09 } }) }
const free = { telegram: priceList({ currency: 'EUR', telegram: 0 }) }
const long = { ...content, sms: { text: 'a'.repeat(200) } }

/** A price as plain JavaScript may give it. */
const loose = (give: () => unknown) => give as unknown as PriceOf
const costs = async (w: ReturnType<typeof world>, id: string) =>
  (await w.record(id)).steps.map(({ attempts }) => attempts.map(({ cost }) => cost))

describe('an attempt costs', () => {
  test('what its segments cost in the country of the number, once it is accepted', async () => {
    const w = world([telegram(fail('recipient')), sms()], { prices: { ...euros, ...free } })
    const id = await w.send(['telegram', 'sms'], { content: long })
    await w.to(1)
    expect(await costs(w, id)).toEqual([[undefined], [{ amount: '0.0824', currency: 'EUR', reported: false }]])
    expect(costOf(await w.record(id))).toEqual([{ amount: '0.0824', currency: 'EUR' }])
  })

  test('what was really sent costs: short links, and the text that the policy leaves', async () => {
    const w = world([sms()], { prices: euros, defaults: { sms: { unicode: 'transliterate' } } })
    const id = await w.send(['sms'], { content: { sms: { text: `“${'a'.repeat(150)}”` } } })
    await w.to(1)
    expect(await costs(w, id)).toEqual([[{ amount: '0.0412', currency: 'EUR', reported: false }]])
  })

  test('nothing that anyone knows of where it was refused, is in doubt, or has no price', async () => {
    const other = scriptedProvider({ name: 'other', channels: ['viber'] })
    const w = world([sms(fail('unknown')), other], { prices: euros })
    const id = await w.send(['sms', 'viber'])
    await w.to(400)
    expect(await costs(w, id)).toEqual([[undefined], [undefined]])
    expect(JSON.stringify(await w.record(id))).not.toContain('cost')
  })

  test('its own even if nobody delivers it, and the next one its own', async () => {
    const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
    const prices = { ...euros, email: priceList({ currency: 'USD', email: '0.0001' }) }
    const w = world([sms(), email], { prices })
    const id = await w.send(['sms', { channel: 'email', required: true }])
    await w.to(400)
    expect(costOf(await w.record(id))).toEqual([
      { amount: '0.0412', currency: 'EUR' },
      { amount: '0.0001', currency: 'USD' },
    ])
  })

  test('what the answer of the vendor says, in preference to the price list', async () => {
    const told: SendResult = { cost: { amount: '0.03330000', currency: 'USD' } }
    const w = world([sms(accept(told), accept({ cost: { amount: '?', currency: 'USD' } }))], { prices: euros })
    const [one, other] = [await w.send(['sms']), await w.send(['sms'])]
    await w.to(1)
    expect(await costs(w, one)).toEqual([[{ amount: '0.0333', currency: 'USD', reported: true }]])
    expect(await costs(w, other)).toEqual([[{ amount: '0.0412', currency: 'EUR', reported: false }]])
  })

  test('for a vendor that tries several channels itself, only what the vendor says', async () => {
    const twin = scriptedProvider({ name: 'twin', channels: ['whatsapp', 'sms'], delegates: true })
    const w = world([twin], { prices: { twin: priceList({ currency: 'EUR', whatsapp: 1, sms: 1 }) } })
    const id = await w.send([{ channels: ['whatsapp', 'sms'], through: 'twin' }])
    await w.to(1)
    expect(await costs(w, id)).toEqual([[undefined]])
    await w.receipt('twin', 'delivered', twin.calls[0]!.idempotencyKey, { cost: { amount: '0.5', currency: 'EUR' } })
    expect(await costs(w, id)).toEqual([[{ amount: '0.5', currency: 'EUR', reported: true }]])
  })
})

describe('a receipt that tells the price', () => {
  const dearer = { amount: '0.05', currency: 'EUR' }

  test('corrects what the list said, also where it says nothing else that is new', async () => {
    const provider = sms()
    const w = world([provider], { prices: euros })
    const id = await w.send(['sms'])
    await w.to(1)
    const key = provider.calls[0]!.idempotencyKey
    await w.receipt('twilio', 'delivered', key)
    const settled = await w.record(id)
    expect(settled.outcome?.status).toBe('delivered')
    expect(await w.receipt('twilio', 'delivered', key, { cost: { amount: '0.0300', currency: 'EUR' } })).toMatchObject({
      applied: 1,
    })
    expect(await costs(w, id)).toEqual([[{ amount: '0.03', currency: 'EUR', reported: true }]])
    expect(await w.record(id)).toMatchObject({ outcome: settled.outcome, timeline: settled.timeline, dueAt: null })
    expect(await w.receipt('twilio', 'delivered', key, { cost: { amount: '0.03', currency: 'EUR' } })).toMatchObject({
      duplicate: 1,
    })
  })

  test('stands though the call ends after it, and the list says otherwise', async () => {
    const keyed = { ...sms(), keys: () => ['k'] }
    let w: ReturnType<typeof world>
    const early = { ...keyed, send: () => w.receipt('twilio', 'sent', 'k', { cost: dearer }).then(() => ({})) }
    w = world([early], { prices: euros })
    const id = await w.send(['sms'])
    await w.to(1)
    expect(await costs(w, id)).toEqual([[{ ...dearer, reported: true }]])
  })

  test.each([[['0.05', '0.041']], [['0.041', '0.05']]])(
    'gives the higher of two, in whatever order they come: %j',
    async (amounts) => {
      const provider = sms()
      const w = world([provider], { prices: euros })
      const id = await w.send(['sms'])
      await w.to(1)
      for (const [index, amount] of amounts.entries())
        await w.receipt('twilio', index === 0 ? 'sent' : 'delivered', provider.calls[0]!.idempotencyKey, {
          cost: { amount, currency: 'EUR' },
        })
      expect(await costs(w, id)).toEqual([[{ ...dearer, reported: true }]])
    },
  )

  test('changes nothing where it is no price', async () => {
    const provider = sms()
    const w = world([provider], { prices: euros })
    const id = await w.send(['sms'])
    await w.to(1)
    await w.receipt('twilio', 'sent', provider.calls[0]!.idempotencyKey, { cost: { amount: '-1', currency: 'EUR' } })
    expect(await costs(w, id)).toEqual([[{ amount: '0.0412', currency: 'EUR', reported: false }]])
  })
})

describe('a price that cannot be had', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new TypeError('no tariff for +420777123456')
      },
      /^prices\.twilio threw TypeError/,
    ],
    [
      'throws null',
      () => {
        throw null
      },
      /^prices\.twilio threw what is no Error/,
    ],
    ['is not a number', () => ({ amount: Number.NaN, currency: 'EUR' }), /^prices\.twilio gave no price: .*amount: '0\.0412'/],
    ['is negative', () => ({ amount: '-0.1', currency: 'EUR' }), /gave no price/],
    ['has no currency', () => ({ amount: '1' }), /gave no price/],
    ['is a promise', async () => ({ amount: '1', currency: 'EUR' }), /gave no price/],
    ['is null', () => null, /gave no price/],
  ])('since it %s, is an error event; the message goes out without a cost', async (_, give, message) => {
    const provider = sms()
    const w = world([provider], { prices: { twilio: loose(give) } })
    const id = await w.send(['sms'])
    await w.to(1)
    expect(provider.calls).toHaveLength(1)
    expect(await w.states(id)).toEqual(['awaiting'])
    expect(await costs(w, id)).toEqual([[undefined]])
    const errors = w.events.filter((event): event is NotifierEvents['error'] => event.type === 'error')
    expect(errors).toMatchObject([{ id, error: { code: 'invalid-price', message: expect.stringMatching(message) } }])
    expect(errors[0]!.error.message).not.toContain('777')
  })

  test('is no error where it is undefined: nobody knows it', async () => {
    const w = world([sms()], { prices: { twilio: () => undefined } })
    await w.send(['sms'])
    await w.to(1)
    expect(w.events.filter(({ type }) => type === 'error')).toEqual([])
  })

  test('of no provider, or that is no function, is refused when the notifier is made', () => {
    const make = () => world([sms()], { prices: { twillio: loose(() => undefined), twilio: 0.05 as never } })
    expect(make).toThrow(RequestError)
    expect(make).toThrow(/prices\.twillio: is not the name of a provider; prices\.twilio: is no price: give what priceList\(\)/)
  })
})

describe('explain', () => {
  const viber = scriptedProvider({ channels: ['viber'] })
  const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
  const push = scriptedProvider({ channels: ['push'] })
  const providers = [telegram(), sms(), scriptedProvider({ name: 'other', channels: ['sms'] }), viber, email, push]
  const prices = {
    ...euros,
    ...free,
    other: priceList({ currency: 'EUR', sms: 0.01 }),
    viber: priceList({ currency: 'USD', viber: { '+': 0.02 } }),
    email: priceList({ currency: 'EUR', email: 0.001 }),
  }
  const request = {
    to: ada,
    content: long,
    cascade: ['telegram', 'sms', 'viber', 'push', { channel: 'email', required: true }],
  } as const

  test('says what each step would cost, what the least is, and what the most', async () => {
    const { steps, cost } = await world(providers, { prices }).notifier.explain(request)
    expect(steps.map((step) => step.cost)).toEqual([
      { amount: '0', currency: 'EUR' },
      { amount: '0.0824', currency: 'EUR' },
      { amount: '0.02', currency: 'USD' },
      null,
      { amount: '0.001', currency: 'EUR' },
    ])
    expect(cost).toEqual({
      best: [{ amount: '0.001', currency: 'EUR' }],
      worst: [
        { amount: '0.0834', currency: 'EUR' },
        { amount: '0.02', currency: 'USD' },
      ],
      unpriced: [3],
    })
  })

  test('leaves out what will not be sent, and says nothing of costs where there are no prices', async () => {
    const { steps, cost } = await world(providers, { prices }).notifier.explain({
      to: { phone: ada.phone },
      content: { sms: content.sms },
      cascade: ['telegram', 'sms', 'email'],
    })
    expect(steps.map((step) => step.cost)).toEqual([null, { amount: '0.0412', currency: 'EUR' }, null])
    expect(cost).toEqual({
      best: [{ amount: '0.0412', currency: 'EUR' }],
      worst: [{ amount: '0.0412', currency: 'EUR' }],
      unpriced: [],
    })
    const without = await world(providers).notifier.explain(request)
    expect(without.cost).toBeNull()
    expect(without.steps.map((step) => step.cost)).toEqual([null, null, null, null, null])
  })

  test('gives an error event for a price that throws, and no cost', async () => {
    const failing = () => {
      throw new Error('away')
    }
    const w = world([sms()], { prices: { twilio: failing } })
    const { cost } = await w.notifier.explain({ ...request, cascade: ['sms'] })
    expect(cost).toEqual({ best: [], worst: [], unpriced: [0] })
    expect(w.events).toMatchObject([{ type: 'error', error: { code: 'invalid-price' } }])
  })
})
