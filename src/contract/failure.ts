/**
 * Why a send failed, and thereby what happens next:
 * - `transient`: retried, then the next provider of the channel, then the next step
 * - `recipient`: the address is at fault; next step at once
 * - `content`: the message is at fault; next step at once
 * - `configuration`: the account is at fault; the provider's circuit opens, next provider, then next step
 * - `unknown`: nobody saw the result; never sent twice unless the provider honours idempotency keys
 */
export type FailureKind = 'transient' | 'recipient' | 'content' | 'configuration' | 'unknown'

/** A failure as a record keeps it: plain JSON, no stack, no secrets. */
export interface Failure {
  readonly kind: FailureKind
  readonly message: string
  /** The vendor's own code, as text. */
  readonly code?: string
  /** The content field at fault, for `content`. */
  readonly field?: string
  /** How long the vendor asks us to wait, in milliseconds. */
  readonly retryAfter?: number
}
