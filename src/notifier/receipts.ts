import { hasFailed, rankOf } from '../cascade/status.ts'
import type { IngestReport, Receipt } from '../contract/receipt.ts'
import type { AttemptRecord, NotificationRecord } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'
import { createDeliveryTimes, type DeliveryTimes } from './delivery-times.ts'
import type { Engine } from './engine.ts'
import type { Events } from './events.ts'

// Loaded when the first receipt comes.

/** Brings receipts to their attempts. */
export interface Receipts {
  ingest(receipts: Iterable<Receipt> | AsyncIterable<Receipt>): Promise<IngestReport>
  deliveryTimes(provider: string): DeliveryTimes | null
  /** Applies what was parked under keys that an attempt of `provider` now carries. */
  applyParked(waiting: readonly Receipt[], provider: string, keys: readonly string[]): Promise<void>
}

/** What finding an attempt for a receipt needs. */
export interface ReceiptsContext {
  readonly store: NotificationStore
  readonly events: Events
  readonly clock: Clock
  /** How long a receipt whose key nobody knows yet is kept, in milliseconds. */
  readonly parkFor: number
}

type Fate = keyof IngestReport

interface Candidate {
  readonly record: NotificationRecord
  readonly step: number
  readonly attempt: number
}

// More attempts under one key than this cannot be told apart anyway.
const candidateLimit = 20

/** The way from a receipt to its attempt: by any of its keys, never by a guess. */
export function createReceipts(engine: Pick<Engine, 'apply'>, { store, events, clock, parkFor }: ReceiptsContext): Receipts {
  const times = createDeliveryTimes()

  async function find(receipt: Receipt): Promise<readonly Candidate[]> {
    for (const key of receipt.keys) {
      const records = await store.findByKey(receipt.provider, key, candidateLimit)
      const found = latestOfEachStep(records.flatMap((record) => candidatesIn(record, receipt, key)))
      if (found.length > 0) return receipt.match === 'newest' && found.length > 1 ? found.filter(isUnsettled).slice(0, 1) : found
    }
    return []
  }

  async function apply({ record, step, attempt }: Candidate, receipt: Receipt): Promise<Fate> {
    const { before, after } = await engine.apply(record, { type: 'receipt', step, attempt, receipt: essence(receipt) })
    if (before === after) return 'duplicate'
    times.note(before, after, receipt.at)
    return 'applied'
  }

  async function ingestOne(receipt: Receipt): Promise<Fate> {
    let found = await find(receipt)
    if (found.length === 0) {
      const now = clock.now()
      await store.parkReceipt(receipt, now, now + parkFor)
      // The key may have become known between the look and the parking; then nobody else would look again.
      found = await find(receipt)
      if (found.length === 0) {
        events.operator('receipt.parked', { receipt })
        return 'parked'
      }
    }
    if (found.length === 1) return apply(found[0]!, receipt)
    events.operator('receipt.unmatched', { receipt, candidates: found.length })
    return 'unmatched'
  }

  return {
    deliveryTimes: times.of,
    async ingest(receipts) {
      const report: Record<Fate, number> = { applied: 0, duplicate: 0, parked: 0, unmatched: 0 }
      for await (const receipt of receipts) report[await ingestOne(receipt)]++
      return report
    },
    async applyParked(waiting, provider, keys) {
      let dealtWith = true
      for (const receipt of waiting) {
        const found = await find(receipt)
        if (found.length === 1) await apply(found[0]!, receipt)
        else if (found.length > 1) events.operator('receipt.unmatched', { receipt, candidates: found.length })
        else dealtWith = false
      }
      // A receipt that is near another attempt, not known yet, goes on waiting for it; to apply the others again does no harm.
      if (dealtWith) await store.dropParked(provider, keys)
    },
  }
}

/** What the record keeps of a receipt. */
function essence({ status, at, raw, reason, link }: Receipt) {
  return {
    status,
    at,
    ...(raw !== undefined && { raw }),
    ...(reason !== undefined && { reason }),
    ...(link !== undefined && { link }),
  }
}

function candidatesIn(record: NotificationRecord, receipt: Receipt, key: string): Candidate[] {
  return record.steps.flatMap(({ attempts }, step) =>
    attempts.flatMap((attempt, index) => (isMeant(attempt, receipt, key) ? [{ record, step, attempt: index }] : [])),
  )
}

function isMeant(attempt: AttemptRecord, { provider, near }: Receipt, key: string): boolean {
  if (attempt.provider !== provider || !attempt.keys.includes(key)) return false
  return near === undefined || Math.abs(attempt.startedAt - near.at) <= near.tolerance
}

/** A send that was repeated under its idempotency key is one message to the vendor: its last attempt stands for it. The newest first. */
function latestOfEachStep(candidates: readonly Candidate[]): Candidate[] {
  const byStep = new Map(candidates.map((candidate) => [`${candidate.record.id}.${candidate.step}`, candidate]))
  return [...byStep.values()].sort((a, b) => startedAt(b) - startedAt(a))
}

function startedAt({ record, step, attempt }: Candidate): number {
  return record.steps[step]!.attempts[attempt]!.startedAt
}

function isUnsettled({ record, step, attempt: index }: Candidate): boolean {
  const attempt = record.steps[step]!.attempts[index]!
  return rankOf(attempt.status) < rankOf('delivered') && !hasFailed(attempt)
}
