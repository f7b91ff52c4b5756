import type { Address } from '../contract/channel.ts'
import type { TimelineEntry } from '../contract/events.ts'
import type { Failure } from '../contract/failure.ts'
import type { Cost } from '../contract/price.ts'
import type { ReceiptSupport } from '../contract/provider.ts'
import type { DeliveryStatus, Receipt } from '../contract/receipt.ts'
import type { NotificationRecord } from '../contract/record.ts'

/** What the machine keeps of a provider that is about to be called. */
export interface ProviderFacts {
  readonly name: string
  readonly receipts: ReceiptSupport
  readonly idempotent: boolean
  readonly cancellable: boolean
}

/** An answer to a `begin` effect names the attempt it was asked for, so that a stale answer changes nothing. */
interface BeginAnswer {
  readonly step: number
  readonly attempt: number
}

/**
 * Everything that can happen to a notification. `at` is when, in Unix milliseconds; the machine has no clock of its own.
 * Where the process that applies it calls no providers it `defers`: a step whose turn has come is due at once, for another process.
 */
export type Input = { readonly at: number; readonly defers?: boolean | undefined } & (
  | { readonly type: 'woke' }
  /** A provider is at hand and the content is rendered: the attempt is written before the call is made. */
  | (BeginAnswer & {
      readonly type: 'started'
      readonly provider: ProviderFacts
      readonly to: Address | null
      readonly keys: readonly string[]
      readonly leaseUntil: number
    })
  /** The step cannot start yet, for a cause outside the notification. */
  | (BeginAnswer & { readonly type: 'held'; readonly until: number; readonly reason: 'template' | 'hook' | 'rate' | 'host' })
  /** The host said no, or the content could not be rendered. */
  | (BeginAnswer & { readonly type: 'vetoed'; readonly reason: string; readonly failure: Failure | null })
  /** No provider may be called; `until` is when the first circuit is probed, null if none ever will be for this step. */
  | (BeginAnswer & { readonly type: 'unavailable'; readonly until: number | null })
  | {
      readonly type: 'accepted'
      readonly step: number
      readonly attempt: number
      readonly messageId: string | null
      readonly keys: readonly string[]
      readonly status: DeliveryStatus
      readonly cost?: Cost
    }
  /** `random` in [0, 1) spreads the retries. */
  | {
      readonly type: 'rejected'
      readonly step: number
      readonly attempt: number
      readonly failure: Failure
      readonly random: number
    }
  | {
      readonly type: 'receipt'
      readonly step: number
      readonly attempt: number
      readonly receipt: Pick<Receipt, 'status' | 'at' | 'raw' | 'reason' | 'link' | 'cost'>
    }
  /** A call is still under way: whoever makes it is alive. */
  | { readonly type: 'renewed'; readonly step: number; readonly attempt: number; readonly leaseUntil: number }
  /** The vendor confirmed that an accepted message will not be delivered. */
  | { readonly type: 'recalled'; readonly step: number; readonly attempt: number }
  | { readonly type: 'cancelRequested' }
)

/** What the shell must do once the record is stored. When to wake is no effect: it is the record's `dueAt`. */
export type Effect =
  /** Prepare attempt `attempt` of the step and answer with `started`, `held`, `vetoed` or `unavailable`. */
  | {
      readonly type: 'begin'
      readonly step: number
      readonly attempt: number
      /** The provider to retry, unless its circuit is open. */
      readonly prefer: string | null
      /** Nobody but `prefer` may be asked: nobody knows whether it has sent already. */
      readonly only: boolean
    }
  /** Call the attempt's provider and answer with `accepted` or `rejected`. */
  | { readonly type: 'send'; readonly step: number; readonly attempt: number }
  | { readonly type: 'cancelAtProvider'; readonly step: number; readonly attempt: number }
  | { readonly type: 'emit'; readonly entry: TimelineEntry }

/** What a step of the machine gives: the same record, untouched, if nothing changed. */
export interface Transition {
  readonly record: NotificationRecord
  readonly effects: readonly Effect[]
}
