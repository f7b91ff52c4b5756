import type { Address, AddressKey, Channel, Recipient } from './channel.ts'
import type { ContentByChannel } from './content.ts'
import type { Price } from './price.ts'
import type { DeliveryStatus, Receipt } from './receipt.ts'
import type { Duration } from './time.ts'

/**
 * What a provider reports after it has accepted a message, and thereby what silence means:
 * - `none`: nothing; acceptance settles the step
 * - `failures`: only failures; silence for `within` means delivered
 * - `full`: deliveries and failures; silence for `within` means not delivered
 */
export type ReceiptSupport = 'none' | 'failures' | 'full'

/** How fast, and how many at a time, a provider may be called. */
export interface ProviderLimits {
  /** At most `count` sends in any span of `per`. */
  readonly rate?: { readonly count: number; readonly per: Duration }
  /** At most this many sends at a time. */
  readonly concurrency?: number
}

/** One channel's share of a send. */
export interface SendPart<C extends Channel = Channel> {
  readonly channel: C
  /** Present unless the provider's destination is fixed by its options, or it chooses among `recipient`'s addresses itself. */
  readonly to: Address | undefined
  readonly content: ContentByChannel[C]
}

/** One attempt, as a provider gets it. */
export type SendRequest<C extends Channel = Channel> = C extends Channel
  ? SendPart<C> & {
      readonly recipient: Recipient
      /** `${notification}.${step}.${attempt}`, the same when an unknown send is repeated. Pass it on where the vendor has a field for it. */
      readonly idempotencyKey: string
      readonly notificationId: string
      /** How long the cascade waits for delivery, in milliseconds. Set the vendor's own expiry no longer than this. */
      readonly within: number
      /** For a delegated step: every channel that the vendor is to try, in order; `channel`, `to` and `content` are the first's. */
      readonly parts?: readonly SendPart[]
    }
  : never

/** What every waiting call gets. */
export interface CallContext {
  /** Aborted when the call's time is over. */
  readonly signal: AbortSignal
}

/** The vendor has taken the message. */
export interface SendResult {
  /** The vendor's id of the message; also its first correlation key. */
  readonly messageId?: string
  /** Further correlation keys under which receipts may come. */
  readonly keys?: readonly string[]
  /** How far the message is already; `accepted` when left out. */
  readonly status?: DeliveryStatus
  /** What the vendor charges for the message, all of it, where its answer says so. */
  readonly cost?: Price
}

/** What is needed to call an accepted message back. */
export interface CancelRequest {
  readonly channel: Channel
  readonly messageId: string | undefined
  readonly keys: readonly string[]
}

/** An accepted message that a receipt is waited for. */
export interface PollRequest extends CancelRequest {
  /** When its attempt was started: Unix milliseconds. */
  readonly startedAt: number
}

/**
 * An adapter that sends on one or more channels. It throws a `SendError` whose kind decides what the cascade does next;
 * anything else it throws counts as `unknown`, save for network errors that prove that nothing was sent.
 */
export interface ChannelProvider<C extends Channel = Channel> {
  /** Unique within a notifier. Receipts name it. */
  readonly name: string
  readonly channels: readonly C[]
  readonly receipts: ReceiptSupport | Readonly<Partial<Record<C, ReceiptSupport>>>
  /** The vendor honours `idempotencyKey`: repeating a call with the same one sends once. */
  readonly idempotent?: boolean
  /** Which recipient fields it can send to, where they differ from the channel's own; `fixed`: its options name the destination. */
  readonly addresses?: Readonly<Partial<Record<C, readonly AddressKey[] | 'fixed'>>>
  /**
   * Whether it can send to an address that is in such a field: to a token of its own service, or to a browser's subscription, say. What it does not
   * accept is left to other providers. Pure. Default: anything.
   */
  accepts?(address: Address): boolean
  /** It can run a cascade of its channels itself (a step with `channels` and `through`). */
  readonly delegates?: boolean
  readonly limits?: ProviderLimits
  /** After this long a call is cut and its result is unknown. Default 30 s. */
  readonly timeout?: Duration
  send(request: SendRequest<C>, context: CallContext): Promise<SendResult>
  /** Correlation keys known before the call, so that receipts find the attempt even if the call's answer is never seen. */
  keys?(request: SendRequest<C>): readonly string[]
  /** Calls an accepted message back; `true` if the vendor confirms that it will not be delivered. */
  cancel?(request: CancelRequest, context: CallContext): Promise<boolean>
  /**
   * Asks the vendor what became of accepted messages, where no webhook tells. Asked every now and then while a step waits, and once more before
   * its silence counts. Gives what is known; rejects as `send` does.
   */
  poll?(messages: readonly PollRequest[], context: CallContext): Promise<readonly Receipt[]>
  /** How long after a send, and then how often, messages are polled. Default 15 s. */
  readonly pollEvery?: Duration
  /** Lets go of connections. */
  close?(): Promise<void>
}
