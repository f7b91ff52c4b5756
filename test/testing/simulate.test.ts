// simulate() against what can be reckoned by hand: shares within five standard errors, times and costs to the digit where nothing is random.
import { readFileSync } from 'node:fs'
import { OmnicascadeError, RequestError, type StepInput } from 'omnicascade'
import { priceList } from 'omnicascade/cost'
import {
  type Behaviour,
  formatSimulation,
  type Scenario,
  type SimulateOptions,
  type Simulation,
  simulate,
  simulationSvg,
} from 'omnicascade/testing'
import { describe, expect, test, vi } from 'vitest'

const runs = 1000

/** That a share is what it should be, as far as chance lets it. */
function expectShare(found: number, expected: number, of = runs) {
  expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / of) + 1e-9)
}

/** The share of a distribution's values below a bound that is an edge of its histogram. */
function shareWithin(distribution: Simulation['timeToReach'], bound: number): number {
  return distribution!.histogram.reduce((sum, { to, share }) => (to <= bound ? sum + share : sum), 0)
}

const through = (scenario: Scenario, options: SimulateOptions = {}, cascade: readonly StepInput[] = ['sms', 'email']) =>
  simulate(cascade, scenario, { runs, ...options })

describe('outcomes', () => {
  test('a chain of two delivers with p1 + (1 - p1) p2, where acceptance is all', async () => {
    const result = await through({ sms: { accept: 0.6, receipts: 'none' }, email: { accept: 0.7, receipts: 'none' } })
    expectShare(result.outcomes.delivered, 0.6 + 0.4 * 0.7)
    expectShare(result.outcomes.failed, 0.4 * 0.3)
    expectShare(result.deliveredBy.sms!, 0.6)
    expectShare(result.deliveredBy.email!, 0.4 * 0.7)
    expect(result.reached).toBe(result.outcomes.delivered)
    expectShare(result.messages.email!, 0.4 * 0.7)
    expect(result.duplicates).toBe(0)
  })

  test('a vendor that is busy is tried three times, and gives way to the next one of its channel', async () => {
    const busy: Behaviour = { channels: ['sms'], accept: 0.5, refuse: 'transient' }
    const result = await through({ one: busy, two: { channels: ['sms'], accept: 0.4, refuse: 'content' } }, {}, ['sms'])
    expectShare(result.outcomes.delivered, 1 - 0.5 ** 3 + 0.5 ** 3 * 0.4)
  })

  test('a loss that is reported goes on to the next channel, a silent one after `within`', async () => {
    const lossy: Behaviour = { deliver: 0.5, silent: 0.4, receiptAfter: '10s', arriveAfter: '1s' }
    const result = await through({ sms: lossy, email: { receipts: 'none' } }, {}, [{ channel: 'sms', within: '1m' }, 'email'])
    expect(result.outcomes.delivered).toBe(1)
    expectShare(result.deliveredBy.sms!, 0.5 * 0.6)
    // Arrived, and nobody said so.
    expectShare(result.duplicates, 0.5 * 0.4)
    expectShare(result.timeToReach!.histogram.find(({ from }) => from === 60_000)!.share, 0.5 * 0.4)
    expectShare(shareWithin(result.timeToReach, 60_000), 1 - 0.5 * 0.4)
  })

  test('silence counts as delivery where failures alone are reported, and nobody is reached all the same', async () => {
    const result = await through({ sms: { receipts: 'failures', deliver: 0.8, silent: 0.5, receiptAfter: '1s' } }, {}, ['sms'])
    expectShare(result.outcomes.delivered, 0.8 + 0.2 * 0.5)
    expectShare(result.reached, 0.8)
  })

  test('an answer that is lost is waited for, and settled by the receipt', async () => {
    const result = await through({ sms: { accept: 0.5, refuse: 'unknown', deliver: 0.9, receiptAfter: '5s' } }, {}, ['sms'])
    expectShare(result.outcomes.delivered, 0.9)
    expect(result.outcomes.failed).toBeCloseTo(1 - result.outcomes.delivered)
  })

  test('a cascade may wait for more than a delivery, hold until the morning, and expire', async () => {
    const read = await through({ sms: { read: 0.3, readAfter: '1m', receiptAfter: '1s' } }, {}, [
      { channel: 'sms', until: 'read', within: '5m' },
    ])
    expectShare(read.outcomes.delivered, 0.3)
    expect(read.timeToSettle!.p5).toBe(61_000)
    const start = Date.parse('2026-01-05T22:00:00Z')
    const request = {
      cascade: ['sms'],
      window: { from: '09:00', to: '21:00' },
      to: { phone: '+420777123456', timeZone: 'UTC' },
    } as const
    expect((await simulate(request, {}, { runs: 5, start })).timeToReach!.p50).toBe(11 * 3_600_000)
    const late = await simulate({ ...request, expiresAt: start + 3_600_000 }, {}, { runs: 5, start })
    expect(late).toMatchObject({ outcomes: { expired: 1 }, reached: 0, timeToReach: null, cost: null })
  })

  test('required steps go out beside the chain, and are no duplicates', async () => {
    const result = await through({}, { runs: 10 }, ['sms', { channel: 'email', required: true }])
    expect(result).toMatchObject({ deliveredBy: { sms: 1 }, messages: { sms: 1, email: 1 }, duplicates: 0 })
  })
})

describe('what would this cascade do if Telegram were down and SMS receipts took 5 minutes', () => {
  test('everyone gets the SMS, and the e-mail as well', async () => {
    const cascade = ['telegram', { channel: 'sms', within: '2m' }, 'email'] as const
    const slow = {
      telegram: { down: true },
      sms: { arriveAfter: '5s', receiptAfter: '5m' },
      email: { receipts: 'none' },
    } as const
    const result = await simulate(cascade, slow, { runs: 200 })
    expect(result).toMatchObject({ deliveredBy: { email: 1 }, reached: 1, duplicates: 1 })
    // Three tries of Telegram, at random within one and two seconds.
    expect(result.timeToReach!.p5).toBeGreaterThan(5000)
    expect(result.timeToReach!.max).toBeLessThanOrEqual(8000)
    const patient = await simulate(['telegram', { channel: 'sms', within: '6m' }, 'email'], slow, { runs: 200 })
    expect(patient).toMatchObject({ deliveredBy: { sms: 1 }, duplicates: 0 })
  })
})

describe('times', () => {
  test('a log-normal delay has the quantiles that it was given', async () => {
    const result = await through({ sms: { receiptAfter: { p50: '20s', p95: '2m' } } }, {}, [{ channel: 'sms', within: '1d' }])
    expectShare(shareWithin(result.timeToReach, 20_000), 0.5)
    expectShare(shareWithin(result.timeToReach, 120_000), 0.95)
    expect(result.timeToReach!.p50 / 20_000).toBeCloseTo(1, 0)
  })

  test('of a list each delay is as likely, and an answer takes its time', async () => {
    const result = await through({ sms: { answerAfter: '3s', receiptAfter: ['4s', '8s', '16s', '25s'] } }, {}, ['sms'])
    for (const [from, to] of [
      [2000, 5000],
      [5000, 10_000],
      [10_000, 20_000],
      [20_000, 30_000],
    ] as const)
      expectShare(result.timeToReach!.histogram.find((bin) => bin.from === from && bin.to === to)!.share, 0.25)
    expect(result.timeToReach).toMatchObject({ count: runs, p5: 4000, max: 25_000 })
  })

  test('a call that takes too long is cut at the provider’s time-out', async () => {
    const result = await through({ sms: { answerAfter: '40s', receiptAfter: '35s' } }, { runs: 10 }, ['sms'])
    expect(result).toMatchObject({ deliveredBy: { sms: 1 }, timeToSettle: { p50: 35_000 } })
  })
})

describe('costs', () => {
  test('are those of the records: of each accepted message, delivered or not', async () => {
    const result = await through(
      { sms: { deliver: 0.5, price: 0.05 }, email: { receipts: 'none', price: 0.001 } },
      { currency: 'CZK' },
    )
    const both = result.deliveredBy.email!
    expect(result.cost).toMatchObject({ currency: 'CZK', p5: 0.05, p95: 0.051, max: 0.051 })
    expect(result.cost!.mean).toBeCloseTo(0.05 + both * 0.001, 10)
    expect(result.cost!.histogram).toEqual([
      { from: 0.05, to: 0.05, share: 1 - both },
      { from: 0.051, to: 0.051, share: both },
    ])
    const failing = await through({ sms: { deliver: 0.5, price: 1 } }, {}, ['sms'])
    expect(failing.cost!.perDelivered).toBeCloseTo(1 / failing.outcomes.delivered, 10)
    expect((await through({ sms: { deliver: 0, price: 1 } }, { runs: 5 }, ['sms'])).cost).toMatchObject({
      mean: 1,
      perDelivered: null,
    })
  })

  test('come from price lists too, by country and segment, and are spread over a dozen stretches where they are many', async () => {
    const request = {
      cascade: ['sms'],
      to: { phone: '+447700900123' },
      content: { sms: { text: 'x'.repeat(161) } },
    } as const
    const list = priceList({ currency: 'EUR', sms: { '+44': 0.04, '+': 0.1 } })
    expect((await simulate(request, { sms: { price: list } }, { runs: 5 })).cost).toMatchObject({ mean: 0.08 })
    expect((await simulate(request, {}, { runs: 5, prices: { sms: list } })).cost).toMatchObject({ mean: 0.08 })
    let count = 0
    const rising = await simulate(request, { sms: { price: () => ({ amount: String(count++), currency: 'EUR' }) } }, { runs: 24 })
    expect(rising.cost!.histogram).toHaveLength(12)
    expect(rising.cost!.histogram.map(({ share }) => share)).toEqual(Array.from({ length: 12 }, () => expect.closeTo(1 / 12)))
  })

  test('need one currency, and prices that are some', async () => {
    const [sms, email] = ['EUR', 'USD'].map((currency) => ({ price: () => ({ amount: '1', currency }), deliver: 0 }))
    await expect(through({ sms: sms!, email: email! }, { runs: 5 })).rejects.toThrow(/prices are in EUR and USD/)
    await expect(through({ sms: { price: () => ({ amount: 'x', currency: 'EUR' }) } }, { runs: 5 })).rejects.toThrow(
      OmnicascadeError,
    )
  })
})

describe('a simulation', () => {
  test('asks the app how reliable its channels are, where the cascade is ordered by that', async () => {
    const reliability = vi.fn(({ channel }: { channel: string }) => (channel === 'sms' ? 0.2 : 0.9))
    const request = { cascade: ['sms', 'email'], order: 'most-reliable' } as const
    const { deliveredBy } = await simulate(request, {}, { runs: 5, reliability })
    expect(deliveredBy).toMatchObject({ email: 1 })
    expect(reliability).toHaveBeenCalledWith(expect.objectContaining({ channel: 'sms', providers: ['sms'] }))
    await expect(simulate(request, {}, { runs: 5, reliability: () => 2 })).rejects.toMatchObject({ code: 'invalid-reliability' })
  })

  const busy: Scenario = {
    sms: { accept: 0.7, refuse: 'transient', deliver: 0.8, silent: 0.3, receiptAfter: { p50: '5s', p95: '3m' }, price: 0.05 },
    email: { accept: 0.9, receiptAfter: ['1s', '2s'] },
  }

  test('gives the same for the same seed, and other things for another', async () => {
    const [one, same, other] = await Promise.all([
      through(busy, { runs: 600 }),
      through(busy, { runs: 600 }),
      through(busy, { runs: 600, seed: 2 }),
    ])
    expect(same).toEqual(one)
    expect(other.seed).toBe(2)
    expect({ ...other, seed: 1 }).not.toEqual(one)
  })

  test('takes the app’s own providers, defaults and retries', async () => {
    const send = async () => ({})
    const providers = [
      { name: 'twilio', channels: ['sms'], receipts: 'none', send, limits: { rate: { count: 1, per: '1h' } } },
      { name: 'twin', channels: ['sms', 'viber'], receipts: { viber: 'full' }, send, cancel: async () => true },
    ] as const
    const options = { providers, defaults: { within: '1m' }, retry: { attempts: 1 }, runs: 20 } as const
    const viber: Scenario = { viber: { receiptAfter: '2m', arriveAfter: '90s' }, twilio: { down: true } }
    const result = await simulate(['viber', 'sms'], viber, options)
    // Called back before it arrives, so nobody is told twice.
    expect(result).toMatchObject({
      deliveredBy: { sms: 1 },
      timeToReach: { p50: 60_000 },
      duplicates: 0,
      messages: { viber: 1, sms: 1 },
    })
    const prompt = await simulate(['viber', 'sms'], { ...viber, viber: { receiptAfter: '2m', arriveAfter: '1s' } }, options)
    expect(prompt.duplicates).toBe(1)
  })

  test('says all that is wrong with its scenario, its request and its options', async () => {
    const wrong = {
      smss: { accept: 0.5 },
      sms: { accept: 2, deliver: Number.NaN, receiptAfter: '5 min', lost: 1, price: -1 },
      email: { readAfter: [], arriveAfter: { p50: '2m', p95: '1m' }, receiptAfter: ['1s', 'x'] },
    }
    const rejection = await through(wrong as never).catch((error: unknown) => error)
    expect(rejection).toBeInstanceOf(RequestError)
    expect((rejection as RequestError).issues.map(({ path }) => path)).toEqual([
      'smss',
      'sms.lost',
      'sms.accept',
      'sms.deliver',
      'sms.receiptAfter',
      'sms.price',
      'email.arriveAfter.p95',
      'email.receiptAfter[1]',
      'email.readAfter',
    ])
    await expect(through({}, { runs: 0 })).rejects.toThrow(/runs: is not a whole number/)
    await expect(through({}, {}, [{ channel: 'sms', whithin: '1m' } as never])).rejects.toThrow(/cascade\[0\]\.whithin/)
    await expect(through({}, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})

describe('in words and as a picture', () => {
  const usual = () =>
    through({ sms: { deliver: 0.5, receiptAfter: '8s', price: 0.05 }, email: { receipts: 'none' } }, { runs: 400 })
  const worse = () => through({ sms: { down: true }, email: { down: true } }, { runs: 400 })

  test('a table of one has its times as a histogram', async () => {
    const lines = formatSimulation(await usual()).split('\n')
    expect(lines[0]).toMatch(/^delivered, by the record +100\.0 %$/)
    expect(lines).toContain(`reached in 5 s to 10 s  100.0 %  ${'='.repeat(40)}`)
    const lossy = await simulate(['sms'], { sms: { deliver: 0, silent: 1 } }, { runs: 10 })
    expect(formatSimulation(lossy)).not.toContain('reached in')
    expect(lines.at(-1)).toBe('400 runs, seed 1: shares are good to 5.0 points')
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([])
  })

  test('a table of several puts them side by side', async () => {
    const table = formatSimulation({ 'as usual': await usual(), 'all down': await worse() })
    expect(table.split('\n')[0]).toMatch(/^ +as usual +all down$/)
    expect(table).toMatch(/^failed +0\.0 % +100\.0 %$/m)
    expect(table).toMatch(/^time to reach, median +8 s +-$/m)
    expect(table).toMatch(/^cost of a notification, mean +0\.0500 EUR +-$/m)
    expect(table).toContain('400 runs each')
    expect(formatSimulation({})).toBe('')
  })

  test('a picture stands alone, says itself in words, and keeps names harmless', async () => {
    const both = { 'as <usual>': await usual(), 'all down': await worse() }
    const svg = simulationSvg(both)
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 960 \d+"/)
    expect(svg).toContain('role="img" aria-label="Simulation of a cascade: as &#60;usual&#62;, all down"')
    expect(svg).toMatch(/<desc>[^<]*delivered, by the record[^<]*<\/desc>/)
    expect(svg).toContain('prefers-color-scheme:dark')
    expect(svg).not.toMatch(/<usual>|<script|href|NaN|undefined|\bid=/)
    expect(simulationSvg(both)).toBe(svg)
    expect(simulationSvg(await usual(), { theme: 'light' })).not.toContain('<style')
  })
})

test('the page on testing holds examples/simulate.ts, what it prints, and what it draws', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {})
  const { picture } = await import('../../examples/simulate.ts')
  const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const page = file('docs/testing.md')
  expect(page).toContain(`\n\`\`\`ts\n${file('examples/simulate.ts')}\`\`\`\n`)
  expect(page).toContain(`\n\`\`\`\n${said.mock.calls[0]}\n\`\`\`\n`)
  expect(file('docs/img/simulation.svg')).toBe(picture)
})
