import { outcomeOf } from './outcome.ts'
import { hasEnded, mayArrive } from './status.ts'
import { end, move, note, noteStep, type Turn } from './turn.ts'
import { opensAt } from './window.ts'

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
    const beaten = won && !step.required
    if (step.state === 'pending' || step.state === 'ready') {
      const reason = record.cancelRequestedAt !== null ? 'cancelled' : beaten ? 'delivered' : over ? 'expired' : null
      if (reason === null) continue
      end(turn, index, 'skipped', reason)
      noteStep(turn, 'step.skipped', index, { reason })
    } else if (beaten && !hasEnded(step)) {
      end(turn, index, 'superseded', 'delivered')
      noteStep(turn, 'step.superseded', index, {})
      callBack(turn, index)
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
  if (step.state !== 'ready' || turn.at < step.dueAt! || holdUntilOpen(turn, index)) return
  const last = step.attempts.at(-1)
  turn.effects.push({
    type: 'begin',
    step: index,
    attempt: step.attempts.length,
    prefer: last !== undefined && !step.excluded.includes(last.provider) ? last.provider : null,
    only: false,
  })
  move(turn, index, 'ready', turn.at + beginLease)
}

/** Puts a step off to the opening of its window; true if it is closed now. */
export function holdUntilOpen(turn: Turn, index: number): boolean {
  const step = turn.record.steps[index]!
  const until = step.window === null ? turn.at : opensAt(step.window, turn.record.timeZone, turn.at)
  if (until <= turn.at) return false
  move(turn, index, 'ready', until)
  noteStep(turn, 'step.held', index, { until, reason: 'window' })
  return true
}

/** Asks the vendor to call back what it has accepted and not yet delivered. */
export function callBack(turn: Turn, index: number): void {
  for (const [attempt, draft] of turn.record.steps[index]!.attempts.entries()) {
    if (draft.state === 'accepted' && draft.cancellable && mayArrive(draft)) {
      turn.effects.push({ type: 'cancelAtProvider', step: index, attempt })
    }
  }
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
