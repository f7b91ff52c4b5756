import { toMilliseconds } from '../contract/duration.ts'
import type { SendErrorOptions } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { SendResult } from '../contract/provider.ts'
import type { Receipt, ReceiptStatus } from '../contract/receipt.ts'
import type { Duration } from '../contract/time.ts'
import { accept, fail, hang, type Reply } from './scripted-provider.ts'

/** When something happens, counted from the call. Default: at once. */
export interface After {
  readonly after?: Duration
}

/** A receipt that follows a call. */
export interface ScriptedReceipt extends Pick<Receipt, 'raw' | 'reason' | 'link' | 'cost'> {
  readonly status: ReceiptStatus
  /** Milliseconds after the call. */
  readonly after: number
}

/** What one call comes to. */
export interface ScriptedCall {
  readonly reply: Reply
  /** How long the vendor takes to answer, in milliseconds. */
  readonly after: number
  readonly receipts: readonly ScriptedReceipt[]
}

/** What the vendor answers to the next call. */
export interface Script {
  /** It takes the message, as `messageId` (by default the call's idempotency key). */
  accept(result?: SendResult & After): ScriptLine
  /** It refuses the message: the kind decides what happens next. With `unknown` it may have taken it. */
  fail(kind: FailureKind, options?: SendErrorOptions & After & { readonly message?: string }): ScriptLine
  /** It never answers: the call is cut at its provider's time-out. */
  hang(): ScriptLine
  /** It does what you write: a function of the request, or the `reply` of a `gate()`. */
  reply(reply: Reply): ScriptLine
}

/** One answer, and what follows it. */
export interface ScriptLine {
  /** The vendor reports this of the message, whatever it answered. Any number of them: repeated, late, or before the answer. */
  receipt(status: ReceiptStatus, options?: After & Pick<Receipt, 'raw' | 'reason' | 'link' | 'cost'>): ScriptLine
  /** The call after this one. The last line answers every further call. */
  readonly then: Script
}

/** A script that goes on after `written`; `write` is given the whole of it with each line and receipt. Lines are not changed, so a script can be branched. */
export function scriptAfter(written: readonly ScriptedCall[], write: (calls: readonly ScriptedCall[]) => void): Script {
  const line = (call: ScriptedCall): ScriptLine => {
    const calls = [...written, call]
    write(calls)
    return {
      receipt: (status, { after = 0, ...said } = {}) =>
        line({
          ...call,
          receipts: [...call.receipts, { ...said, status, after: toMilliseconds(after, 'a scripted receipt', 'after') }],
        }),
      // biome-ignore lint/suspicious/noThenProperty: it is no function, so nothing takes a line for a promise
      get then() {
        return scriptAfter(calls, write)
      },
    }
  }
  const answer = (reply: Reply, after: Duration = 0) =>
    line({ reply, after: toMilliseconds(after, 'a scripted answer', 'after'), receipts: [] })
  return {
    accept: ({ after, ...result } = {}) => answer(accept(result), after),
    fail: (kind, { after, message, ...options } = {}) => answer(fail(kind, message, options), after),
    hang: () => answer(hang()),
    reply: (reply) => answer(reply),
  }
}
