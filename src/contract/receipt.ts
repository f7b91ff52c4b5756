import type { Price } from './price.ts'
import type { Suppression } from './suppression.ts'

/** How far a message has come, in rising order: `accepted < sent < delivered < read < clicked`. */
export type DeliveryStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'clicked'

/** What a receipt can report. `failed` and `expired` are overridden by `delivered` and better, whatever the order they come in. */
export type ReceiptStatus = Exclude<DeliveryStatus, 'accepted'> | 'failed' | 'expired'

/** What a provider says later about an attempt (a delivery receipt, DLR). */
export interface Receipt {
  /** Name of the provider whose attempt this is about. */
  readonly provider: string
  /** Correlation keys, the most specific first. The receipt belongs to the attempt that carries one of them. */
  readonly keys: readonly string[]
  /** The vendor's id of the message, where it says it: an attempt that is known to have another id is not meant, whatever key they share. */
  readonly messageId?: string
  readonly status: ReceiptStatus
  /** When it happened, by the vendor's clock where it says so: Unix milliseconds. */
  readonly at: number
  /** The vendor's own word for the status. */
  readonly raw?: string
  /** Why it failed, in the vendor's words or code. */
  readonly reason?: string
  /** What the vendor charges for the message, all of it, where the vendor says it. */
  readonly cost?: Price
  /** The link that was clicked, whole, as the vendor gives it. Its query may hold a token: do not log it. */
  readonly link?: string
  /**
   * What to do when several attempts carry the key: `only` (default) reports the receipt as unmatched,
   * `newest` takes the newest attempt that has not ended, for vendors whose key is not unique.
   */
  readonly match?: 'only' | 'newest'
  /** Only attempts started within `tolerance` milliseconds of `at` (Unix milliseconds) are meant. */
  readonly near?: { readonly at: number; readonly tolerance: number }
}

/** What became of each ingested receipt. */
export interface IngestReport {
  /** Changed a record. */
  readonly applied: number
  /** Found its attempt and said nothing new. */
  readonly duplicate: number
  /** No attempt carries its keys yet; kept for a while and applied once one does. */
  readonly parked: number
  /** Several attempts carry its keys and the provider does not say which is meant. Nothing was changed. */
  readonly unmatched: number
}

/** Where receipts go: a notifier, to the handlers and streams that feed it. */
export interface ReceiptSink {
  ingest(receipts: Iterable<Receipt> | AsyncIterable<Receipt>): Promise<IngestReport>
  /** Addresses that are not to be written to any more, or may be again. Resolves once they are kept. */
  suppress?(suppressions: Iterable<Suppression>): Promise<void>
}
