import type { WebhookParseError } from './errors.ts'
import type { Awaitable } from './json.ts'
import type { Receipt } from './receipt.ts'
import type { Suppression } from './suppression.ts'

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

/** What a vendor hears. */
export interface WebhookAnswer {
  /** Default 200. */
  readonly status?: number
  readonly body?: string
  /** Default plain text. */
  readonly contentType?: string
}

/** One vendor's webhooks: how they are verified, parsed, and turned into receipts. */
export interface WebhookSource<E = unknown> {
  /** The provider whose attempts its receipts are about. */
  readonly provider: string
  /** Methods it takes; `POST` when left out. What comes with GET has no body, and no media type is asked of it. */
  readonly methods?: readonly string[]
  /** Media types it takes; `application/json` when left out. */
  readonly contentTypes?: readonly string[]
  /** How `verify` knows the vendor, in a few words, for tables; left out where it cannot. */
  readonly signature?: string
  /** Throws `WebhookVerificationError` if the request does not come from the vendor. `now` is in Unix milliseconds. */
  verify?(request: WebhookRequest, now: number): Promise<void>
  /** Pure. Throws `WebhookParseError` when nothing at all can be read. */
  parse(request: WebhookRequest): ParsedWebhook<E>
  /** Pure. What the events say about attempts; events that say nothing give no receipt. */
  receipts(events: readonly E[]): readonly Receipt[]
  /** Pure. Addresses that the events say are not to be written to any more, or may be again. */
  suppressions?(events: readonly E[]): readonly Suppression[]
  /** What the source itself does with the events: note who wrote when, confirm a subscription. Awaited before the vendor is answered. */
  remember?(events: readonly E[]): Awaitable<void>
  /** What the vendor wants to hear; an empty 200 when left out. */
  readonly answer?: WebhookAnswer | ((request: WebhookRequest, events: readonly E[]) => WebhookAnswer)
}
