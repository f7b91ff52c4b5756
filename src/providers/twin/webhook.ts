import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseTwinCallback, type TwinCallback } from './callback.ts'
import { flowKey, isDelegated } from './callback-data.ts'

/** Options of `twinWebhook`. */
export interface TwinWebhookOptions {
  /** Name of the provider whose attempts the callbacks are about; `twin` when left out. */
  readonly provider?: string
  /** Unix milliseconds: the time of a receipt, since a callback has none of its own. */
  readonly now?: () => number
}

/**
 * TWIN's callbacks as a webhook source. TWIN signs nothing: give `twin` a `callbackSecret` and the HTTP handler the same one as
 * `secret: { query: 'token', values: [...] }`.
 */
export function twinWebhook({ provider = 'twin', now = Date.now }: TwinWebhookOptions = {}): WebhookSource<TwinCallback> {
  return {
    provider,
    parse: ({ body }) => ({ events: [parseTwinCallback(body)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(event, provider, now()) ?? []),
  }
}

function receiptOf(event: TwinCallback, provider: string, at: number): Receipt | undefined {
  const status = receiptStatusOf(event)
  if (status === undefined) return undefined
  const { id, callbackData, flowId, raw } = event
  const keys = [id, ...(callbackData ? [callbackData] : []), ...(flowId ? [flowKey(flowId)] : [])]
  return { provider, keys, status, at, raw }
}

/** What a callback says of its attempt; undefined when it settles nothing, or when it is one channel of a chain that TWIN goes on with. */
function receiptStatusOf({ status, callbackData }: TwinCallback): ReceiptStatus | undefined {
  const delegated = isDelegated(callbackData)
  switch (status) {
    case 'sent':
    case 'delivered':
    case 'read':
      return status
    case 'undelivered':
    case 'error':
      return delegated ? undefined : 'failed'
    case 'expired':
      return delegated ? undefined : 'expired'
    case 'pending':
    case 'delayed':
    case 'paused':
    case 'unknown':
      return undefined
  }
}
