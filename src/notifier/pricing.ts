import { addressFor } from '../cascade/address.ts'
import type { Channel } from '../contract/channel.ts'
import type { Content } from '../contract/content.ts'
import { OmnicascadeError } from '../contract/errors.ts'
import { type Cost, compareAmounts, type Price, type PricedMessage, type PriceOf, priceFrom } from '../contract/price.ts'
import type { ChannelProvider, SendRequest, SendResult } from '../contract/provider.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'
import type { Routing } from './pool.ts'

/** What pricing needs. */
export interface PricingContext {
  readonly prices: Readonly<Record<string, PriceOf>> | undefined
  readonly routing: Readonly<Partial<Record<Channel, Routing>>>
  /** A hook, or an adapter outside a call, has thrown. */
  readonly onFault: (id: string, error: unknown) => void
}

/** What an accepted call costs: what the vendor's answer says, or else the app's prices. Of several channels nobody knows which is charged. */
export function costOfCall(
  context: PricingContext,
  id: string,
  provider: string,
  request: SendRequest,
  result: SendResult,
): Cost | undefined {
  if (result.cost !== undefined) {
    const told = priceFrom(result.cost)
    if (told !== undefined) return { ...told, reported: true }
  }
  if (context.prices === undefined || request.parts !== undefined) return undefined
  const { channel, to, content, recipient } = request
  const price = ask(context, id, provider, { channel, to, content, recipient } as PricedMessage)
  return price && { ...price, reported: false }
}

/** What a step would cost through a provider that reaches the recipient; undefined where that is not known. */
export function priceOfStep(
  context: PricingContext,
  { id, to: recipient }: NotificationRecord,
  { channel, delegated }: StepRecord,
  provider: ChannelProvider,
  contents: Content,
): Price | undefined {
  const content = contents[channel]
  if (context.prices === undefined || delegated !== null || content === undefined) return undefined
  const to = addressFor(provider, channel, recipient) ?? undefined
  return ask(context, id, provider.name, { channel, to, content, recipient } as PricedMessage)
}

/** A step's providers, the cheapest first if its channel's routing says so. */
export function rankProviders(
  context: PricingContext,
  record: NotificationRecord,
  step: StepRecord,
  providers: readonly ChannelProvider[],
  content: Content,
): readonly ChannelProvider[] {
  if (context.routing[step.channel] !== 'cheapest' || providers.length < 2) return providers
  return cheapestFirst(context, record.id, providers, (provider) => priceOfStep(context, record, step, provider, content))
}

/** The cheapest first, those without a price last, ties as given. Amounts of two currencies do not compare: then all stay as given. */
export function cheapestFirst<T>(
  { onFault }: PricingContext,
  id: string,
  given: readonly T[],
  priceOf: (item: T) => Price | undefined,
): readonly T[] {
  const priced = given.map((item) => ({ item, price: priceOf(item) }))
  // Nothing is nothing in any currency.
  const currencies = new Set(priced.flatMap(({ price }) => (price === undefined || price.amount === '0' ? [] : price.currency)))
  if (currencies.size > 1) {
    const named = [...currencies].sort().join(' and ')
    onFault(id, new OmnicascadeError('mixed-currencies', `prices in ${named} do not compare: give them in one currency`))
    return given
  }
  const compare = (a: Price | undefined, b: Price | undefined) =>
    a && b ? compareAmounts(a.amount, b.amount) : Number(a === undefined) - Number(b === undefined)
  return priced.toSorted((a, b) => compare(a.price, b.price)).map(({ item }) => item)
}

/** Asks the app. A price that cannot be had costs the message nothing, and is told to the operator. */
function ask({ prices, onFault }: PricingContext, id: string, provider: string, message: PricedMessage): Price | undefined {
  const name = `prices.${provider}`
  try {
    const given = Object.hasOwn(prices!, provider) ? prices![provider]!(message) : undefined
    if (given === undefined) return undefined
    const price = priceFrom(given)
    if (price !== undefined) return price
    // An async function may fail later still.
    Promise.resolve(given).catch(() => {})
    const form = "a price is { amount: '0.0412', currency: 'EUR' }, its amount at least 0 with up to 12 digits on either side"
    onFault(id, new OmnicascadeError('invalid-price', `${name} gave no price: ${form}`))
  } catch (cause) {
    const what = cause instanceof Error ? cause.name : 'what is no Error'
    onFault(id, new OmnicascadeError('invalid-price', `${name} threw ${what}: the message is sent without a cost`, { cause }))
  }
  return undefined
}
