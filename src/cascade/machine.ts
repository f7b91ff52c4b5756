import type { CancelAnswer } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { advance } from './advance.ts'
import { accept, endWait, hold, lackProvider, recall, receive, reject, renew, start, veto } from './attempts.ts'
import type { Input, Transition } from './input.ts'
import { mayArrive } from './status.ts'
import { callBack } from './steps.ts'
import { beginTurn, note, type Turn } from './turn.ts'

/**
 * The whole cascade: what a record becomes by an input, and what must be done once that is stored.
 * Pure: no clock, no I/O, no randomness; an input that changes nothing gives the same record back.
 */
export function step(record: NotificationRecord, input: Input): Transition {
  const turn = beginTurn(record, input)
  ;(handlers[input.type] as (turn: Turn, input: Input) => void)(turn, input)
  advance(turn)
  return turn.changed ? { record: turn.record, effects: turn.effects } : { record, effects: [] }
}

/** What `cancel` can truthfully answer: whether something was sent that may still be delivered. */
export function cancelAnswer(record: NotificationRecord): CancelAnswer {
  if (record.settledAt !== null) return 'already-settled'
  return record.steps.some((step) => step.attempts.some(mayArrive)) ? 'too-late' : 'cancelled'
}

const handlers: { readonly [T in Input['type']]: (turn: Turn, input: Extract<Input, { type: T }>) => void } = {
  woke: (turn) => turn.record.steps.forEach((_, index) => endWait(turn, index)),
  started: start,
  held: hold,
  vetoed: veto,
  unavailable: lackProvider,
  accepted: accept,
  rejected: reject,
  receipt: receive,
  renewed: renew,
  recalled: recall,
  cancelRequested: requestCancel,
}

function requestCancel(turn: Turn): void {
  const { record } = turn
  if (record.settledAt !== null || record.cancelRequestedAt !== null) return
  note(turn, 'notification.cancel-requested', { answer: cancelAnswer(record) })
  record.cancelRequestedAt = turn.at
  for (const index of record.steps.keys()) callBack(turn, index)
}
