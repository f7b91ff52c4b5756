import type { Effect, Input, ProviderFacts } from '../../../src/cascade/input.ts'
import type { Failure } from '../../../src/contract/failure.ts'
import type { DeliveryStatus, ReceiptStatus } from '../../../src/contract/receipt.ts'
import type { AttemptRecord, NotificationRecord } from '../../../src/contract/record.ts'
import { begin, type Pair, tellBoth } from './compare.ts'
import { all, type Cascade } from './facts.ts'

/** A cascade, the providers of each of its steps, and what may happen. */
export interface Setting {
  readonly cascade: Cascade
  readonly providers: readonly (readonly ProviderFacts[])[]
  readonly failures: readonly Failure[]
  readonly statuses: readonly ReceiptStatus[]
  readonly accepts: readonly DeliveryStatus[]
  /** What else preparing a step may lead to. */
  readonly answers: readonly ('held' | 'vetoed' | 'refused' | 'unavailable' | 'probed')[]
  /** How late wake-ups may be. */
  readonly lateness: readonly number[]
  /** Whether leases are renewed. */
  readonly renews: boolean
  /** Whether a process that calls nobody may take receipts, cancels and wake-ups as well. */
  readonly defers: boolean
}

const second = 1000
const lease = 40 * second

/** Everything that may happen next, stale, early and repeated things too. */
export function inputsFor(setting: Setting, { record, asked, inputs }: Pair): Input[] {
  const now = inputs.at(-1)?.at ?? record.createdAt
  const later = now + second
  const begun = asked.filter((effect) => effect.type === 'begin')
  const latest = begun.filter(
    (one, index) => !begun.slice(index + 1).some((other) => other.step === one.step && other.attempt === one.attempt),
  )
  const anyone: Input[] = [
    { type: 'woke', at: now },
    ...(record.dueAt === null
      ? []
      : setting.lateness.map((late) => ({ type: 'woke' as const, at: Math.max(now, record.dueAt! + late) }))),
    { type: 'cancelRequested', at: now },
    ...attemptsOf(record).flatMap(({ step, attempt }) =>
      setting.statuses.map(
        (status): Input => ({ type: 'receipt', at: now, step, attempt, receipt: { status, at: now - 7, raw: `raw ${status}` } }),
      ),
    ),
  ]
  return [
    ...anyone,
    ...(setting.defers ? anyone.map((input) => ({ ...input, defers: true })) : []),
    ...latest.flatMap((effect) => answersTo(setting, record, effect, now)),
    // Preparing may last until an hour that matters.
    ...(hasHours(record) ? latest.flatMap((effect) => answersTo(setting, record, effect, Math.max(now, record.dueAt ?? 0))) : []),
    ...attemptsOf(record).flatMap(({ step, attempt, state }): Input[] => [
      ...setting.accepts.map((status): Input => {
        return {
          type: 'accepted',
          at: later,
          step,
          attempt,
          messageId: `m${step}.${attempt}`,
          keys: [`k${step}.${attempt}`, 'ours'],
          status,
        }
      }),
      // Of a call that has been answered, one repetition is as good as another.
      ...(state === 'sending' || state === 'unknown' ? setting.failures : setting.failures.slice(0, 1)).map((failure): Input => {
        return { type: 'rejected', at: later, step, attempt, failure, random: 0.5 }
      }),
      ...(setting.renews
        ? [now, now + lease + second].map((leaseUntil): Input => ({ type: 'renewed', at: now, step, attempt, leaseUntil }))
        : []),
    ]),
    ...asked.flatMap((effect): Input[] =>
      effect.type === 'cancelAtProvider' ? [{ type: 'recalled', at: now, step: effect.step, attempt: effect.attempt }] : [],
    ),
  ]
}

const hasHours = ({ expiresAt, sendAt, createdAt, steps }: NotificationRecord) =>
  expiresAt !== null || sendAt > createdAt || steps.some(({ window }) => window !== null)

function attemptsOf(record: NotificationRecord): (AttemptRecord & { step: number; attempt: number })[] {
  return record.steps.flatMap(({ attempts }, step) => attempts.map((one, attempt) => ({ ...one, step, attempt })))
}

function answersTo(setting: Setting, record: NotificationRecord, effect: Effect & { type: 'begin' }, at: number): Input[] {
  const { step, attempt, prefer, only } = effect
  const { state, excluded, attempts } = record.steps[step]!
  const providers = setting.providers[step]!.filter(({ name }) => !excluded.includes(name) && (!only || name === prefer))
  const started = providers.map((provider): Input => {
    return {
      type: 'started',
      at,
      step,
      attempt,
      provider,
      to: `address ${step}`,
      keys: [`k${step}.${attempt}`],
      leaseUntil: at + lease,
    }
  })
  const others: Record<Setting['answers'][number], Input> = {
    held: { type: 'held', at, step, attempt, until: at + 30 * second, reason: 'rate' },
    vetoed: { type: 'vetoed', at, step, attempt, reason: 'no', failure: null },
    refused: { type: 'vetoed', at, step, attempt, reason: 'content', failure: { kind: 'content', message: 'too long' } },
    unavailable: { type: 'unavailable', at, step, attempt, until: null },
    probed: { type: 'unavailable', at, step, attempt, until: at + 20 * second },
  }
  const none: Input[] = providers.length === 0 ? [others.unavailable] : []
  const all = [...started, ...setting.answers.map((answer) => others[answer]), ...none]
  // A stale answer is one like another.
  return state === 'ready' && attempts.length === attempt ? all : all.slice(0, 2)
}

/** How much was compared. */
export interface Count {
  cascades: number
  /** Cascades whose states were all visited. */
  exhausted: number
  states: number
  transitions: number
}

/** Takes every way through a cascade, until all its states or `most` of them were visited, and compares machine and model after each input. */
export function explore(setting: Setting, most: number, count: Count): void {
  const seen = new Set<string>()
  let edge = [begin(setting.cascade)]
  while (edge.length > 0 && seen.size < most) {
    const further: Pair[] = []
    for (const pair of edge) {
      for (const input of inputsFor(setting, pair)) {
        const next = tellBoth(pair, input)
        count.transitions++
        if (next.record === pair.record) continue
        const key = keyOf(next)
        if (!seen.has(key) && !goesInCircles(next)) further.push(next)
        seen.add(key)
      }
    }
    edge = further
  }
  count.cascades++
  count.states += seen.size
  if (edge.length === 0) count.exhausted++
}

/** A step can be begun again, and held, for ever: two times are enough. */
function goesInCircles({ asked, inputs }: Pair): boolean {
  const begun = asked.filter(({ type }) => type === 'begin').map((effect) => JSON.stringify(effect))
  const isThird = begun.some((one, index) => begun.indexOf(one) < index && begun.lastIndexOf(one) > index)
  return isThird || inputs.filter(({ type }) => type === 'held').length > 1
}

/**
 * All that can matter to what happens next, and what effects have asked for so far. When something happened does not, nor how late it is,
 * unless the cascade has an hour of its own.
 */
function keyOf({ record, asked, story, inputs }: Pair): string {
  const { version, timeline, steps, dueAt, settledAt, cancelRequestedAt, ...rest } = record
  const now = hasHours(record) ? 0 : inputs.at(-1)!.at
  const untimed = steps.map(({ endedAt, attempts, ...step }) => ({
    ...step,
    dueAt: step.dueAt && step.dueAt - now,
    attempts: attempts.map(({ startedAt, endedAt, ...attempt }) => attempt),
  }))
  const known = [
    rest,
    untimed,
    dueAt && dueAt - now,
    settledAt === null,
    cancelRequestedAt === null,
    hasHours(record) && inputs.at(-1)!.at,
  ]
  const recalls = all(story, 'recall asked').map(({ step, attempt }) => `${step}.${attempt}`)
  const begun = asked.flatMap((effect) => (effect.type === 'begin' ? [`${effect.step}.${effect.attempt}`] : []))
  return JSON.stringify([known, [...new Set(recalls)].sort(), begun.sort()])
}
