import { mayArrive, rankOf } from '../cascade/status.ts'
import { RequestError } from '../contract/errors.ts'
import { priceFrom } from '../contract/price.ts'
import type { IngestReport, Receipt } from '../contract/receipt.ts'
import type { AttemptRecord, NotificationRecord } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'
import { abreast } from './abreast.ts'
import { keysFrom } from './call.ts'
import { checkReceipt } from './check-receipt.ts'
import { createDeliveryTimes, type DeliveryTimes } from './delivery-times.ts'
import type { Engine } from './engine.ts'
import type { Events } from './events.ts'

// Loaded when the first receipt comes.

/** Brings receipts to their attempts. */
export interface Receipts {
  ingest(receipts: Iterable<Receipt> | AsyncIterable<Receipt>): Promise<IngestReport>
  deliveryTimes(provider: string): DeliveryTimes | null
  /** Applies what was parked under keys that an attempt now carries. */
  applyParked(waiting: readonly Receipt[]): Promise<void>
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
// Receipts of one webhook or stream that are in hand together: a store on a disk, or across a network, takes many in the time of one.
const atATime = 64

/** The way from a receipt to its attempt: by any of its keys, never by a guess. */
export function createReceipts(
  engine: Pick<Engine, 'apply' | 'watch'>,
  { store, events, clock, parkFor }: ReceiptsContext,
): Receipts {
  const times = createDeliveryTimes()

  /** The attempts that carry one of a receipt's keys, by the most specific key that any carries. */
  async function find(receipt: Receipt): Promise<{ readonly found: readonly Candidate[]; readonly exact: boolean }> {
    for (const [index, key] of receipt.keys.entries()) {
      const records = await store.findByKey(receipt.provider, key, candidateLimit)
      const found = oneOfEachStep(records.flatMap((record) => candidatesIn(record, receipt, key)))
      if (found.length > 0) return { found, exact: index === 0 }
    }
    return { found: [], exact: false }
  }

  /** Applies a receipt to the one of its candidates that is meant, if it can be told; undefined if there is none yet. */
  async function settle(receipt: Receipt): Promise<Fate | undefined> {
    const { found, exact } = await find(receipt)
    if (found.length === 0) return undefined
    const newest = receipt.match === 'newest' && found.length > 1
    if (newest && found.some((candidate) => hasHeard(candidate, receipt))) return 'duplicate'
    const [meant, ...others] = newest ? found.filter(isUnsettled).slice(0, 1) : found
    if (meant !== undefined && others.length === 0) return apply(meant, receipt)
    // One of them may be about to learn the id that tells them apart.
    if (!exact && receipt.keys.length > 1) await park({ ...receipt, keys: receipt.keys.slice(0, 1) })
    events.operator('receipt.unmatched', { receipt, candidates: found.length })
    return 'unmatched'
  }

  async function apply({ record, step, attempt }: Candidate, receipt: Receipt): Promise<Fate> {
    const { before, after } = await engine.apply(record, { type: 'receipt', step, attempt, receipt: essence(receipt) })
    if (before === after) return 'duplicate'
    times.note(before, after, receipt.at)
    return 'applied'
  }

  async function settleParked(receipt: Receipt): Promise<Fate | undefined> {
    const fate = await settle(receipt)
    // One that is near another attempt, not known yet, goes on waiting for it.
    if (fate !== undefined) await store.dropParked(receipt)
    return fate
  }

  async function park(receipt: Receipt): Promise<void> {
    const now = clock.now()
    await store.parkReceipt(receipt, now, now + parkFor)
  }

  /** Whether no attempt that is still to come, or whose keys are, can be near it: an export is full of others' messages. */
  function isTooOld({ near }: Receipt): boolean {
    return near !== undefined && near.at + near.tolerance + parkFor < clock.now()
  }

  async function ingestOne(receipt: Receipt): Promise<Fate> {
    const known = await settle(receipt)
    if (known !== undefined) return known
    if (isTooOld(receipt)) {
      events.operator('receipt.unmatched', { receipt, candidates: 0 })
      return 'unmatched'
    }
    await park(receipt)
    // The key may have become known between the look and the parking; then nobody else would look again.
    const fate = await settleParked(receipt)
    if (fate !== undefined) return fate
    events.operator('receipt.parked', { receipt })
    return 'parked'
  }

  return {
    deliveryTimes: times.of,
    async ingest(receipts) {
      const report: Record<Fate, number> = { applied: 0, duplicate: 0, parked: 0, unmatched: 0 }
      if (typeof receipts !== 'object' || receipts === null || !(Symbol.iterator in receipts || Symbol.asyncIterator in receipts))
        throw new RequestError('ingest', [{ path: 'receipts', message: 'is no array, and nothing to iterate over' }])
      let refused: { readonly error: unknown } | undefined
      await abreast(receipts, {
        most: atATime,
        // What is said of one message is heard in its order.
        keys: (receipt) => keysFrom(receipt?.keys).map((key) => `${receipt.provider}\n${key}`),
        // Each by itself: a stream of receipts may never end, and must not hold up who closes the notifier.
        work: async (receipt) => {
          try {
            checkReceipt(receipt)
          } catch (error) {
            // It must not take the others with it.
            refused ??= { error }
            return
          }
          report[await engine.watch(ingestOne(receipt))]++
        },
      })
      if (refused !== undefined) throw refused.error
      return report
    },
    async applyParked(waiting) {
      for (const receipt of waiting) await settleParked(receipt)
    },
  }
}

/** A vendor's words as records and pictures show them: short, and without the mailboxes and phone numbers that mail servers and gateways like to name. */
function harmless(words: string): string {
  const [start, isCut] = [words.slice(0, 200), words.length > 200]
  const clean = start.replace(/[^\s"'<>()[\]:,;@]{0,64}@[^\s"'<>()[\],;]*/g, '[address]').replace(/\+?\d{9,}/g, '[number]')
  return isCut ? `${clean}…` : clean
}

/** What the record keeps of a receipt. */
function essence({ status, at, raw, reason, link, cost: given }: Receipt) {
  const cost = priceFrom(given)
  return {
    status,
    at,
    ...(raw !== undefined && { raw: harmless(raw) }),
    ...(reason !== undefined && { reason: harmless(reason) }),
    ...(link !== undefined && { link }),
    ...(cost !== undefined && { cost }),
  }
}

function candidatesIn(record: NotificationRecord, receipt: Receipt, key: string): Candidate[] {
  return record.steps.flatMap(({ attempts }, step) =>
    attempts.flatMap((attempt, index) => (isMeant(attempt, receipt, key) ? [{ record, step, attempt: index }] : [])),
  )
}

function isMeant(attempt: AttemptRecord, { provider, messageId, near }: Receipt, key: string): boolean {
  if (attempt.provider !== provider || !attempt.keys.includes(key)) return false
  if (messageId !== undefined && attempt.messageId !== null && attempt.messageId !== messageId) return false
  return near === undefined || Math.abs(attempt.startedAt - near.at) <= near.tolerance
}

/** A send that was repeated under its key is one message to the vendor: its last attempt that was not refused stands for it. The newest first. */
function oneOfEachStep(candidates: readonly Candidate[]): Candidate[] {
  const byRefusal = candidates.toSorted((a, b) => Number(isRefused(b)) - Number(isRefused(a)))
  const byStep = new Map(byRefusal.map((candidate) => [`${candidate.record.id}.${candidate.step}`, candidate]))
  return [...byStep.values()].sort((a, b) => attemptOf(b).startedAt - attemptOf(a).startedAt)
}

function attemptOf({ record, step, attempt }: Candidate): AttemptRecord {
  return record.steps[step]!.attempts[attempt]!
}

function isRefused(candidate: Candidate): boolean {
  return attemptOf(candidate).state === 'failed'
}

function isUnsettled(candidate: Candidate): boolean {
  const attempt = attemptOf(candidate)
  return mayArrive(attempt) && rankOf(attempt.status) < rankOf('delivered')
}

/** Whether the attempt has had this very receipt before. */
function hasHeard({ record, step, attempt }: Candidate, { status, at }: Receipt): boolean {
  return record.timeline.some(
    (entry) =>
      entry.type === 'attempt.receipt' &&
      entry.step === step &&
      entry.attempt === attempt &&
      entry.status === status &&
      entry.occurredAt === at,
  )
}
