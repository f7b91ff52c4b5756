import type { Effect, Input, Transition } from '../cascade/input.ts'
import { step } from '../cascade/machine.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { WithoutAt } from './begin.ts'
import type { EngineContext } from './engine.ts'

// Loaded, with the machine, when something first happens to a notification.

/** A transition that is stored, and what the record was before it. */
export type Committed = Transition & { readonly before: NotificationRecord }

/** An outcome that the host could not take is told anew this often, in milliseconds. */
export const toldAgainAfter = 60_000

/** Applies an input to a stored record: step, compare and swap, and again on what is stored if another process came first. */
export async function commit(
  known: NotificationRecord,
  input: WithoutAt<Input>,
  context: Pick<EngineContext, 'store' | 'clock' | 'defers' | 'onSettled'>,
): Promise<Committed> {
  const { store, clock, defers } = context
  for (let before = known; ; ) {
    const transition = keepToTell(step(before, { ...input, at: clock.now(), defers } as Input), context)
    if (transition.record === before) return { ...transition, before }
    if (await store.update(transition.record, before.version)) return { ...transition, before }
    const stored = await store.get(known.id)
    // A record that the store has since dropped had settled long ago: nothing is left to do.
    if (stored === undefined) return { record: before, effects: [], before }
    before = stored
  }
}

/** An outcome that the host wants to hear of keeps its record due until it has: a crash in between loses nothing. */
export function keepToTell(transition: Transition, { clock, onSettled }: Pick<EngineContext, 'clock' | 'onSettled'>): Transition {
  const { record, effects } = transition
  if (onSettled === undefined || record.settledAt === null || !effects.some(isOutcome)) return transition
  return { record: { ...record, dueAt: clock.now() + toldAgainAfter }, effects }
}

function isOutcome(effect: Effect): boolean {
  return effect.type === 'emit' && /^notification\.(settled|corrected|duplicate-delivery)$/.test(effect.entry.type)
}
