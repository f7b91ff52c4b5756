import type { Receipt } from '../../contract/receipt.ts'
import type { NotificationRecord } from '../../contract/record.ts'
import { damaged } from './errors.ts'

// UTF-8 has no lone surrogates, and some versions of node:sqlite read no further than a NUL.
const improper = /[\0\p{Surrogate}]/u

/** An id or key as it is stored: text, or bytes where a text would not come back as it was. */
export type Column = string | Uint8Array

/** An id or key to be stored. Different ones stay different. */
export function toColumn(text: string): Column {
  return improper.test(text) ? new Uint8Array(Buffer.from(text, 'utf16le')) : text
}

/** The id that `toColumn` stored. */
export function fromColumn(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf16le') : String(value)
}

/** A record's JSON, read back. */
export function toRecord(text: unknown): NotificationRecord {
  return parse(text, 'a record') as NotificationRecord
}

/** A parked receipt's JSON, read back. */
export function toReceipt(text: unknown): Receipt {
  return parse(text, 'a parked receipt') as Receipt
}

function parse(text: unknown, what: string): object {
  try {
    const value: unknown = JSON.parse(String(text))
    if (typeof value === 'object' && value !== null) return value
  } catch {}
  throw damaged(what)
}
