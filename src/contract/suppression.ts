import type { Address, Channel, Recipient } from './channel.ts'
import type { Awaitable } from './json.ts'

/**
 * Why an address is not to be written to:
 * - `opted-out`: its owner said so (STOP, unsubscribe)
 * - `complained`: its owner marked a message as spam
 * - `blocked`: its owner blocked the sender
 * - `bounced`: it does not exist, or takes nothing for good
 * - `refused`: a provider refused a send to it (kind `recipient`)
 */
export type SuppressionReason = 'opted-out' | 'complained' | 'blocked' | 'bounced' | 'refused'

/** An address that is not to be written to any more or, `restored`, that may be again. */
export interface Suppression {
  readonly state: 'suppressed' | 'restored'
  /** Who says so. */
  readonly provider: string
  readonly channel: Channel
  /** As a recipient carries it: a phone number is E.164 with its `+`. */
  readonly address: Address
  readonly reason: SuppressionReason
  /** Unix milliseconds. */
  readonly at: number
  /** The vendor's own word for it. */
  readonly raw?: string
}

/** The app's list of addresses that are not to be written to. */
export interface SuppressionList {
  /** Asked before each attempt, for each address that it could go to. If it throws, or has not answered after 30 s, the step waits a minute. */
  isSuppressed(target: {
    readonly channel: Channel
    readonly address: Address
    readonly recipient: Recipient
  }): Awaitable<boolean>
  /** Keeps what vendors report. A webhook is answered once it is kept, and sent again if this throws; so it may be told twice. */
  add?(suppression: Suppression): Awaitable<void>
}
