import type { Address, Channel, Recipient } from './channel.ts'
import type { Content } from './content.ts'
import type { TimelineEntry } from './events.ts'
import type { Failure } from './failure.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Cost } from './price.ts'
import type { ReceiptSupport } from './provider.ts'
import type { DeliveryStatus } from './receipt.ts'
import type { TraceContext } from './telemetry.ts'
import type { Window } from './time.ts'

/** What is told: a template by reference, with its variables, or content given as it is. */
export type Message =
  | { readonly template: { readonly id: string; readonly version: string }; readonly variables: JsonValue }
  | { readonly content: Content }

/** What counts as success of a step. */
export type Until = Exclude<DeliveryStatus, 'sent'>

/**
 * What to do when nobody saw a send's result. Where receipts can come they are waited for; where none can, `advance` goes on to the next
 * step and `assume-sent` counts it as delivered. `resend` repeats it first, under the same key, through a vendor that honours such keys.
 */
export type OnUnknown = 'advance' | 'assume-sent' | 'resend'

/**
 * - `pending`: its turn has not come
 * - `ready`: its turn has come; starts at `dueAt` (now, when its window opens, or when a retry is due)
 * - `sending`: a provider is being called; `dueAt` is the end of the lease
 * - `awaiting`: accepted, or unknown; waits for receipts until `dueAt`
 * - ended: `succeeded` (reached `until`), `failed`, `timed-out` (silence), `skipped` (not sent, or not again),
 *   `superseded` (sent, but an earlier channel delivered meanwhile), `recalled` (called back at the vendor)
 */
export type StepState =
  | 'pending'
  | 'ready'
  | 'sending'
  | 'awaiting'
  | 'succeeded'
  | 'failed'
  | 'timed-out'
  | 'skipped'
  | 'superseded'
  | 'recalled'

/** Why a step was skipped or failed. A veto carries the host's own words. */
export type StepReason =
  | 'no-address'
  | 'no-content'
  | 'no-provider'
  | 'delivered'
  | 'cancelled'
  | 'expired'
  | 'unknown'
  | 'undelivered'
  | 'recipient'
  | 'content'
  | 'configuration'
  | 'transient'
  | `vetoed: ${string}`

/** One try of one step through one provider. */
export interface AttemptRecord {
  readonly provider: string
  readonly receipts: ReceiptSupport
  readonly idempotent: boolean
  readonly cancellable: boolean
  readonly to: Address | null
  readonly idempotencyKey: string
  /** `sending` until the call's result is known; then what it was; `recalled` once called back. */
  readonly state: 'sending' | 'accepted' | 'failed' | 'unknown' | 'recalled'
  readonly startedAt: number
  /** When the call had its result, or was given up. */
  readonly endedAt: number | null
  readonly messageId: string | null
  readonly keys: readonly string[]
  /** The furthest status seen. */
  readonly status: DeliveryStatus | null
  /** `status` is `delivered` because of silence or `assume-sent`, not because anyone said so. */
  readonly assumed: boolean
  /** A failure that a receipt reported; overridden by a status of `delivered` or better. */
  readonly receiptFailure: 'failed' | 'expired' | null
  /** Why the call failed. */
  readonly failure: Failure | null
  /** What it costs, once the vendor has accepted it. Left out where that is not known. */
  readonly cost?: Cost
}

/** One channel of the cascade and how it fares. */
export interface StepRecord {
  readonly channel: Channel
  /** A delegated step's channels, in the vendor's order; `channel` is the first. */
  readonly delegated: readonly Channel[] | null
  /** Set when only one provider may serve the step. */
  readonly through: string | null
  readonly required: boolean
  readonly until: Until
  /** How long to wait for a receipt after acceptance, in milliseconds. */
  readonly within: number
  readonly window: Window | null
  readonly onUnknown: OnUnknown
  readonly state: StepState
  readonly reason: StepReason | null
  /** When this step next needs attention; null when it has ended or its turn has not come. */
  readonly dueAt: number | null
  /** Providers not to be tried (again) for this step. */
  readonly excluded: readonly string[]
  /** How often it was put off because no circuit was closed. */
  readonly holds: number
  readonly endedAt: number | null
  readonly attempts: readonly AttemptRecord[]
}

/** How one step ended, as an outcome shows it. */
export interface StepOutcome {
  readonly step: number
  readonly channel: Channel
  readonly required: boolean
  readonly state: StepState
  readonly reason: StepReason | null
  /** The furthest status of its attempts. */
  readonly status: DeliveryStatus | null
}

/** How the notification settled. A late delivery may still turn any other status into `delivered`, never the reverse. */
export interface Outcome {
  readonly status: 'delivered' | 'failed' | 'expired' | 'cancelled'
  /** The channel that settled it, if one delivered; null also where a vendor tried several by itself and does not say which delivered. */
  readonly by: Channel | null
  /** Index of the step that settled it, if one delivered. */
  readonly step: number | null
  /** Nobody confirmed the delivery: silence or `assume-sent` stands for it. */
  readonly assumed: boolean
  /** More than one optional step has reached its `until`. */
  readonly duplicateDelivery: boolean
  /** Indices of the required steps that did not succeed. */
  readonly failedRequired: readonly number[]
  /** `no-applicable-step`: nothing was ever sent because no step could start. */
  readonly reason: 'no-applicable-step' | null
  readonly steps: readonly StepOutcome[]
}

/** How failed sends are repeated, in milliseconds. */
export interface RetryPolicy {
  /** Tries per provider and step. */
  readonly attempts: number
  /** The first delay is a random time up to this (full jitter), and doubles with each try. */
  readonly baseDelay: number
  /** No delay is longer; a vendor that asks for a longer wait is left for the next one. */
  readonly maxDelay: number
}

/** A notification: everything about it, as plain JSON, with one version and one moment at which it next needs attention. */
export interface NotificationRecord {
  readonly id: string
  /** Rises by one with each change. Stores compare and swap on it. */
  readonly version: number
  readonly createdAt: number
  readonly to: Recipient
  readonly message: Message
  /** Left out where no telemetry was on when it was sent. */
  readonly trace?: TraceContext
  readonly sendAt: number
  readonly expiresAt: number | null
  readonly timeZone: string
  readonly retry: RetryPolicy
  readonly metadata: JsonObject | null
  /** Left out where the request named none. */
  readonly category?: string
  readonly idempotencyKey: string | null
  /** A hash of each field of the request, kept with an idempotency key so that a conflict can be named. */
  readonly fingerprint: Readonly<Record<string, string>> | null
  readonly steps: readonly StepRecord[]
  readonly cancelRequestedAt: number | null
  readonly settledAt: number | null
  readonly outcome: Outcome | null
  /** When it next needs attention, in Unix milliseconds; null only once it has settled. */
  readonly dueAt: number | null
  readonly timeline: readonly TimelineEntry[]
}
