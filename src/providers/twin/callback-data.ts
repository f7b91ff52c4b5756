import type { SendRequest } from '../../contract/provider.ts'

// Ends the callback data of a delegated cascade, in which a channel's failure is not the chain's: TWIN goes on by itself.
const flowMark = '~flow'

/** What TWIN is to send back with every callback of this attempt: its idempotency key, marked when several channels are delegated. */
export function callbackDataOf(request: SendRequest): string {
  return (request.parts?.length ?? 0) > 1 ? `${request.idempotencyKey}${flowMark}` : request.idempotencyKey
}

/** Whether callback data, or a correlation key, is that of a delegated cascade. */
export function isDelegated(data: string | undefined): boolean {
  return data?.endsWith(flowMark) ?? false
}

/** The correlation key of a fallback chain, told from message ids by its prefix. */
export function flowKey(flowId: string): string {
  return `flow:${flowId}`
}

/** The id of the chain that one of the keys names. */
export function flowIdOf(keys: readonly string[]): string | undefined {
  return keys.find((key) => key.startsWith('flow:'))?.slice('flow:'.length)
}
