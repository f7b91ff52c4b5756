import { type Address, addressKeys, type Channel, type Recipient } from '../contract/channel.ts'
import type { ChannelProvider, ReceiptSupport } from '../contract/provider.ts'

/** Where a provider would send to: an address, `null` when its options fix the destination, undefined when the recipient has none for it. */
export function addressFor(provider: ChannelProvider, channel: Channel, to: Recipient): Address | null | undefined {
  const keys = provider.addresses?.[channel] ?? addressKeys[channel]
  if (keys === 'fixed') return null
  for (const key of keys) {
    const address = to[key]
    if (address !== null && address !== undefined && address !== '' && (provider.accepts?.(address) ?? true)) return address
  }
  return undefined
}

/** Whether a provider may serve a step: it has its channels, and is the one that is asked for. */
export function serves(
  provider: ChannelProvider,
  step: { readonly channel: Channel; readonly delegated: readonly Channel[] | null; readonly through: string | null },
): boolean {
  if (step.through !== null && provider.name !== step.through) return false
  if (step.delegated !== null && !provider.delegates) return false
  return (step.delegated ?? [step.channel]).every((channel) => provider.channels.includes(channel))
}

/** What a provider reports on a channel. */
export function receiptsOf(provider: ChannelProvider, channel: Channel): ReceiptSupport {
  return typeof provider.receipts === 'string' ? provider.receipts : (provider.receipts[channel] ?? 'none')
}
