import { addressFor } from '../cascade/address.ts'
import type { Content } from '../contract/content.ts'
import { OmnicascadeError } from '../contract/errors.ts'
import { type Cost, type Price, type PricedMessage, type PriceOf, priceFrom } from '../contract/price.ts'
import type { ChannelProvider, SendRequest, SendResult } from '../contract/provider.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'

/** What pricing needs. */
export interface PricingContext {
  readonly prices: Readonly<Record<string, PriceOf>> | undefined
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

/** Asks the app. A price that cannot be had costs the message nothing, and is told to the operator. */
function ask({ prices, onFault }: PricingContext, id: string, provider: string, message: PricedMessage): Price | undefined {
  const name = `prices.${provider}`
  try {
    const given = Object.hasOwn(prices!, provider) ? prices![provider]!(message) : undefined
    if (given === undefined) return undefined
    const price = priceFrom(given)
    if (price !== undefined) return price
    const form = "a price is { amount: '0.0412', currency: 'EUR' }, its amount at least 0 with up to 12 digits on either side"
    onFault(id, new OmnicascadeError('invalid-price', `${name} gave no price: ${form}`))
  } catch (cause) {
    const what = cause instanceof Error ? cause.name : 'what is no Error'
    onFault(id, new OmnicascadeError('invalid-price', `${name} threw ${what}: the message is sent without a cost`, { cause }))
  }
  return undefined
}
