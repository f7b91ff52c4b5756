import fc from 'fast-check'
import {
  type Channel,
  defineTemplate,
  IdempotencyConflictError,
  type LinkRewriter,
  type NotificationRequest,
  type Reliability,
} from 'omnicascade'
import { priceList } from 'omnicascade/cost'
import { accept, fail, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ada, content, world } from '../support/world.ts'

const named = (name: string, channels: readonly Channel[] = ['sms']) => scriptedProvider({ name, channels })
const provider = (channel: Channel) => scriptedProvider({ channels: [channel] })
const providers = () => [provider('telegram'), provider('sms'), provider('viber'), provider('email'), provider('push')]
const euro = (channel: Channel, amount: number | string) => priceList({ currency: 'EUR', [channel]: amount })
const prices = { telegram: euro('telegram', 0), sms: euro('sms', 0.04), viber: euro('viber', 0.02), email: euro('email', 0.001) }

type World = ReturnType<typeof world>
const channelsOf = async (w: World, id: string) => (await w.record(id)).steps.map(({ channel }) => channel)
const errorsOf = (w: World) => w.events.flatMap((event) => (event.type === 'error' ? [event.error] : []))
const orderOf = async (w: World, cascade: NotificationRequest['cascade'], rest: Partial<NotificationRequest> = {}) =>
  channelsOf(w, await w.send(cascade, rest))

describe("order: 'cheapest'", () => {
  const order = 'cheapest'

  test('tries the cheapest first, and what has no price last', async () => {
    const w = world(providers(), { prices })
    expect(await orderOf(w, ['push', 'sms', 'viber', 'email', 'telegram'], { order })).toEqual([
      'telegram',
      'email',
      'viber',
      'sms',
      'push',
    ])
    expect(await orderOf(w, ['sms', 'telegram'])).toEqual(['sms', 'telegram'])
  })

  test('leaves required steps where they are, and their outcome to the channel that settled it', async () => {
    const w = world(providers(), { prices })
    const id = await w.send(['sms', { channel: 'push', required: true }, 'viber', 'telegram'], { order })
    expect(await channelsOf(w, id)).toEqual(['telegram', 'push', 'viber', 'sms'])
    await w.receipt('telegram', 'delivered', `${id}.0.0`)
    await w.receipt('push', 'delivered', `${id}.1.0`)
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'telegram', step: 0 })
  })

  test('goes by the text: where an SMS takes two segments, the messenger is cheaper', async () => {
    const options = { prices: { sms: euro('sms', 0.015), viber: euro('viber', 0.02) } }
    const texts = (length: number) =>
      ({ content: { sms: { text: 'a'.repeat(length) }, viber: { text: 'Hello' } }, order }) as const
    expect(await orderOf(world(providers(), options), ['viber', 'sms'], texts(160))).toEqual(['sms', 'viber'])
    expect(await orderOf(world(providers(), options), ['viber', 'sms'], texts(161))).toEqual(['viber', 'sms'])
  })

  test('goes by the country, with the rules of each step, and the step that was skipped where it now is', async () => {
    const byCountry = { sms: priceList({ currency: 'EUR', sms: { '+420': 0.01, '+': 0.09 } }), viber: euro('viber', 0.02) }
    const w = world(providers(), { prices: byCountry })
    const cascade = ['telegram', 'viber', { channel: 'sms', within: '2m' }] as const
    const id = await w.send(cascade, { order, to: { phone: ada.phone } })
    await w.notifier.idle()
    const { steps, timeline } = await w.record(id)
    expect(steps.map(({ channel, within, state }) => [channel, within, state])).toEqual([
      ['sms', 120_000, 'awaiting'],
      ['viber', 300_000, 'pending'],
      ['telegram', 300_000, 'skipped'],
    ])
    expect(timeline.find(({ type }) => type === 'step.skipped')).toMatchObject({ step: 2, channel: 'telegram' })
    expect(await orderOf(w, cascade, { order, to: { phone: '+15550100123' } })).toEqual(['viber', 'sms', 'telegram'])
  })

  test('goes by what a template renders, with short links, made up', async () => {
    const dryRuns: boolean[] = []
    const links: LinkRewriter = {
      channels: ['sms'],
      rewrite(text, { dryRun }) {
        dryRuns.push(dryRun)
        return Promise.resolve({ text: text.slice(0, 20), links: [], failures: [] })
      },
    }
    const template = defineTemplate({
      id: 'long',
      variables: z.object({ name: z.string() }),
      content: {
        sms: ({ name }) => ({ text: name.repeat(200) }),
        viber: () => ({ text: 'Hello' }),
        push: () => {
          throw new Error('no such word')
        },
      },
    })
    const w = world(providers(), {
      links,
      prices: { sms: euro('sms', 0.015), viber: euro('viber', 0.02), push: euro('push', 0) },
    })
    const { steps } = await w.notifier.explain({
      to: ada,
      template,
      variables: { name: 'Ada' },
      cascade: ['push', 'viber', 'sms'],
      order,
    } as never)
    expect(steps.map(({ channel }) => channel)).toEqual(['sms', 'viber', 'push'])
    expect(new Set(dryRuns)).toEqual(new Set([true]))
    expect(errorsOf(w)).toEqual([])
  })

  test('is what the notifier says where the request says nothing', async () => {
    const w = world(providers(), { prices, defaults: { order } })
    expect(await orderOf(w, ['sms', 'telegram'])).toEqual(['telegram', 'sms'])
    expect(await orderOf(w, ['sms', 'telegram'], { order: 'as-given' })).toEqual(['sms', 'telegram'])
  })

  test('stays as given where prices are in two currencies, and says so; nothing is nothing in any', async () => {
    const dollars = { sms: priceList({ currency: 'USD', sms: 0.01 }), telegram: prices.telegram, viber: prices.viber }
    const w = world(providers(), { prices: dollars })
    expect(await orderOf(w, ['viber', 'sms'], { order })).toEqual(['viber', 'sms'])
    expect(errorsOf(w)).toMatchObject([{ code: 'mixed-currencies', message: expect.stringContaining('EUR and USD') }])
    expect(await orderOf(w, ['sms', 'telegram'], { order })).toEqual(['telegram', 'sms'])
    expect(errorsOf(w)).toHaveLength(1)
  })

  test('takes a vendor that tries several channels itself for one without a price', async () => {
    const twin = scriptedProvider({ name: 'twin', channels: ['whatsapp', 'vk'], delegates: true })
    const w = world([...providers(), twin], { prices: { ...prices, twin: priceList({ currency: 'EUR', whatsapp: 0, vk: 0 }) } })
    expect(await orderOf(w, [{ channels: ['whatsapp', 'vk'], through: 'twin' }, 'sms'], { order })).toEqual(['sms', 'whatsapp'])
  })

  test('is refused where there are no prices, and so is an order that is none', async () => {
    const w = world(providers())
    await expect(w.send(['sms'], { order })).rejects.toThrow("order: is 'cheapest', but there are no prices")
    await expect(w.send(['sms'], { order: 'fastest' as never })).rejects.toThrow(
      'order: is none of as-given, cheapest, most-reliable',
    )
    expect(() => world(providers(), { defaults: { order } })).toThrow("defaults.order: is 'cheapest', but there are no prices")
    expect(() => world(providers(), { routing: { sms: 'cheapest' } })).toThrow(
      "routing.sms: is 'cheapest', but there are no prices",
    )
    expect(() => world(providers(), { defaults: { order: 'fast' as never } })).toThrow('defaults.order: is none of as-given')
    expect(() => world(providers(), { reliability: {} as never })).toThrow('reliability: is no function')
  })

  test('the same request under the same key is the same, whatever prices have become; another order is another request', async () => {
    const key = { idempotencyKey: 'k', order } as const
    let sms = '0.01'
    const w = world(providers(), { prices: { sms: () => ({ amount: sms, currency: 'EUR' }), viber: prices.viber } })
    const id = await w.send(['viber', 'sms'], key)
    sms = '0.09'
    expect(await w.send(['viber', 'sms'], key)).toBe(id)
    expect(await channelsOf(w, id)).toEqual(['sms', 'viber'])
    await expect(w.send(['viber', 'sms'], { idempotencyKey: 'k' })).rejects.toThrow(IdempotencyConflictError)
    await expect(w.send(['viber', 'sms'], { idempotencyKey: 'k', order: 'most-reliable' })).rejects.toMatchObject({
      fields: ['order'],
    })
  })

  test('is stable, and sorts: of any prices, those that are equal stay as given', async () => {
    const all = ['telegram', 'sms', 'viber', 'email', 'push'] as const
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...all], { minLength: 1 }),
        fc.array(fc.option(fc.nat(2)), { minLength: 5, maxLength: 5 }),
        async (cascade, amounts) => {
          const known = Object.fromEntries(
            all.flatMap((channel, index) => (amounts[index] === null ? [] : [[channel, euro(channel, amounts[index]!)]])),
          )
          const worth = (channel: Channel) => amounts[all.indexOf(channel as 'sms')] ?? 9
          const w = world(providers(), { prices: known })
          const expected = cascade.map((channel, index) => ({ channel, index }))
          expected.sort((a, b) => worth(a.channel) - worth(b.channel) || a.index - b.index)
          expect(await orderOf(w, cascade, { order })).toEqual(expected.map(({ channel }) => channel))
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe("order: 'most-reliable'", () => {
  const order = 'most-reliable'
  const cascade = ['sms', 'viber'] as const

  /** Sends on each channel alone, and says what becomes of it. */
  async function learn(w: World, channel: Channel, ...statuses: readonly ('delivered' | 'failed' | 'silence')[]) {
    for (const status of statuses) {
      const id = await w.send([channel], { order })
      if (status === 'silence') await w.to(w.clock.now() / 1000 + 301)
      else await w.receipt(channel, status, `${id}.0.0`)
    }
  }

  test('stays as given while nothing is known, then tries first what has delivered', async () => {
    const w = world(providers())
    expect(await orderOf(w, cascade, { order })).toEqual(['sms', 'viber'])
    await learn(w, 'viber', 'delivered')
    expect(await orderOf(w, cascade, { order })).toEqual(['viber', 'sms'])
    await learn(w, 'viber', 'failed', 'silence')
    expect(await orderOf(w, cascade, { order })).toEqual(['sms', 'viber'])
  })

  test('a few deliveries do not outweigh many', async () => {
    const w = world(providers())
    await learn(w, 'sms', ...Array.from({ length: 19 }, () => 'delivered' as const), 'failed')
    await learn(w, 'viber', 'delivered', 'delivered')
    expect(await orderOf(w, ['viber', 'sms'], { order })).toEqual(['sms', 'viber'])
  })

  test('a delivery that came too late for the cascade is none', async () => {
    const w = world(providers())
    await learn(w, 'viber', 'silence', 'silence')
    for (const id of ['n1', 'n2']) await w.receipt('viber', 'delivered', `${id}.0.0`)
    expect((await w.outcome('n1'))?.status).toBe('delivered')
    await learn(w, 'sms', 'failed', 'delivered')
    expect(await orderOf(w, ['viber', 'sms'], { order })).toEqual(['sms', 'viber'])
  })

  test('what was delivered and not read, as was asked, was delivered', async () => {
    const w = world(providers())
    for (const channel of ['viber', 'sms'] as const) {
      const id = await w.send([{ channel, until: 'read' }], { order })
      if (channel === 'viber') await w.receipt(channel, 'delivered', `${id}.0.0`)
      await w.to(w.clock.now() / 1000 + 301)
    }
    expect(await orderOf(w, cascade, { order })).toEqual(['viber', 'sms'])
  })

  test('neither what was wrong with the message counts, nor what was never sent', async () => {
    const [sms, viber] = [provider('sms'), provider('viber')]
    const w = world([sms, viber], { beforeSend: (_, { metadata }) => metadata === null })
    sms.reply(fail('content'))
    await learn(w, 'sms', 'silence')
    await w.send(['sms'], { order, metadata: { stop: true } })
    await learn(w, 'viber', 'failed')
    expect(await orderOf(w, ['viber', 'sms'], { order })).toEqual(['sms', 'viber'])
  })

  test("the app's own word goes first, also by country; without one what was seen counts", async () => {
    const asked: Parameters<Reliability>[0][] = []
    const reliability: Reliability = (question) => {
      asked.push(question)
      return question.recipient.phone?.startsWith('+380') ? { sms: 0.2, viber: 0.9 }[question.channel as string] : undefined
    }
    const w = world([...providers(), named('other')], { reliability, defaults: { order } })
    expect(await orderOf(w, cascade, { to: { phone: '+380501234567' } })).toEqual(['viber', 'sms'])
    expect(asked).toEqual([
      { channel: 'sms', providers: ['sms', 'other'], recipient: { phone: '+380501234567' } },
      { channel: 'viber', providers: ['viber'], recipient: { phone: '+380501234567' } },
    ])
    expect(await orderOf(w, cascade)).toEqual(['sms', 'viber'])
  })

  test.each<[string, () => number, object]>([
    ['is not between 0 and 1', () => 97, { code: 'invalid-reliability' }],
    ['is not a number', () => Number.NaN, { code: 'invalid-reliability' }],
    [
      'throws',
      () => {
        throw new Error('away')
      },
      { message: 'away' },
    ],
  ])('where it %s, an error event says so, and what was seen counts', async (_, reliability, error) => {
    const w = world(providers(), { reliability })
    expect(await orderOf(w, cascade, { order })).toEqual(['sms', 'viber'])
    expect(errorsOf(w)).toMatchObject([error, error])
  })

  test('what was long ago counts for less than what was lately', async () => {
    const w = world(providers())
    const many = (count: number, status: 'delivered' | 'failed') => Array.from({ length: count }, () => status)
    await learn(w, 'sms', ...many(1000, 'failed'), ...many(600, 'delivered'))
    // 0 of 501 after the first thousand, then 600 of 1101, halved: more than half.
    await learn(w, 'viber', ...many(10, 'delivered'), ...many(10, 'failed'))
    expect(await orderOf(w, ['viber', 'sms'], { order })).toEqual(['sms', 'viber'])
  })
})

describe("routing: 'cheapest'", () => {
  const [dear, cheap, unpriced] = ['dear', 'cheap', 'unpriced'].map((name) => named(name)) as [
    ReturnType<typeof named>,
    ReturnType<typeof named>,
    ReturnType<typeof named>,
  ]
  const options = {
    routing: { sms: 'cheapest' },
    prices: {
      dear: priceList({ currency: 'EUR', sms: { '+420': 0.05, '+': 0.01 } }),
      cheap: priceList({ currency: 'EUR', sms: { '+420': 0.04, '+': 0.02 } }),
    },
  } as const
  const through = async (w: World, id: string) => (await w.record(id)).steps[0]!.attempts.map(({ provider }) => provider)

  test('calls the cheapest for this recipient, then the next', async () => {
    const w = world([unpriced, dear, cheap], options)
    cheap.reply(fail('configuration'), accept())
    const id = await w.send(['sms'])
    await w.to(1)
    expect(await through(w, id)).toEqual(['cheap', 'dear'])
    const abroad = await w.send(['sms'], { to: { phone: '+15550100123' } })
    await w.to(2)
    expect(await through(w, abroad)).toEqual(['dear'])
  })

  test('is what explain shows, and what an order by price goes by', async () => {
    const viber = provider('viber')
    const w = world([unpriced, dear, cheap, viber], { ...options, prices: { ...options.prices, viber: euro('viber', 0.045) } })
    const { steps } = await w.notifier.explain({ to: ada, content, cascade: ['viber', 'sms'], order: 'cheapest' })
    expect(steps.map(({ providers: names, cost }) => [names, cost?.amount])).toEqual([
      [['cheap', 'dear', 'unpriced'], '0.04'],
      [['viber'], '0.045'],
    ])
  })
})
