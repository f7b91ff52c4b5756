import type { Input, ProviderFacts } from '../../../src/cascade/input.ts'
import type { Address } from '../../../src/contract/channel.ts'
import type { CancelAnswer } from '../../../src/contract/events.ts'
import type { Failure } from '../../../src/contract/failure.ts'
import type { DeliveryStatus, ReceiptStatus } from '../../../src/contract/receipt.ts'
import type { NotificationRecord, Outcome, StepReason, StepRecord, StepState } from '../../../src/contract/record.ts'

/** What is asked for: a record's unchanging half. */
export interface Cascade extends Pick<NotificationRecord, 'id' | 'createdAt' | 'sendAt' | 'expiresAt' | 'retry'> {
  readonly steps: readonly (Pick<StepRecord, 'channel' | 'required' | 'until' | 'within' | 'window' | 'onUnknown'> & {
    /** Why it could not apply from the start. */
    readonly absent: StepReason | null
  })[]
}

/** Why a step waits: each wait ends the one before. */
export type Wait =
  | { readonly for: 'preparation'; readonly prefer: string | null; readonly only: boolean }
  | { readonly for: 'a start' | 'retry' | 'answer' | 'receipt' }
  | { readonly for: 'window' | 'template' | 'hook' | 'rate' | 'host' | 'no-provider' }

interface OfStep {
  readonly step: number
}
interface OfAttempt extends OfStep {
  readonly attempt: number
}

/** What can become so. */
interface Facts {
  begun: object
  waits: OfStep & { readonly until: number; readonly wait: Wait }
  called: OfAttempt & { readonly provider: ProviderFacts; readonly to: Address | null; readonly keys: readonly string[] }
  accepted: OfAttempt & { readonly status: DeliveryStatus; readonly messageId: string | null; readonly keys: readonly string[] }
  refused: OfAttempt & { readonly failure: Failure; readonly retryAt: number | null }
  reported: OfAttempt & { readonly receipt: InputOf<'receipt'>['receipt']; readonly contradicts: boolean }
  assumed: OfAttempt
  'recall asked': OfAttempt
  recalled: OfAttempt
  'given up': OfStep & { readonly provider: string }
  ended: OfStep & {
    readonly as: StepState
    readonly reason: StepReason | null
    readonly failure: Failure | null
    readonly late: boolean
  }
  cancel: { readonly answer: CancelAnswer }
  'delivered twice': { readonly steps: readonly number[] }
  settled: { readonly outcome: Outcome }
  corrected: { readonly outcome: Outcome }
}

export type FactOf<K extends keyof Facts> = { readonly fact: K; readonly at: number } & Facts[K]

/** Something that has become so. The model keeps nothing but these, in the order they came, and reads all else from them. */
export type Fact = { [K in keyof Facts]: FactOf<K> }[keyof Facts]

export type InputOf<K extends Input['type']> = Extract<Input, { readonly type: K }>

/** A cascade and all that has happened to it. */
export interface Story {
  readonly cascade: Cascade
  readonly facts: readonly Fact[]
}

/** All facts of a kind, of one step or attempt where these are named. */
export function all<K extends keyof Facts>({ facts }: Story, kind: K, step?: number, attempt?: number): FactOf<K>[] {
  const ofKind = kindsOf(facts).get(kind) ?? []
  const found = ofKind.filter(
    (fact) =>
      (step === undefined || ('step' in fact && fact.step === step)) &&
      (attempt === undefined || ('attempt' in fact && fact.attempt === attempt)),
  )
  return found as FactOf<K>[]
}

/** Facts are looked through so often that sorting them by kind is worth remembering. */
const sorted = new WeakMap<readonly Fact[], Map<string, Fact[]>>()

function kindsOf(facts: readonly Fact[]): Map<string, Fact[]> {
  const kinds = sorted.get(facts) ?? new Map<string, Fact[]>()
  if (sorted.has(facts)) return kinds
  for (const fact of facts) kinds.set(fact.fact, [...(kinds.get(fact.fact) ?? []), fact])
  sorted.set(facts, kinds)
  return kinds
}

export const has = (story: Story, kind: Fact['fact'], step?: number, attempt?: number) =>
  all(story, kind, step, attempt).length > 0

const ladder: readonly (DeliveryStatus | ReceiptStatus | null)[] = [null, 'accepted', 'sent', 'delivered', 'read', 'clicked']

/** Whether `one` is at least as far as `other`; failures are nowhere. */
export const asFar = (one: DeliveryStatus | ReceiptStatus | null, other: DeliveryStatus | ReceiptStatus | null) =>
  ladder.indexOf(one) >= ladder.indexOf(other)

/** The furthest that anyone has said the attempt came. */
export function confirmed(story: Story, step: number, attempt: number): DeliveryStatus | null {
  const said = [
    ...all(story, 'accepted', step, attempt).map(({ status }) => status),
    ...all(story, 'reported', step, attempt).map(({ receipt }) => receipt.status),
  ]
  return (ladder.findLast((status) => status !== null && said.includes(status)) as DeliveryStatus | undefined) ?? null
}

/** The furthest it came for all we know: silence can stand for `delivered`. */
export function status(story: Story, step: number, attempt: number): DeliveryStatus | null {
  const said = confirmed(story, step, attempt)
  return has(story, 'assumed', step, attempt) && !asFar(said, 'delivered') ? 'delivered' : said
}

/** What a receipt has said went wrong, whatever else was said, in whatever order. */
export function reportedFailure(story: Story, step: number, attempt: number): 'failed' | 'expired' | null {
  const said = all(story, 'reported', step, attempt).map(({ receipt }) => receipt.status)
  return (['failed', 'expired'] as const).find((failure) => said.includes(failure)) ?? null
}

/** What became of the call itself. A message that was reported on, or counts as delivered, was not refused. */
export function callState(
  story: Story,
  step: number,
  attempt: number,
): 'sending' | 'accepted' | 'failed' | 'unknown' | 'recalled' {
  if (has(story, 'recalled', step, attempt)) return 'recalled'
  if (has(story, 'accepted', step, attempt)) return 'accepted'
  const refusals = all(story, 'refused', step, attempt)
  if (refusals.length === 0) return 'sending'
  const nobodyKnows = refusals.every(({ failure }) => failure.kind === 'unknown')
  return nobodyKnows || status(story, step, attempt) !== null ? 'unknown' : 'failed'
}

/** Whether the attempt has done what its step is there for. A vendor that reports nothing has when it accepts. */
export function reached(story: Story, { step, attempt, provider }: FactOf<'called'>): boolean {
  const { until } = story.cascade.steps[step]!
  if (provider.receipts === 'none' && has(story, 'assumed', step, attempt)) return true
  return asFar(status(story, step, attempt), provider.receipts === 'none' ? 'accepted' : until)
}

/** Whether it went out, or may have, and nobody says that it did not arrive. */
export function isOut(story: Story, step: number, attempt: number): boolean {
  if (['failed', 'recalled'].includes(callState(story, step, attempt))) return false
  return reportedFailure(story, step, attempt) === null || asFar(status(story, step, attempt), 'delivered')
}

export const attempts = (story: Story, step: number) => all(story, 'called', step)

/** The attempt of which nobody knows whether it was sent. */
export const inDoubt = (story: Story, step: number) =>
  attempts(story, step).findLast(({ attempt }) => callState(story, step, attempt) === 'unknown')

/** The attempt on which the step hangs: the latest that was accepted, or else the latest that was not refused. */
export function standing(story: Story, step: number): FactOf<'called'> | undefined {
  const stateIs = (state: string) => attempts(story, step).findLast(({ attempt }) => callState(story, step, attempt) === state)
  return stateIs('accepted') ?? attempts(story, step).findLast(({ attempt }) => callState(story, step, attempt) !== 'failed')
}

export const ending = (story: Story, step: number) => all(story, 'ended', step).at(-1)

/** What a step waits for, since its turn came and until it ends. */
export const waitOf = (story: Story, step: number) => (ending(story, step) ? undefined : all(story, 'waits', step).at(-1))

export function stateOf(story: Story, step: number): StepState {
  const ended = ending(story, step)
  if (ended) return ended.as
  const wait = waitOf(story, step)?.wait.for
  if (wait === undefined) return 'pending'
  if (wait === 'answer') return 'sending'
  return wait === 'receipt' ? 'awaiting' : 'ready'
}

export const stepNumbers = ({ cascade }: Story) => cascade.steps.map((_, step) => step)

/** The steps that stand for the notification's success, in order. */
export const chain = (story: Story) => stepNumbers(story).filter((step) => !story.cascade.steps[step]!.required)

/** The steps that have succeeded. */
export const successes = (story: Story) => stepNumbers(story).filter((step) => ending(story, step)?.as === 'succeeded')

/** The steps of the chain that have delivered. */
export const winners = (story: Story) => chain(story).filter((step) => successes(story).includes(step))
