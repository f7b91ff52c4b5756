import type { Channel } from './channel.ts'
import type { Failure } from './failure.ts'
import type { Receipt, ReceiptStatus } from './receipt.ts'
import type { Outcome, StepReason } from './record.ts'
import type { Suppression } from './suppression.ts'

interface StepEvent {
  readonly step: number
  readonly channel: Channel
}

interface AttemptEvent extends StepEvent {
  readonly attempt: number
  readonly provider: string
}

/** What can happen to a notification. Each is written to its timeline and emitted once its record is stored. */
export interface CascadeEvents {
  'notification.created': { readonly sendAt: number }
  'notification.cancel-requested': { readonly answer: CancelAnswer }
  'notification.settled': { readonly status: Outcome['status']; readonly by: Channel | null }
  /** A late receipt changed a settled outcome. */
  'notification.corrected': { readonly status: Outcome['status']; readonly by: Channel | null }
  /** More than one channel delivered. */
  'notification.duplicate-delivery': { readonly channels: readonly Channel[] }
  /** The step waits: for its window, for a template to be registered, for a hook that failed or content that cannot be read now, for a circuit to close, for its provider's rate, or because the host has put it off. */
  'step.held': StepEvent & {
    readonly until: number
    readonly reason: 'window' | 'template' | 'hook' | 'no-provider' | 'rate' | 'host'
  }
  'step.skipped': StepEvent & { readonly reason: StepReason }
  'step.succeeded': StepEvent & { readonly assumed: boolean; readonly late: boolean }
  'step.failed': StepEvent & { readonly reason: StepReason; readonly failure?: Failure }
  'step.timed-out': StepEvent
  /** Sent, but another channel delivered meanwhile. */
  'step.superseded': StepEvent
  'step.recalled': StepEvent
  'attempt.started': AttemptEvent
  'attempt.accepted': AttemptEvent & { readonly messageId: string | null }
  'attempt.failed': AttemptEvent & { readonly failure: Failure; readonly retryAt: number | null }
  /** A receipt that said something new. */
  'attempt.receipt': AttemptEvent & {
    readonly status: ReceiptStatus
    readonly occurredAt: number
    readonly raw?: string
    readonly reason?: string
    /** Whole, as the vendor gives it: do not log it, its query may hold a token. */
    readonly link?: string
  }
  /** A failure was reported for an attempt that counts as delivered, or the reverse. Settled stays settled. */
  'attempt.contradicted': AttemptEvent & { readonly status: ReceiptStatus }
}

/** The answer to `cancel(id)`. `too-late`: something was sent that may still be delivered; nothing more will be. */
export type CancelAnswer = 'cancelled' | 'too-late' | 'already-settled'

/** One line of a notification's history. */
export type TimelineEntry = {
  [K in keyof CascadeEvents]: { readonly type: K; readonly at: number } & CascadeEvents[K]
}[keyof CascadeEvents]

/** What happens around notifications: for the operator rather than the timeline. */
export interface OperatorEvents {
  /** A provider's circuit opened: it is not called until `until`, then probed. */
  'provider.opened': { readonly provider: string; readonly until: number; readonly failure: Failure | null }
  'provider.closed': { readonly provider: string }
  /** Content could not be rendered or was refused; `field` says where. */
  'content.refused': StepEvent & { readonly id: string; readonly failure: Failure }
  /** A template is not registered in this process; its notifications wait. */
  'template.missing': { readonly id: string; readonly template: string; readonly version: string }
  /** A link could not be shortened and went out long. The host alone is named. */
  'link.failed': { readonly id: string; readonly channel: Channel; readonly host: string; readonly message: string }
  /** An address is not to be written to any more, or may be again. It is personal: store it, do not log it. */
  'recipient.suppressed': { readonly suppression: Suppression & { readonly state: 'suppressed' } }
  'recipient.restored': { readonly suppression: Suppression & { readonly state: 'restored' } }
  /** No attempt carries the receipt's keys yet; it waits for one that does, and is forgotten after `parkFor`. */
  'receipt.parked': { readonly receipt: Receipt }
  /**
   * Several attempts carry the receipt's keys and nothing says which is meant (with `newest`: none of them is still open); or none does, and
   * the receipt is too old for one that is still to come. It is not applied.
   */
  'receipt.unmatched': { readonly receipt: Receipt; readonly candidates: number }
  /** Something failed in the background (a store, a scheduler, a hook, a listener, an adapter outside a call). Work goes on. */
  error: { readonly error: Error; readonly id?: string }
}

/** Every event a notifier emits, by name, with its payload. Timeline events carry the notification's id. */
export type NotifierEvents = {
  readonly [K in keyof CascadeEvents]: { readonly type: K; readonly id: string; readonly at: number } & CascadeEvents[K]
} & { readonly [K in keyof OperatorEvents]: { readonly type: K; readonly at: number } & OperatorEvents[K] }

/** Any event a notifier emits. */
export type NotifierEvent = NotifierEvents[keyof NotifierEvents]
