import type { Failure } from '../contract/failure.ts'
import { type Cost, compareAmounts } from '../contract/price.ts'
import { idempotencyKeyFor } from './idempotency-key.ts'
import type { Input } from './input.ts'
import { retryAt } from './retry.ts'
import { furthest, hasEnded, rankOf, satisfies, standingOf } from './status.ts'
import { awaitReceipt, callBack, fail, holdUntilOpen, settleDoubt, skip, succeed } from './steps.ts'
import { type AttemptDraft, end, move, noteAttempt, noteStep, type StepDraft, type Turn } from './turn.ts'

type InputOf<T extends Input['type']> = Extract<Input, { type: T }>
type Rejection = Omit<InputOf<'rejected'>, 'type' | 'at'>

/** A provider is about to be called: the attempt is written first. Nothing starts on a stale answer, in a closed window, or once expired. */
export function start(turn: Turn, input: InputOf<'started'>): void {
  const { record, at } = turn
  if (!isExpected(turn, input) || holdUntilOpen(turn, input.step)) return
  if (record.expiresAt !== null && at >= record.expiresAt) return
  const step = record.steps[input.step]!
  step.attempts.push({
    provider: input.provider.name,
    receipts: input.provider.receipts,
    idempotent: input.provider.idempotent,
    cancellable: input.provider.cancellable,
    to: input.to,
    idempotencyKey: idempotencyKeyFor(record, input.step),
    state: 'sending',
    startedAt: at,
    endedAt: null,
    messageId: null,
    keys: input.keys,
    status: null,
    assumed: false,
    receiptFailure: null,
    failure: null,
  })
  move(turn, input.step, 'sending', input.leaseUntil)
  noteAttempt(turn, 'attempt.started', input, {})
  turn.effects.push({ type: 'send', step: input.step, attempt: input.attempt })
}

/** The step is put off for a cause outside the notification. */
export function hold(turn: Turn, input: InputOf<'held'>): void {
  if (!isExpected(turn, input)) return
  move(turn, input.step, 'ready', input.until)
  // What goes on for days is told once.
  const last = turn.record.timeline.findLast((entry) => 'step' in entry && entry.step === input.step)
  if (last?.type === 'step.held' && last.reason === input.reason) return
  noteStep(turn, 'step.held', input.step, { until: input.until, reason: input.reason })
}

/** The host, or the content itself, says that the step must not be sent. */
export function veto(turn: Turn, input: InputOf<'vetoed'>): void {
  if (!isExpected(turn, input) || settleDoubt(turn, input.step)) return
  if (input.failure !== null) return fail(turn, input.step, input.failure.kind, input.failure)
  skip(turn, input.step, `vetoed: ${input.reason}`)
}

/** No provider may be called. A last resort waits for the first probe, a few times; any other step makes way for the next. */
export function lackProvider(turn: Turn, input: InputOf<'unavailable'>): void {
  if (!isExpected(turn, input) || settleDoubt(turn, input.step)) return
  const { record } = turn
  const step = record.steps[input.step]!
  // What is pending beside a step that is ready is optional, and comes after it.
  const hasNext = !step.required && record.steps.some(({ state }) => state === 'pending')
  if (input.until !== null && !hasNext && step.holds < record.retry.attempts) {
    step.holds++
    move(turn, input.step, 'ready', Math.max(input.until, turn.at))
    return noteStep(turn, 'step.held', input.step, { until: input.until, reason: 'no-provider' })
  }
  const failure = step.attempts.at(-1)?.failure ?? null
  fail(turn, input.step, failure?.kind ?? 'no-provider', failure)
}

/** The vendor has taken the message; its answer may come after receipts, a lost lease, or the end of the step. */
export function accept(turn: Turn, input: InputOf<'accepted'>): void {
  const attempt = attemptOf(turn, input)
  if (attempt === undefined || (attempt.state !== 'sending' && attempt.state !== 'unknown')) return
  attempt.state = 'accepted'
  attempt.endedAt = turn.at
  attempt.messageId = input.messageId
  attempt.keys = [...new Set([...attempt.keys, ...input.keys])]
  // What was assumed meanwhile is assumed no longer if the answer says it.
  if (rankOf(input.status) >= rankOf(attempt.status)) attempt.assumed = false
  attempt.status = furthest(attempt.status, input.status)
  charge(turn, attempt, input.cost)
  noteAttempt(turn, 'attempt.accepted', input, { messageId: input.messageId })
  const step = turn.record.steps[input.step]!
  judge(turn, input)
  if (isLive(step, attempt)) awaitReceipt(turn, input.step)
  if (turn.record.cancelRequestedAt !== null || isBeaten(turn, step)) callBack(turn, input.step)
}

/** The call failed. The kind decides: the same provider again, another one, a wait for receipts, or the end of the step. */
export function reject(turn: Turn, input: Rejection): void {
  const attempt = attemptOf(turn, input)
  if (
    attempt === undefined ||
    (attempt.state !== 'sending' && !(attempt.state === 'unknown' && input.failure.kind !== 'unknown'))
  )
    return
  const { failure } = input
  const step = turn.record.steps[input.step]!
  const live = isLive(step, attempt)
  // What a vendor has reported on was taken, whatever the call then came to, and whatever was called after it.
  attempt.state = failure.kind === 'unknown' || attempt.status !== null ? 'unknown' : 'failed'
  const taken = (standingOf(step)?.status ?? null) !== null
  attempt.endedAt = turn.at
  attempt.failure = failure
  const mayRepeat =
    failure.kind === 'transient' || (failure.kind === 'unknown' && attempt.idempotent && step.onUnknown === 'resend')
  const again =
    live && mayRepeat && !taken ? retryAt(step, attempt.provider, failure, turn.record.retry, turn.at, input.random) : null
  noteAttempt(turn, 'attempt.failed', input, { failure, retryAt: again })
  judge(turn, input)
  if (!live || hasEnded(step)) return
  if (taken) return awaitReceipt(turn, input.step)
  if (again !== null) return move(turn, input.step, 'ready', again)
  if (failure.kind === 'recipient' || failure.kind === 'content') return fail(turn, input.step, failure.kind, failure)
  if (settleDoubt(turn, input.step)) return
  step.excluded = [...step.excluded, attempt.provider]
  move(turn, input.step, 'ready', turn.at)
}

/** A receipt says something about an attempt: once for each thing it says, whatever the order. */
export function receive(turn: Turn, input: InputOf<'receipt'>): void {
  const attempt = attemptOf(turn, input)
  if (attempt === undefined) return
  const { status, cost } = input.receipt
  if (cost !== undefined) charge(turn, attempt, { ...cost, reported: true })
  const step = turn.record.steps[input.step]!
  const failed = status === 'failed' || status === 'expired'
  const confirms = attempt.assumed && rankOf(attempt.status) <= rankOf(failed ? null : status)
  if (
    failed
      ? attempt.receiptFailure === status || attempt.receiptFailure === 'failed'
      : rankOf(status) <= rankOf(attempt.status) && !confirms
  )
    return
  const contradicted = isContradictory(step, attempt)
  if (failed) attempt.receiptFailure = status
  else {
    attempt.status = status
    // What the vendor reports on was taken, whatever the call came to: it is not sent again.
    if (attempt.state === 'failed') attempt.state = 'unknown'
  }
  if (confirms) attempt.assumed = false
  const { at: occurredAt, cost: _cost, ...said } = input.receipt
  noteAttempt(turn, 'attempt.receipt', input, { ...said, occurredAt })
  if (!contradicted && isContradictory(step, attempt)) noteAttempt(turn, 'attempt.contradicted', input, { status })
  judge(turn, input)
  if (step.state === 'ready' && isLive(step, attempt)) awaitReceipt(turn, input.step)
}

/** What the vendor says counts for more than a price list does; of two things that it says, the higher, whatever their order. */
function charge(turn: Turn, attempt: AttemptDraft, cost: Cost | undefined): void {
  const before = attempt.cost
  if (cost === undefined || (before && !(cost.reported && (!before.reported || isHigher(cost, before))))) return
  attempt.cost = cost
  turn.changed = true
}

function isHigher(one: Cost, other: Cost): boolean {
  return (compareAmounts(one.amount, other.amount) || (one.currency > other.currency ? 1 : -1)) > 0
}

/** Whether an attempt was reported both delivered (or as good as that) and failed. */
function isContradictory(step: StepDraft, attempt: AttemptDraft): boolean {
  return attempt.receiptFailure !== null && (satisfies(step, attempt) || rankOf(attempt.status) >= rankOf('delivered'))
}

/** The call goes on: its lease too. One that was lost meanwhile stays lost. */
export function renew(turn: Turn, input: InputOf<'renewed'>): void {
  const step = turn.record.steps[input.step]!
  if (step.state !== 'sending' || step.attempts.length !== input.attempt + 1 || step.dueAt! >= input.leaseUntil) return
  move(turn, input.step, 'sending', input.leaseUntil)
}

/** The vendor has called the message back. */
export function recall(turn: Turn, input: InputOf<'recalled'>): void {
  const attempt = attemptOf(turn, input)
  if (attempt?.state !== 'accepted') return
  attempt.state = 'recalled'
  turn.changed = true
  const step = turn.record.steps[input.step]!
  if (step.state !== 'awaiting' && step.state !== 'superseded') return
  end(turn, input.step, 'recalled', step.reason ?? 'cancelled', {})
}

/** What silence means once a wait is over: a lost lease is an unknown send; no receipt is a delivery or not, as the provider declares. */
export function endWait(turn: Turn, index: number): void {
  const step = turn.record.steps[index]!
  const isWaiting = step.state === 'sending' || step.state === 'awaiting'
  if (!isWaiting || turn.at < step.dueAt!) return
  if (step.state === 'sending') {
    const failure: Failure = { kind: 'unknown', message: 'nobody saw the result: the process stopped or lost its lease' }
    return reject(turn, { step: index, attempt: step.attempts.length - 1, failure, random: 0 })
  }
  const attempt = standingOf(step) as AttemptDraft
  if (attempt.receipts === 'failures' && attempt.status !== null && rankOf(attempt.status) < rankOf('delivered')) {
    attempt.status = 'delivered'
    attempt.assumed = true
    if (satisfies(step, attempt)) return succeed(turn, index)
  }
  end(turn, index, 'timed-out', 'undelivered', {})
}

interface Place {
  readonly step: number
  readonly attempt: number
}

/** Ends the step if the attempt is all it asked for, or if the one that it hangs on now was reported lost. */
function judge(turn: Turn, place: Place): void {
  const step = turn.record.steps[place.step]!
  const isOpen = !hasEnded(step) || step.state === 'superseded'
  if (satisfies(step, step.attempts[place.attempt]!)) return succeed(turn, place.step)
  // A delivery does not undo that where more is asked for: which of the two came first must not matter.
  if (isOpen && (standingOf(step)?.receiptFailure ?? null) !== null) fail(turn, place.step, 'undelivered', null)
}

/** Whether another channel of the chain has delivered. */
function isBeaten({ record }: Turn, step: StepDraft): boolean {
  return !step.required && record.steps.some(({ required, state }) => !required && state === 'succeeded')
}

function isExpected(turn: Turn, { step: index, attempt }: Place): boolean {
  const step = turn.record.steps[index]
  return step?.state === 'ready' && step.attempts.length === attempt
}

/** Whether a step still hangs on the attempt: it is under way, or unknown and about to be repeated. */
function isLive(step: StepDraft, attempt: AttemptDraft): boolean {
  return !hasEnded(step) && standingOf(step) === attempt
}

function attemptOf(turn: Turn, { step, attempt }: Place): AttemptDraft | undefined {
  return turn.record.steps[step]?.attempts[attempt]
}
