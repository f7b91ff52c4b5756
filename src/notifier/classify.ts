import { isOmnicascadeError, SendError } from '../contract/errors.ts'
import type { Failure } from '../contract/failure.ts'

// Named by Node before a byte has left: nothing can have been sent. Others come from a connection in use too: the system call tells.
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

/**
 * The failure that a provider's throw stands for. A `SendError` says it itself; a network error that proves that nothing was
 * sent is `transient`; anything else, also `null` or a string, is `unknown`: it may have been sent, so it is not sent again.
 * A foreign error's own words may hold a token or an address: its name and code alone are kept.
 */
export function failureOf(provider: string, thrown: unknown): Failure {
  if (thrown instanceof SendError || (isOmnicascadeError(thrown) && thrown.code === 'send-failed'))
    return (thrown as SendError).toFailure()
  const { code, syscall } = (thrown ?? {}) as { code?: unknown; syscall?: unknown }
  const connecting = syscall === 'connect' || syscall === 'getaddrinfo'
  if (typeof code === 'string' && (connecting || notSent.has(code)))
    return { kind: 'transient', message: `${provider} could not be reached`, code }
  const what = thrown instanceof Error ? thrown.name : `${thrown === null ? 'null' : `a ${typeof thrown}`}, which is no SendError`
  return { kind: 'unknown', message: `${provider} threw ${what}`, ...(isCode(code) && { code: String(code) }) }
}

/** What an adapter threw outside a call, for the operator: with what `failureOf` keeps of it. */
export function thrownIn(method: string, provider: string, thrown: unknown): Error {
  return new Error(`${failureOf(provider, thrown).message} (in its ${method})`)
}

/** A provider must resolve to a result; anything else proves nothing. */
export function noResult(provider: string): Failure {
  return { kind: 'unknown', message: `${provider} resolved without a result: a provider returns { messageId }, or at least {}` }
}

/** A name, such as ECONNRESET, or a number: nothing that a token or an address fits in. */
function isCode(code: unknown): boolean {
  return typeof code === 'number' || (typeof code === 'string' && /^[A-Z][A-Z\d_]{1,40}$/.test(code))
}
