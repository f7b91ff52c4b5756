// An independent, small reference of what the semantics say about a plan: no machine, no store, no clock.
import type { Outcome } from 'omnicascade'
import { delivers, type Plan, type StepPlan } from './script.ts'

/** How a step ends if it is begun and nothing crashes. */
export interface End {
  readonly state: 'succeeded' | 'failed' | 'timed-out'
  readonly reason: string | null
  /** It only ends once its time is over. */
  readonly waits: boolean
}

/** What a run without crashes comes to. */
export interface Expected {
  readonly status: Outcome['status']
  readonly by: string | null
  readonly duplicateDelivery: boolean
  readonly failedRequired: readonly number[]
  readonly steps: readonly { readonly state: string; readonly reason: string | null }[]
}

const succeeded: End = { state: 'succeeded', reason: null, waits: false }
const silence: End = { state: 'timed-out', reason: 'undelivered', waits: true }
const failed = (reason: string): End => ({ state: 'failed', reason, waits: false })

/** How a step ends by itself. One that is `late` ends in silence first. */
export function endOf({ kind, behaviour, onUnknown }: StepPlan): End {
  if (behaviour === 'account') return failed('configuration')
  if (behaviour === 'recipient' || behaviour === 'content') return failed(behaviour)
  if (behaviour === 'left') return failed('transient')
  if (behaviour === 'bad') return failed('undelivered')
  // Where only failures are reported, silence is a delivery.
  if (kind === 'failures') return { ...succeeded, waits: true }
  if (behaviour === 'mute' || behaviour === 'late') return silence
  // Never sent twice: nothing was taken, so nothing is heard. Where keys are honoured it is repeated.
  if (behaviour === 'lost-request' && kind !== 'safe') return silence
  if (behaviour === 'lost-answer' && kind === 'none' && onUnknown === 'advance') return failed('unknown')
  return succeeded
}

/** The outcome of a run without crashes. */
export function expected({ steps }: Plan): Expected {
  const ends: { state: string; reason: string | null }[] = steps.map((step) => {
    if (!step.required) return { state: 'skipped', reason: 'delivered' }
    const { state, reason } = endOf(step)
    return { state, reason }
  })
  let late: number | undefined
  let winner: number | undefined
  for (const [index, step] of steps.entries()) {
    if (step.required) continue
    const { state, reason, waits } = endOf(step)
    // The late delivery comes while this one still waits: it is beaten, and so is all that follows.
    if (late !== undefined && waits) {
      ends[index] = { state: 'superseded', reason: 'delivered' }
      break
    }
    ends[index] = { state, reason }
    if (step.behaviour === 'late') late = index
    if (state === 'succeeded') {
      winner = index
      break
    }
  }
  if (late !== undefined) ends[late] = { state: 'succeeded', reason: null }
  const by = winner ?? late
  return {
    status: by === undefined ? 'failed' : 'delivered',
    by: by === undefined ? null : (steps[by]?.channel ?? null),
    duplicateDelivery: late !== undefined && winner !== undefined,
    failedRequired: steps.flatMap(({ required }, index) => (required && ends[index]?.state !== 'succeeded' ? [index] : [])),
    steps: ends,
  }
}

/**
 * How a step may end of which one send's result was never seen, because a process died (or stood still) between the write ahead of the call and the
 * write after it. `taken`: the vendor has a message of it. A delivery that the vendor reports must be found wherever it can be.
 */
export function endsInDoubt(step: StepPlan, taken: boolean): readonly End['state'][] {
  const { kind, behaviour, onUnknown } = step
  switch (kind) {
    // Repeated under its key until the vendor answers: a crash changes nothing.
    case 'safe':
      return delivers(step) ? ['succeeded'] : ['failed', 'timed-out']
    // Found by the key that was stored before the call, if it was made; nothing is ever repeated.
    case 'keyed':
      return delivers(step) && taken ? ['succeeded'] : ['failed', 'timed-out']
    // Nobody knows the id its receipts come under, unless the answer came after all, late.
    case 'plain':
      return delivers(step) && taken ? ['succeeded', 'timed-out'] : ['failed', 'timed-out']
    // `sent` is found by the key; where not even that is said, silence about a send that nobody saw is no delivery.
    case 'failures':
      if (!taken) return ['failed', 'timed-out']
      return behaviour === 'mute' ? ['succeeded', 'timed-out'] : behaviour === 'bad' ? ['failed'] : ['succeeded']
    case 'none':
      return onUnknown === 'assume-sent' ? ['succeeded'] : taken ? ['failed', 'succeeded'] : ['failed']
    case 'broken':
      return ['failed', 'timed-out']
  }
}
