import type { DatabaseSync } from 'node:sqlite'
import type { Receipt } from '../../contract/receipt.ts'
import { toColumn, toReceipt } from './text.ts'

/** The statements that read and write parked receipts. `text` is the receipt's JSON: the same is kept once. */
export interface Parked {
  park(receipt: Receipt, text: string, now: number, expiresAt: number): void
  find(provider: string, keys: readonly string[], now: number): Receipt[]
  drop(receipt: Receipt, text: string): void
  prune(now: number, limit: number): number
}

/** Prepares the statements on parked receipts. */
export function createParked(db: DatabaseSync): Parked {
  // One that has expired and was not pruned yet is parked anew.
  const park = db.prepare(
    `insert into parked_receipts (expires_at, receipt) values (?, ?)
     on conflict (receipt) do update set expires_at = excluded.expires_at where expires_at <= ? returning seq`,
  )
  const addKey = db.prepare('insert or ignore into parked_keys values (?, ?, ?)')
  const find = db.prepare(
    `select seq, expires_at as expiresAt, parked_receipts.receipt as text
     from parked_keys join parked_receipts on seq = parked_keys.receipt
     where provider = ? and key = ? and expires_at > ?`,
  )
  const drop = db.prepare('delete from parked_receipts where receipt = ? returning seq')
  const dropKey = db.prepare('delete from parked_keys where provider = ? and key = ? and receipt = ?')
  const dropKeys = db.prepare('delete from parked_keys where receipt = ?')
  const expired = db.prepare('select receipt from parked_receipts where expires_at <= ? order by expires_at limit ?')

  /** Only where the receipt is damaged is the whole table of keys looked through. */
  function forget(receipt: Pick<Receipt, 'provider' | 'keys'> | undefined, text: string): void {
    const row = drop.get(text)
    if (row === undefined) return
    const seq = Number(row.seq)
    if (receipt === undefined) dropKeys.run(seq)
    else for (const key of receipt.keys) dropKey.run(toColumn(receipt.provider), toColumn(key), seq)
  }

  return {
    park({ provider, keys }, text, now, expiresAt) {
      const row = park.get(expiresAt, text, now)
      if (row !== undefined) for (const key of keys) addKey.run(toColumn(provider), toColumn(key), Number(row.seq))
    },
    find(provider, keys, now) {
      const column = toColumn(provider)
      const rows = keys.flatMap((key) => find.all(column, toColumn(key), now))
      if (rows.length === 0) return []
      return [...new Map(rows.map((row) => [Number(row.seq), row])).values()]
        .sort((a, b) => Number(a.expiresAt) - Number(b.expiresAt) || Number(a.seq) - Number(b.seq))
        .map(({ text }) => toReceipt(text))
    },
    drop: forget,
    prune(now, limit) {
      const texts = expired.all(now, limit).map(({ receipt }) => String(receipt))
      for (const text of texts) forget(ownerOf(text), text)
      return texts.length
    },
  }
}

/** The keys by which a parked receipt is found; undefined if it is damaged: its row must not keep the others from being forgotten. */
function ownerOf(text: string): Pick<Receipt, 'provider' | 'keys'> | undefined {
  try {
    const { provider, keys }: Partial<Receipt> = toReceipt(text)
    return typeof provider === 'string' && Array.isArray(keys) ? { provider, keys } : undefined
  } catch {
    return undefined
  }
}
