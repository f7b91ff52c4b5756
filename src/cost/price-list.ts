import { type Channel, channels, noChannel } from '../contract/channel.ts'
import { RequestError } from '../contract/errors.ts'
import { amountOf, isCurrency, multiply, type PriceOf } from '../contract/price.ts'
import type { Issue } from '../contract/template.ts'
import { countSegments } from '../text/sms.ts'

/** The price of a message or an SMS segment: one for all, or by the beginning of the number, such as `+420`; `+` is for all others. */
export type Tariff = number | string | Readonly<Record<`+${string}`, number | string>>

/** What one vendor charges, by channel: for SMS by the segment, for anything else by the message. Channels that are left out have no price. */
export type PriceList = { readonly currency: string } & { readonly [C in Channel]?: Tariff }

/** Amounts by prefix, and of which lengths the prefixes are, the longest first. */
interface Table {
  readonly amounts: ReadonlyMap<string, string>
  readonly lengths: readonly number[]
}

// No vendor reaches these by a phone number, whatever its `addresses`.
const withoutNumber: readonly string[] = ['email', 'push'] satisfies readonly Channel[]

const amountForm = 'is no amount: give a decimal number of at least 0, with up to 12 digits on either side of the point'

/** Prices for the notifier's `prices`. Throws `RequestError` that lists everything wrong with them. */
export function priceList(list: PriceList): PriceOf {
  const { currency, ...tariffs } = list ?? ({} as PriceList)
  const issues: Issue[] = []
  if (!isCurrency(currency)) issues.push({ path: 'currency', message: 'is no ISO 4217 code, such as EUR' })
  const tables = new Map<string, Table>()
  for (const [channel, tariff] of Object.entries(tariffs)) {
    if (!(channels as readonly string[]).includes(channel)) issues.push({ path: channel, message: noChannel })
    else if (tariff !== undefined) tables.set(channel, tableOf(tariff, channel, issues))
  }
  if (issues.length > 0) throw new RequestError('the price list cannot be used', issues, 'invalid-options')

  return ({ channel, to, content }) => {
    const table = tables.get(channel)
    const amount = table && lookUp(table, to)
    if (amount === undefined) return undefined
    const times = channel === 'sms' ? countSegments((content as { readonly text: string }).text).segments : 1
    return { amount: multiply(amount, times), currency }
  }
}

function tableOf(tariff: Tariff, channel: string, issues: Issue[]): Table {
  const byPrefix = typeof tariff === 'object' && tariff !== null
  const amounts = new Map<string, string>()
  for (const [prefix, given] of byPrefix ? Object.entries(tariff) : [['', tariff] as const]) {
    const path = byPrefix ? `${channel}.${prefix}` : channel
    const amount = amountOf(given)
    if (byPrefix && withoutNumber.includes(channel))
      issues.push({ path, message: `is never matched, for ${channel} goes to no phone number: give one amount for all` })
    else if (byPrefix && !/^\+\d{0,15}$/.test(prefix))
      issues.push({ path, message: 'is no beginning of a number, such as +420, or +' })
    if (amount === undefined) issues.push({ path, message: amountForm })
    else amounts.set(prefix, amount)
  }
  return { amounts, lengths: [...new Set([...amounts.keys()].map(({ length }) => length))].sort((a, b) => b - a) }
}

function lookUp({ amounts, lengths }: Table, to: unknown): string | undefined {
  const number = typeof to === 'string' ? to : ''
  const length = lengths.find((length) => amounts.has(number.slice(0, length)))
  return length === undefined ? undefined : amounts.get(number.slice(0, length))
}
