import { outcomeOf } from './outcome.ts'
import { doubtOf, hasEnded } from './status.ts'
import { holdUntilOpen, settleDoubt, skip } from './steps.ts'
import { end, move, note, type Turn } from './turn.ts'

/** After this long without an answer to `begin`, a step is begun again: its process may have died. */
export const beginLease = 60_000

/** Follows from where the steps stand: ends what is no longer wanted, begins what is next, settles when nothing is left. */
export function advance(turn: Turn): void {
  const { record, at } = turn
  if (record.settledAt === null) {
    if (at < record.sendAt && record.cancelRequestedAt === null) return wakeAt(turn, record.sendAt)
    endWhatIsNotWanted(turn)
    takeTurns(turn)
    record.steps.forEach((_, index) => begin(turn, index))
    if (!record.steps.every(hasEnded)) return wakeAt(turn, nextDueAt(turn))
    record.settledAt = at
    record.dueAt = null
  }
  if (turn.changed) conclude(turn)
}

function endWhatIsNotWanted(turn: Turn): void {
  const { record, at } = turn
  const won = record.steps.some((step) => !step.required && step.state === 'succeeded')
  const over = record.expiresAt !== null && at >= record.expiresAt
  for (const [index, step] of record.steps.entries()) {
    if (hasEnded(step)) continue
    const waits = step.state === 'pending' || step.state === 'ready'
    const beaten = won && !step.required
    if (beaten && (!waits || doubtOf(step) !== undefined)) {
      end(turn, index, 'superseded', 'delivered', {})
    } else if (waits) {
      const reason = record.cancelRequestedAt !== null ? 'cancelled' : beaten ? 'delivered' : over ? 'expired' : null
      if (reason !== null && !settleDoubt(turn, index)) skip(turn, index, reason)
    }
  }
}

/** Required steps start at once; of the others, the first that has not ended. */
function takeTurns(turn: Turn): void {
  const { steps } = turn.record
  const next = steps.findIndex((step) => !step.required && !hasEnded(step))
  for (const [index, step] of steps.entries()) {
    if (step.state === 'pending' && (step.required || index === next)) move(turn, index, 'ready', turn.at)
  }
}

function begin(turn: Turn, index: number): void {
  const step = turn.record.steps[index]!
  if (step.state !== 'ready' || turn.at < step.dueAt! || holdUntilOpen(turn, index) || turn.defers) return
  const doubt = doubtOf(step)
  const last = doubt ?? step.attempts.at(-1)
  const prefer = last !== undefined && !step.excluded.includes(last.provider) ? last.provider : null
  turn.effects.push({ type: 'begin', step: index, attempt: step.attempts.length, prefer, only: doubt !== undefined })
  move(turn, index, 'ready', turn.at + beginLease)
}

function nextDueAt({ record }: Turn): number {
  let due = Number.POSITIVE_INFINITY
  for (const step of record.steps) {
    if (step.dueAt === null) continue
    const wait = step.state === 'ready' && record.expiresAt !== null ? Math.min(step.dueAt, record.expiresAt) : step.dueAt
    due = Math.min(due, wait)
  }
  return due
}

function wakeAt(turn: Turn, dueAt: number): void {
  if (turn.record.dueAt === dueAt) return
  turn.record.dueAt = dueAt
  turn.changed = true
}

/** Settles; or, once settled, lets a late receipt or result improve the outcome. */
function conclude(turn: Turn): void {
  const { record } = turn
  const before = record.outcome
  const after = outcomeOf(record)
  record.outcome = after
  const { status, by } = after
  if (before === null) note(turn, 'notification.settled', { status, by })
  else if (status !== before.status || after.failedRequired.length !== before.failedRequired.length)
    note(turn, 'notification.corrected', { status, by })
  if (!after.duplicateDelivery || before?.duplicateDelivery) return
  const twice = record.steps.filter((step) => !step.required && step.state === 'succeeded')
  note(turn, 'notification.duplicate-delivery', { channels: twice.map((step) => step.channel) })
}
