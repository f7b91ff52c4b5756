// Every way in which a notifier's options can be wrong: one error that names them all, with what to do about each.
import { createNotifier, RequestError } from 'omnicascade'
import { scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'

const sms = scriptedProvider({ channels: ['sms'] })
const create = createNotifier as unknown as (options: unknown) => { close(): Promise<void> }

function issuesOf(options: unknown) {
  try {
    void create(options).close()
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError)
    const { code, issues, message } = error as RequestError
    expect(code).toBe('invalid-options')
    expect(message).toMatch(/^the notifier cannot be created: /)
    for (const issue of issues) expect(message).toContain(`${issue.path}: ${issue.message}`)
    return issues
  }
  return expect.fail('it was taken')
}

const provider = (changes: object) => ({ providers: [{ ...sms, ...changes }] })
const option = (changes: object) => ({ providers: [sms], ...changes })

const cases: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['categories that are no list', option({ categories: 'orders' }), 'categories', /no list of names/],
  ['a category without name', option({ categories: ['orders', ''] }), 'categories', /no list of names/],
  ['a misspelt option', option({ timezone: 'UTC' }), 'timezone', /unknown/],
  ['nothing', undefined, 'providers', /at least one/],
  ['null', null, 'providers', /at least one/],
  ['no providers', {}, 'providers', /at least one/],
  ['an empty list of providers', { providers: [] }, 'providers', /at least one/],
  ['providers by name', { providers: { sms } }, 'providers', /at least one/],
  ['a provider that is none', { providers: [{}] }, 'providers[0]', /a name and send/],
  ['a provider that is undefined', { providers: [sms, undefined] }, 'providers[1]', /a name and send/],
  ['a provider without name', provider({ name: '' }), 'providers[0]', /a name and send/],
  [
    'two providers of one name',
    { providers: [sms, scriptedProvider({ channels: ['sms'] })] },
    'providers[1]',
    /second one named "sms".*each its own/,
  ],
  [
    'a channel that is none',
    provider({ channels: ['sms', 'fax'] }),
    'providers[0].channels',
    /"fax", which is none of sms, email/,
  ],
  ['no channels', provider({ channels: [] }), 'providers[0].channels', /at least one/],
  ['channels that are a text', provider({ channels: 'sms' }), 'providers[0].channels', /at least one/],
  ['receipts that are none', provider({ receipts: 'all' }), 'providers[0].receipts', /none, failures, full/],
  ['no receipts', provider({ receipts: undefined }), 'providers[0].receipts', /none, failures, full/],
  [
    'receipts by channel, one of them wrong',
    provider({ receipts: { sms: 'dlr' } }),
    'providers[0].receipts',
    /none, failures, full/,
  ],
  ['a time-out that is none', provider({ timeout: 'soon' }), 'providers[0].timeout', /'90s'/],
  ['a rate of none', provider({ limits: { rate: { count: 0, per: '1s' } } }), 'providers[0].limits.rate.count', /at least 1/],
  ['a rate per nothing', provider({ limits: { rate: { count: 1, per: 'second' } } }), 'providers[0].limits.rate.per', /'90s'/],
  ['a concurrency of half a call', provider({ limits: { concurrency: 0.5 } }), 'providers[0].limits.concurrency', /whole number/],
  ['a route of no channel', option({ routing: { smss: 'in-order' } }), 'routing.smss', /is none of sms/],
  ['a route that is none', option({ routing: { sms: 'roundrobin' } }), 'routing.sms', /'round-robin'/],
  ['a route that is null', option({ routing: { sms: null } }), 'routing.sms', /'round-robin'/],
  [
    'a weight of no provider',
    option({ routing: { sms: { weights: { twilio: 1 } } } }),
    'routing.sms.weights.twilio',
    /name of a provider/,
  ],
  ['a negative weight', option({ routing: { sms: { weights: { sms: -1 } } } }), 'routing.sms.weights.sms', /at least 0/],
  [
    'a weight that is no number',
    option({ routing: { sms: { weights: { sms: '7' } } } }),
    'routing.sms.weights.sms',
    /at least 0/,
  ],
  ['a within that is none', option({ defaults: { within: 'soon' } }), 'defaults.within', /'90s'/],
  ['a within by channel that is none', option({ defaults: { within: { sms: 'soon' } } }), 'defaults.within.sms', /'90s'/],
  ['a within of no channel', option({ defaults: { within: { smss: '2m' } } }), 'defaults.within.smss', /is none of sms/],
  ['a time zone that is none', option({ defaults: { timeZone: 'Mars' } }), 'defaults.timeZone', /Europe\/Prague/],
  ['no tries', option({ retry: { attempts: 0 } }), 'retry.attempts', /at least 1/],
  ['a first delay that is none', option({ retry: { baseDelay: '1 second' } }), 'retry.baseDelay', /'90s'/],
  ['a longest delay that is none', option({ retry: { maxDelay: Number.POSITIVE_INFINITY } }), 'retry.maxDelay', /'90s'/],
  ['a threshold of none', option({ breaker: { threshold: 0 } }), 'breaker.threshold', /at least 1/],
  ['a cool-down that is none', option({ breaker: { coolDown: -1 } }), 'breaker.coolDown', /'90s'/],
  ['a parking time that is none', option({ parkFor: 'ever' }), 'parkFor', /'90s'/],
]

describe('what cannot work is refused at once', () => {
  test.each(cases)('%s', (_, options, path, message) => {
    const issues = issuesOf(options)
    expect(issues.map((issue) => issue.path)).toContain(path)
    expect(issues.find((issue) => issue.path === path)!.message).toMatch(message)
  })
})

test('several mistakes come in one error', () => {
  const options = { providers: [sms, sms], retry: { attempts: 0 }, parkFor: 'ever' }
  expect(
    issuesOf(options)
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(['parkFor', 'providers[1]', 'retry.attempts'])
})

test('every option at once works', async () => {
  const notifier = createNotifier({
    providers: [
      scriptedProvider({
        channels: ['sms', 'viber'],
        receipts: { sms: 'full', viber: 'failures' },
        timeout: '5s',
        limits: { rate: { count: 1, per: '1s' }, concurrency: 2 },
      }),
      scriptedProvider({ name: 'other', channels: ['sms'], receipts: 'none' }),
    ],
    scheduler: 'manual',
    defaults: { within: { sms: '2m' }, timeZone: 'Europe/Prague', locale: 'cs', order: 'most-reliable' },
    retry: { attempts: 1, baseDelay: 0, maxDelay: '1m' },
    routing: { sms: { weights: { sms: 7, other: 3 } }, viber: 'round-robin', email: 'in-order', push: 'cheapest' },
    prices: { sms: () => undefined },
    reliability: () => 0.5,
    breaker: { threshold: 1, coolDown: '1m' },
    parkFor: '1h',
  })
  await notifier.close()
})

test.each([
  ['store', { store: 'notifications.db' }, 'store: is no store'],
  ['store, if it is the pool', { store: { query() {}, connect() {} } }, 'store: is no store'],
  ['scheduler', { scheduler: {} }, 'scheduler: is no scheduler'],
  ['callProviders: false where nobody else could call them', { callProviders: false }, 'callProviders: is false'],
  ['concurrency', { concurrency: 0 }, 'concurrency: is not a whole number'],
  ['keepFor', { keepFor: 'for ever' }, 'keepFor: is not a duration'],
])('%s that cannot work is refused', (_, wrong, message) => {
  const providers = [scriptedProvider({ channels: ['sms'] })]
  expect(() => createNotifier({ providers, ...wrong } as never)).toThrow(message)
})
