import type { Receipt } from '../../contract/receipt.ts'
import type { NotificationStore } from '../../contract/store.ts'
import type { Keys } from './keys.ts'
import type { Run } from './pipeline.ts'
import { commandScript, dropParkedScript, findParkedScript, parkScript } from './scripts.ts'

/** The part of the store that keeps receipts. */
export interface ParkedReceipts extends Pick<NotificationStore, 'parkReceipt' | 'findParked' | 'dropParked'> {
  /** Forgets up to `limit` receipts that have expired by `now`; gives how many. */
  prune(now: number, limit: number): Promise<number>
}

// With each receipt that is parked a few that have expired go, so that they do not pile up where nobody prunes.
const expiredAtOnce = 10

/** Receipts that wait for their attempt. They expire by the times they are given, not by the server's clock. */
export function createParkedReceipts(run: Run, keys: Keys): ParkedReceipts {
  const keysOf = ({ provider, keys: own }: Pick<Receipt, 'provider' | 'keys'>) => [
    ...new Set(own.map((key) => keys.parkedUnder(provider, key))),
  ]

  async function drop(texts: readonly string[], latestExpiry: number): Promise<number> {
    const receipts = texts.map((text) => ({ text, keys: keysOf(parse(text) ?? nobodys) }))
    const values = receipts.flatMap(({ text, keys: own }) => [text, own.length])
    return Number(
      await run(dropParkedScript, [keys.parked, ...receipts.flatMap(({ keys: own }) => own)], latestExpiry, ...values),
    )
  }

  async function prune(now: number, limit: number): Promise<number> {
    const expired = (await run(commandScript, [keys.parked], 'ZRANGEBYSCORE', '-inf', now, 'LIMIT', 0, limit)) as string[]
    return expired.length > 0 ? drop(expired, now) : 0
  }

  return {
    prune,
    async parkReceipt(receipt, now, expiresAt) {
      const parked = run(parkScript, [keys.parked, keys.count, ...keysOf(receipt)], JSON.stringify(receipt), now, expiresAt)
      await Promise.all([parked, prune(now, expiredAtOnce)])
    },
    async findParked(provider, wanted, now) {
      if (wanted.length === 0) return []
      const found = (await run(findParkedScript, [
        keys.parked,
        ...wanted.map((key) => keys.parkedUnder(provider, key)),
      ])) as string[]
      const byText = new Map<string, { readonly expiresAt: number; readonly number: number }>()
      for (let at = 0; at < found.length; at += 3)
        byText.set(found[at]!, { expiresAt: Number(found[at + 1]), number: Number(found[at + 2]) })
      return [...byText]
        .filter(([, { expiresAt }]) => expiresAt > now)
        .sort(([, a], [, b]) => a.expiresAt - b.expiresAt || a.number - b.number)
        .flatMap(([text]) => parse(text) ?? [])
    },
    async dropParked(receipt) {
      await drop([JSON.stringify(receipt)], Number.MAX_VALUE)
    },
  }
}

const nobodys = { provider: '', keys: [] }

/** A receipt as it was parked; undefined if it is damaged, for then nobody can use it, and it must not keep the others from being forgotten. */
function parse(text: string): Receipt | undefined {
  try {
    const receipt: Partial<Receipt> | null = JSON.parse(text)
    return typeof receipt?.provider === 'string' && Array.isArray(receipt.keys) ? (receipt as Receipt) : undefined
  } catch {
    return undefined
  }
}
