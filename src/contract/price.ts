import type { Address, Channel, Recipient } from './channel.ts'
import type { ContentByChannel } from './content.ts'
import { OmnicascadeError } from './errors.ts'

/**
 * An amount of money. It is a decimal number in a string, in the currency's own unit, with up to 12 digits on either side of the point: `0.0412`. So it
 * is exact where a binary fraction is not, holds parts of a cent as vendors charge them, and survives JSON and `numeric` columns.
 */
export interface Price {
  /** At least 0. */
  readonly amount: string
  /** ISO 4217, for example `EUR`. */
  readonly currency: string
}

/** What an attempt costs. */
export interface Cost extends Price {
  /** The vendor said so; otherwise it is what the notifier's `prices` say. */
  readonly reported: boolean
}

/** A message, as far as its price depends on it. */
export type PricedMessage<C extends Channel = Channel> = C extends Channel
  ? {
      readonly channel: C
      /** Undefined where the provider's options fix the destination. */
      readonly to: Address | undefined
      readonly content: ContentByChannel[C]
      readonly recipient: Recipient
    }
  : never

/** What a message costs through one provider; undefined where that is not known. Pure, and answers at once. */
export type PriceOf = (message: PricedMessage) => Price | undefined

/** An amount in its shortest form, from a number or a text as vendors and apps write them; undefined if it is none, or negative. */
export function amountOf(given: unknown): string | undefined {
  const text = typeof given === 'number' || typeof given === 'string' ? String(given) : ''
  const [, whole, part = ''] = /^0{0,12}(\d{1,12}?)(?:\.(\d{0,12}?)0{0,12})?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  return part === '' ? whole : `${whole}.${part}`
}

/** A price in its shortest form, or undefined if it is none. */
export function priceFrom(given: unknown): Price | undefined {
  const { amount: written, currency } = (given ?? {}) as { readonly amount?: unknown; readonly currency?: unknown }
  const amount = amountOf(written)
  return amount !== undefined && isCurrency(currency) ? { amount, currency } : undefined
}

/** Whether a value has the form of an ISO 4217 code. */
export function isCurrency(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z]{3}$/.test(value)
}

const places = 12

/** Less than 0 where the first amount is the lower, 0 where they are the same. */
export function compareAmounts(one: string, other: string): number {
  const [a, b] = [unitsOf(one), unitsOf(other)]
  return a < b ? -1 : Number(a > b)
}

/** The amount, so many times. */
export function multiply(amount: string, times: number): string {
  return amountFrom(unitsOf(amount) * BigInt(times))
}

/** What prices come to: one for each currency, by its code. Throws `OmnicascadeError` (code `invalid-price`) if an amount is none. */
export function totalOf(prices: Iterable<Price>): Price[] {
  const totals = new Map<string, bigint>()
  for (const { amount, currency } of prices) totals.set(currency, (totals.get(currency) ?? 0n) + unitsOf(amount))
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, units]) => ({ amount: amountFrom(units), currency }))
}

/** Whole units of the twelfth place after the point. */
function unitsOf(amount: string): bigint {
  const [, whole, part = ''] = /^(\d+)(?:\.(\d{1,12}))?$/.exec(amount) ?? []
  if (whole === undefined) throw new OmnicascadeError('invalid-price', 'an amount is no decimal number with up to 12 places')
  return BigInt(whole + part.padEnd(places, '0'))
}

function amountFrom(units: bigint): string {
  const digits = String(units).padStart(places + 1, '0')
  const point = digits.length - places
  let end = digits.length
  while (end > point && digits[end - 1] === '0') end--
  return end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
}
