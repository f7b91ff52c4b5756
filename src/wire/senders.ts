import type { Channel } from '../contract/channel.ts'
import { isText, type OptionRule } from './options.ts'

/** Who sends on which channel. */
export type Senders<C extends Channel> = Readonly<Partial<Record<C, string>>>

/** The rule of an option `senders`: names for some of the channels that the vendor has, and for nothing else. */
export function sendersRule(given: unknown, channels: readonly string[]): OptionRule {
  const named = Object.entries(given ?? {})
  const isValid = named.length > 0 && named.every(([channel, sender]) => channels.includes(channel) && isText(sender))
  return ['senders', given, isValid, `name a sender for at least one of ${channels.join(', ')}, and for nothing else`]
}

/** The channels that have a sender, in the order of `channels`. */
export function channelsOf<C extends Channel>(senders: Senders<C>, channels: readonly C[]): C[] {
  return channels.filter((channel) => senders[channel] !== undefined)
}
