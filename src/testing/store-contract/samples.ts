import type { Receipt } from '../../contract/receipt.ts'
import type { AttemptRecord, NotificationRecord, StepRecord } from '../../contract/record.ts'

/** When the samples' story begins: far ahead, so that an engine which lets things expire by its own clock keeps them. */
export const start = 4_000_000_000_000

/** What a sample record differs in. */
export interface SampleOptions extends Partial<NotificationRecord> {
  /** Keys of the first step's only attempt. */
  readonly keys?: readonly string[]
  readonly provider?: string
  /** The first step's attempts, in place of the only one. */
  readonly attempts?: readonly AttemptRecord[]
}

/** A record as the notifier makes it: an SMS that waits for its receipt, with an e-mail after it. Frozen, so that changing it throws. */
export function sampleRecord(
  id: string,
  { keys = [], provider = 'twin', attempts, ...more }: SampleOptions = {},
): NotificationRecord {
  const own = attempts ?? [sampleAttempt(id, { keys, provider })]
  return frozen({
    id,
    version: 0,
    createdAt: start,
    to: { phone: '+420777123456', email: 'ada@example.org', locale: 'cs-CZ', timeZone: 'Europe/Prague' },
    message: { template: { id: 'order-shipped', version: '3' }, variables: { name: 'Ada', items: ['tea', 'cup'], total: 12.5 } },
    sendAt: start,
    expiresAt: null,
    timeZone: 'Europe/Prague',
    retry: { attempts: 3, baseDelay: 1000, maxDelay: 30_000 },
    metadata: { order: 17 },
    idempotencyKey: null,
    fingerprint: null,
    steps: [sampleStep({ state: 'awaiting', dueAt: start + 120_000, attempts: own }), sampleStep({ channel: 'email' })],
    cancelRequestedAt: null,
    settledAt: null,
    outcome: null,
    dueAt: start + 120_000,
    timeline: [
      { type: 'notification.created', at: start, sendAt: start },
      { type: 'attempt.started', at: start, step: 0, channel: 'sms', attempt: 0, provider },
    ],
    ...more,
  })
}

/** One attempt through `provider`, accepted. */
export function sampleAttempt(id: string, more: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    provider: 'twin',
    receipts: 'full',
    idempotent: false,
    cancellable: false,
    to: '+420777123456',
    idempotencyKey: `${id}.0.0`,
    state: 'accepted',
    startedAt: start,
    endedAt: start + 80,
    messageId: more.keys?.[0] ?? null,
    keys: [],
    status: 'accepted',
    assumed: false,
    receiptFailure: null,
    failure: null,
    cost: { amount: '0.0412', currency: 'EUR', reported: false },
    ...more,
  }
}

/** The record a version later. */
export function next(record: NotificationRecord, { keys, provider, attempts, ...more }: SampleOptions = {}): NotificationRecord {
  const given = attempts ?? (keys && [sampleAttempt(record.id, { keys, ...(provider !== undefined && { provider }) })])
  const steps = record.steps.map((step, index) => (index === 0 && given ? { ...step, attempts: given } : step))
  return frozen({ ...record, version: record.version + 1, steps, ...more })
}

/** The record a version later, settled and waiting for nothing. */
export function settled(record: NotificationRecord, settledAt: number): NotificationRecord {
  const steps = record.steps.map((step) => ({ ...step, state: 'succeeded', dueAt: null, endedAt: settledAt }) as const)
  return next(record, {
    settledAt,
    dueAt: null,
    steps,
    outcome: {
      status: 'delivered',
      by: 'sms',
      step: 0,
      assumed: false,
      duplicateDelivery: false,
      failedRequired: [],
      reason: null,
      steps: [],
    },
  })
}

/** A delivery receipt under these keys. */
export function sampleReceipt(keys: readonly string[], more: Partial<Receipt> = {}): Receipt {
  return frozen({ provider: 'twin', keys, status: 'delivered', at: start, ...more })
}

/** Texts that are easily mistaken for each other, mangled, or taken for something else. */
export const oddTexts: readonly string[] = [
  'a',
  'A',
  'a ',
  ' a',
  'aa',
  'a%',
  'a_',
  'a*',
  "a'b",
  'a"b',
  'a\\b',
  'a\\u0000b',
  'a:b',
  'a,b',
  '{a}',
  'a\nb',
  'a\tb',
  '1',
  '01',
  '1.0',
  '\u00e9',
  'e\u0301',
  '\u{1f44d}',
  '\u{1f44d}\u{1f3fd}',
  '__proto__',
  'constructor',
  'null',
  'x'.repeat(1000),
  `${'x'.repeat(1000)}y`,
]

/** Texts that have no UTF-8, or that engines end at or refuse. */
export const brokenTexts: readonly string[] = [
  'b',
  'b\u0000',
  'b\u0000c',
  '\u0000',
  '\ud800',
  '\ud801',
  '\udc00',
  'b\ud83d',
  '\ufffd',
]

function sampleStep(more: Partial<StepRecord>): StepRecord {
  return {
    channel: 'sms',
    delegated: null,
    through: null,
    required: false,
    until: 'delivered',
    within: 120_000,
    window: { from: '09:00', to: '21:00' },
    onUnknown: 'advance',
    state: 'pending',
    reason: null,
    dueAt: null,
    excluded: [],
    holds: 0,
    endedAt: null,
    attempts: [],
    ...more,
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(frozen)
  }
  return value
}
