import { receiptsOf } from '../../cascade/address.ts'
import { type Channel, channels } from '../../contract/channel.ts'
import { durationForm, millisecondsOf } from '../../contract/duration.ts'
import { RequestError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { PriceOf } from '../../contract/price.ts'
import type { ChannelProvider, ReceiptSupport } from '../../contract/provider.ts'
import type { Issue } from '../../contract/template.ts'
import type { Duration } from '../../contract/time.ts'
import { providerOfEachChannel } from '../doubles.ts'

/**
 * How long something takes: always this long; as measured, each time as likely as any other; or by median and 95th percentile (log-normal), as
 * `notifier.deliveryTimes(provider)` gives them.
 */
export type Delay = Duration | readonly Duration[] | { readonly p50: Duration; readonly p95: Duration }

/** How a channel or a provider behaves. What is left out goes as well as it can. Shares are between 0 and 1. */
export interface Behaviour {
  /** It takes nothing: each call fails as `transient`. */
  readonly down?: boolean
  /** Share of calls that it takes. Default 1. */
  readonly accept?: number
  /** What the others fail with. Default `recipient`; of `unknown` the message is taken, and only the answer is lost. */
  readonly refuse?: Exclude<FailureKind, 'configuration'>
  /** How long it takes to answer. Default 0. */
  readonly answerAfter?: Delay
  /** Share of messages taken that arrive. Default 1. */
  readonly deliver?: number
  /** From the call to the arrival. Default: when the receipt says so. */
  readonly arriveAfter?: Delay
  /** From the call to the receipt, of an arrival or of a loss; never before the arrival. Default: with the arrival. */
  readonly receiptAfter?: Delay
  /** Share of messages taken of which no receipt ever comes. Default 0. */
  readonly silent?: number
  /** Share of messages arrived that are read. Default 0. */
  readonly read?: number
  /** From the arrival to its being read. Default 0. */
  readonly readAfter?: Delay
  /** Of one message, in the `currency` of the simulation; or what prices it, such as a `priceList`. */
  readonly price?: number | PriceOf
  /** What it reports. Default: what the provider declares, or `full`. */
  readonly receipts?: ReceiptSupport
  /** Makes a provider of it, for these channels. */
  readonly channels?: readonly Channel[]
}

/** Behaviours by channel, or by the name of a provider, which goes first. Whoever is not named is at his best. */
export type Scenario = { readonly [K in Channel]?: Behaviour } & { readonly [name: string]: Behaviour | undefined }

const shares = ['accept', 'deliver', 'silent', 'read'] as const
const delays = ['answerAfter', 'arriveAfter', 'receiptAfter', 'readAfter'] as const
const known: readonly string[] = [...shares, ...delays, 'down', 'refuse', 'price', 'receipts', 'channels']

/** The providers of a scenario: the app's own, or one for each channel that no provider of the scenario serves. Throws one `RequestError` with all that is wrong. */
export function providersOf(scenario: Scenario, own: readonly ChannelProvider[] | undefined): readonly ChannelProvider[] {
  const generic = providerOfEachChannel()
  const made = Object.entries(scenario).flatMap(([name, behaviour]) =>
    Array.isArray(behaviour?.channels) ? [{ ...generic[0]!, name, channels: behaviour.channels as readonly Channel[] }] : [],
  )
  const served = new Set(made.flatMap((provider) => provider.channels))
  const providers = own ?? [...made, ...generic.filter(({ name }) => !served.has(name as Channel))]
  check(scenario, providers)
  return providers.map((provider) => {
    const support = (channel: Channel) => behaviourOf(scenario, provider.name, channel).receipts ?? receiptsOf(provider, channel)
    const receipts = Object.fromEntries(provider.channels.map((channel) => [channel, support(channel)]))
    return Object.assign(Object.create(provider) as ChannelProvider, { receipts, limits: undefined })
  })
}

/** How a provider behaves on a channel. */
export function behaviourOf(scenario: Scenario, provider: string, channel: Channel): Behaviour {
  return scenario[provider] ?? scenario[channel] ?? {}
}

/** What messages cost: what the scenario says, or else the app's own prices. */
export function pricesOf(
  scenario: Scenario,
  providers: readonly ChannelProvider[],
  own: Readonly<Record<string, PriceOf>> | undefined,
  currency: string,
): Record<string, PriceOf> {
  const priceThrough =
    (name: string): PriceOf =>
    (message) => {
      const { price = own?.[name] } = behaviourOf(scenario, name, message.channel)
      return typeof price === 'number' ? { amount: price.toFixed(12), currency } : price?.(message)
    }
  return Object.fromEntries(providers.map(({ name }) => [name, priceThrough(name)]))
}

function check(scenario: Scenario, providers: readonly ChannelProvider[]): void {
  const issues: Issue[] = []
  const report = (path: string, message: string) => issues.push({ path, message })
  const names = providers.map(({ name }) => name)
  for (const [name, behaviour] of Object.entries(scenario)) {
    if (!names.includes(name) && !(channels as readonly string[]).includes(name))
      report(name, `is neither a channel nor one of ${names.join(', ')}: a provider that you make up needs its channels`)
    const given = (behaviour ?? {}) as Readonly<Record<string, unknown>>
    for (const key of Object.keys(given)) if (!known.includes(key)) report(`${name}.${key}`, 'is unknown')
    for (const key of shares)
      if (given[key] !== undefined && !((given[key] as number) >= 0 && (given[key] as number) <= 1))
        report(`${name}.${key}`, 'is no share: give a number between 0 and 1')
    for (const key of delays) if (given[key] !== undefined) checkDelay(given[key], `${name}.${key}`, report)
    const { price } = given
    if (price !== undefined && typeof price !== 'function' && !((price as number) >= 0 && Number.isFinite(price)))
      report(`${name}.price`, 'is neither a number of at least 0 nor a function')
  }
  if (issues.length > 0) throw new RequestError('the scenario cannot be simulated', issues)
}

function checkDelay(delay: unknown, path: string, report: (path: string, message: string) => void): void {
  const parts: readonly (readonly [string, unknown])[] = Array.isArray(delay)
    ? delay.map((item, at) => [`${path}[${at}]`, item] as const)
    : isSpread(delay)
      ? (['p50', 'p95'] as const).map((key) => [`${path}.${key}`, delay[key]] as const)
      : [[path, delay]]
  if (parts.length === 0) report(path, 'is empty: give at least one duration')
  for (const [place, part] of parts) if (millisecondsOf(part) === undefined) report(place, durationForm)
  if (isSpread(delay) && millisecondsOf(delay.p50)! > millisecondsOf(delay.p95)!) report(`${path}.p95`, 'is less than p50')
}

/** Whether a delay is given by two of its quantiles. */
export function isSpread(delay: unknown): delay is { readonly p50: Duration; readonly p95: Duration } {
  return typeof delay === 'object' && delay !== null && !Array.isArray(delay)
}
