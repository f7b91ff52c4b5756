import type { WebhookParseError } from './errors.ts'
import type { Receipt } from './receipt.ts'

/** A webhook as it came over the wire. */
export interface WebhookRequest {
  readonly method: string
  /** As the vendor called it: absolute, with its query. */
  readonly url: URL
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>
  /** The bytes, untouched: signatures are computed over them. */
  readonly body: Uint8Array
}

/** Typed events, and what could not be read; one bad event does not lose the others. */
export interface ParsedWebhook<E> {
  readonly events: readonly E[]
  readonly errors: readonly WebhookParseError[]
}

/** One vendor's webhooks: how they are verified, parsed, and turned into receipts. */
export interface WebhookSource<E = unknown> {
  /** The provider whose attempts its receipts are about. */
  readonly provider: string
  /** Media types it takes; `application/json` when left out. */
  readonly contentTypes?: readonly string[]
  /** Throws `WebhookVerificationError` if the request does not come from the vendor. `now` is in Unix milliseconds. */
  verify?(request: WebhookRequest, now: number): Promise<void>
  /** Pure. Throws `WebhookParseError` when nothing at all can be read. */
  parse(request: WebhookRequest): ParsedWebhook<E>
  /** Pure. What the events say about attempts; events that say nothing give no receipt. */
  receipts(events: readonly E[]): readonly Receipt[]
  /** What the vendor wants to hear; an empty 200 when left out. */
  readonly answer?: { readonly status?: number; readonly body?: string; readonly contentType?: string }
}
