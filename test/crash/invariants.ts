// What must hold after any number of crashes, judged from the vendor's log, what the app was told, and the final records.
import type { NotificationRecord, TimelineEntry } from 'omnicascade'
import { endOf, endsInDoubt, expected } from './expect.ts'
import { delivers, type Plan, type StepPlan } from './script.ts'
import type { Seen } from './vendor.ts'

/** What a run leaves behind. */
export interface Evidence {
  readonly plans: readonly Plan[]
  /** What `send` answered, by number: again and again where its answer was lost. */
  readonly sent: ReadonlyMap<number, readonly { readonly id: string; readonly created: boolean }[]>
  /** The vendor's log, in the order of arrival. */
  readonly seen: readonly Seen[]
  /** What `onSettled` was given, by id. */
  readonly told: ReadonlyMap<string, readonly { readonly version: number; readonly status: string | null }[]>
  readonly records: ReadonlyMap<string, NotificationRecord>
}

/** A run broke an invariant. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
}

interface Case {
  readonly plan: Plan
  readonly record: NotificationRecord
  readonly seen: readonly Seen[]
}

/** Throws a `BrokenInvariant` that names the first one that does not hold, and where. */
export function verify(evidence: Evidence): void {
  const { plans, sent, records, seen, told } = evidence
  const numbers = new Map<string, number>()
  for (const plan of plans) {
    const answers = sent.get(plan.number) ?? []
    const [first] = answers
    if (first === undefined) throw broken('every request is acknowledged in the end', plan)
    if (answers.some(({ id }) => id !== first.id))
      throw broken('a request that is sent again gives the same notification', plan, undefined, answers)
    if (answers.filter(({ created }) => created).length > 1)
      throw broken('a notification is created once', plan, undefined, answers)
    if (!records.has(first.id)) throw broken('no acknowledged notification is lost', plan, undefined, first)
    numbers.set(first.id, plan.number)
  }
  const requests = groupBy(seen, ({ id }) => id)
  for (const [id, [request]] of requests)
    if (numbers.get(id) !== request?.number)
      throw broken('nothing is sent for a notification that does not exist', undefined, undefined, request)
  for (const plan of plans) {
    const id = sent.get(plan.number)?.[0]?.id ?? ''
    const record = records.get(id)
    if (record === undefined) continue
    const known = { plan, record, seen: requests.get(id) ?? [] }
    for (const [name, holds] of invariants) if (!holds(known)) throw broken(name, plan, record, known.seen)
    const last = told.get(id)?.reduce((latest, next) => (next.version >= latest.version ? next : latest))
    if (last?.status !== record.outcome?.status) throw broken('the host hears of each outcome', plan, record, told.get(id))
  }
}

const invariants: readonly (readonly [string, (known: Case) => boolean])[] = [
  ['every notification settles', ({ record }) => record.settledAt !== null && record.outcome !== null && record.dueAt === null],
  ['no channel is sent twice, unless its vendor honours idempotency keys and saw the same key', isSentOnce],
  ['every request is one of an attempt on record', isOnRecord],
  ['the timeline tells each thing once', hasOneOfEach],
  // Always, whatever crashed: the script leaves no notification whose delivery hangs on a crash (see `planOf`).
  ['the status is that of a run without crashes', ({ plan, record }) => record.outcome?.status === expected(plan).status],
  ['channel and steps are those of a run without crashes', isAsExpected],
]

/** After a request, another one for the same step comes only if the vendor refused the first in so many words, or takes both for one. */
function isSentOnce({ plan, seen }: Case): boolean {
  return [...groupBy(seen, ({ step }) => step)].every(([index, requests]) => {
    const isSafe = plan.steps[index]?.kind === 'safe'
    return requests.every(({ verdict, key }, position) => {
      const previous = requests[position - 1]
      if (previous === undefined || previous.verdict === 'refused') return true
      return isSafe && key === previous.key && (verdict === 'repeated' || previous.verdict === 'dropped')
    })
  })
}

function isOnRecord({ record, seen }: Case): boolean {
  return record.steps.every(({ attempts }, index) => {
    const requests = seen.filter(({ step }) => step === index)
    return (
      attempts.length >= requests.length &&
      requests.every(({ key }) => attempts.some(({ idempotencyKey }) => idempotencyKey === key))
    )
  })
}

function hasOneOfEach({ record: { timeline, steps } }: Case): boolean {
  const count = (type: TimelineEntry['type']) => timeline.filter((entry) => entry.type === type).length
  const attempts = steps.reduce((sum, step) => sum + step.attempts.length, 0)
  return count('notification.created') === 1 && count('notification.settled') === 1 && count('attempt.started') === attempts
}

/**
 * Equality in every detail, unless a crash (or a process that stood still) left a send in doubt, which the record must say. Then what came before that
 * step is still equal, the step itself ends in one of the ways that the semantics allow, and what follows is what its own script says.
 */
function isAsExpected({ plan, record, seen }: Case): boolean {
  const { outcome, steps } = record
  const wanted = expected(plan)
  const doubts = plan.steps.map((step, index) => isInDoubt(step, index, record) || isUnheard(step, index, record))
  const equals = (index: number) =>
    steps[index]?.state === wanted.steps[index]?.state &&
    isReason(plan.steps[index], steps[index]?.reason, wanted.steps[index]?.reason)
  if (!doubts.includes(true))
    return (
      plan.steps.every((_, index) => equals(index)) &&
      // Of two channels that delivered, the order of their receipts decides which settled it first; a crash may change that order.
      (outcome?.by === wanted.by || (outcome?.duplicateDelivery === true && wanted.duplicateDelivery)) &&
      outcome.duplicateDelivery === wanted.duplicateDelivery &&
      outcome.failedRequired.join() === wanted.failedRequired.join()
    )
  const hasWinner = steps.some(({ state, required }) => state === 'succeeded' && !required)
  const firstDoubt = plan.steps.findIndex((step, index) => !step.required && doubts[index] === true)
  return plan.steps.every((step, index) => {
    const state = steps[index]?.state ?? ''
    const isOwnEnd = endOf(step).state === state || (step.behaviour === 'late' && state === 'succeeded')
    if (doubts[index] === true) {
      const taken = seen.some((request) => request.step === index && request.verdict === 'taken')
      // Beaten while it waited; but a delivery that its vendor reports under a key that is known counts all the same.
      const isReported = taken && delivers(step) && (step.kind === 'keyed' || step.kind === 'safe')
      return (
        (state === 'superseded' && hasWinner && !isReported) || (endsInDoubt(step, taken) as readonly string[]).includes(state)
      )
    }
    if (step.required) return equals(index)
    // Only a late delivery can beat what came before the doubt, and that is the same with it and without.
    if (firstDoubt === -1 || index < firstDoubt) return equals(index) || (isOwnEnd && step.behaviour !== 'late')
    return isOwnEnd || ((state === 'skipped' || state === 'superseded') && hasWinner)
  })
}

/** Whether the result of one of a step's sends was never seen, though the vendor's script does not say so. */
export function isInDoubt({ behaviour }: StepPlan, index: number, { timeline }: NotificationRecord): boolean {
  return timeline.some((entry) => {
    if (entry.type !== 'attempt.failed' || entry.step !== index || entry.failure.kind !== 'unknown') return false
    const { code } = entry.failure
    if (behaviour === 'hung') return code !== 'TIMEOUT'
    if (behaviour === 'lost-answer' || behaviour === 'lost-request') return code !== 'ECONNRESET'
    return true
  })
}

/**
 * What is parked under a key that a dying process never looked for is heard once the step's silence is over, or once another channel has beaten it. Only
 * where a second process dies in that very moment does it go unheard: then the beaten step and `duplicateDelivery` differ, and nothing else.
 */
export function isUnheard(step: StepPlan, index: number, { steps }: NotificationRecord): boolean {
  const { state, attempts = [] } = steps[index] ?? {}
  return (
    step.kind === 'plain' &&
    !endOf(step).waits &&
    state === 'superseded' &&
    attempts.some((attempt) => attempt.state === 'accepted')
  )
}

/** A circuit that is open is as good a reason as the refusal that opened it. */
function isReason(step: StepPlan | undefined, seen: string | null | undefined, wanted: string | null | undefined): boolean {
  return seen === wanted || (step?.kind === 'broken' && seen === 'no-provider')
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

function broken(name: string, plan: Plan | undefined, record?: NotificationRecord, ...rest: readonly unknown[]): BrokenInvariant {
  const lines = [
    `${name}: notification ${plan?.number}`,
    ...(plan?.steps ?? []).map(({ channel, kind, behaviour, required, onUnknown }, index) => {
      const { state, reason, attempts } = record?.steps[index] ?? {}
      const asked = `${channel} (${kind}, ${behaviour}, ${onUnknown}${required ? ', required' : ''})`
      return `  ${asked}: ${state} ${reason}; attempts ${attempts?.map((attempt) => `${attempt.state} ${attempt.status}`).join(', ')}`
    }),
    ...(record?.timeline ?? []).map((entry) => `    ${JSON.stringify(entry)}`),
    ...rest.map((value) => `  ${JSON.stringify(value)}`),
  ]
  return new BrokenInvariant(lines.join('\n'))
}
