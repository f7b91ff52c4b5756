import { RequestError } from '../contract/errors.ts'
import type { Receipt } from '../contract/receipt.ts'

// Loaded with the first receipt.

const statuses = ['sent', 'delivered', 'read', 'clicked', 'failed', 'expired']

/** Throws a `RequestError` for what is no receipt: apps make their own, and types do not hold at run time. */
export function checkReceipt(receipt: Receipt): void {
  const { provider, keys, status, at }: Partial<Receipt> = receipt ?? {}
  const faults = [
    typeof provider === 'string' ? '' : 'provider is no name',
    Array.isArray(keys) && keys.every((key) => typeof key === 'string') ? '' : 'keys is no array of texts',
    statuses.includes(String(status)) ? '' : `status is none of ${statuses.join(', ')}`,
    Number.isFinite(at) ? '' : 'at is no moment in Unix milliseconds',
  ].filter((fault) => fault !== '')
  if (faults.length > 0) throw new RequestError('ingest', [{ path: 'receipt', message: faults.join(', ') }])
}
