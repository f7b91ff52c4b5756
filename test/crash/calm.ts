import type { NotificationRecord } from 'omnicascade'
import { BrokenInvariant, type Evidence, isInDoubt, isUnheard } from './invariants.ts'
import type { Plan } from './script.ts'

/**
 * Compares a run that crashed with one of the same script that did not: the status of every notification, and the whole outcome of each that had no send
 * in doubt. Gives how many those were. Throws a `BrokenInvariant`.
 */
export function compare(crashed: Evidence, calm: Evidence): number {
  let equal = 0
  for (const plan of crashed.plans) {
    const [one, other] = [recordOf(crashed, plan), recordOf(calm, plan)]
    if (one?.outcome?.status !== other?.outcome?.status || one === undefined || other === undefined)
      throw new BrokenInvariant(
        `the status is that of the run without crashes: ${JSON.stringify([plan, one?.outcome, other?.outcome])}`,
      )
    if (isTouched(plan, one) || isTouched(plan, other)) continue
    if (outcomeOf(plan, one) !== outcomeOf(plan, other))
      throw new BrokenInvariant(
        `the outcome is that of the run without crashes: ${JSON.stringify([plan, one.outcome, other.outcome])}`,
      )
    equal++
  }
  return equal
}

function recordOf({ sent, records }: Evidence, { number }: Plan): NotificationRecord | undefined {
  return records.get(sent.get(number)?.[0]?.id ?? '')
}

function isTouched({ steps }: Plan, record: NotificationRecord): boolean {
  return steps.some((step, index) => isInDoubt(step, index, record) || isUnheard(step, index, record))
}

/**
 * As text. A circuit that is open is as good a reason as the refusal that opened it. How far a message had come that failed in the end is told by receipts
 * that two crashes in the wrong moments can leave unheard where their key comes with the answer (`plain`): it decides nothing.
 */
function outcomeOf({ steps }: Plan, { outcome }: NotificationRecord): string {
  return JSON.stringify({
    ...outcome,
    // Of two that delivered, the order of their receipts decides which is named.
    ...(outcome?.duplicateDelivery && { by: null, step: null, assumed: null }),
    steps: outcome?.steps.map((end, index) => ({
      ...end,
      ...(steps[index]?.kind === 'broken' && { reason: null }),
      ...(steps[index]?.kind === 'plain' && end.state !== 'succeeded' && { status: null }),
    })),
  })
}
