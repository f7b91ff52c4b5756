import type { Effect, Input, Transition } from '../cascade/input.ts'
import { step } from '../cascade/machine.ts'
import type { Awaitable } from '../contract/json.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { chain } from './awaitable.ts'
import type { WithoutAt } from './begin.ts'
import type { EngineContext } from './engine.ts'

// Loaded, with the machine, when something first happens to a notification.

/** A transition that is stored, and what the record was before it. */
export type Committed = Transition & { readonly before: NotificationRecord }

/** An outcome that the host could not take is told anew this often, in milliseconds. */
export const toldAgainAfter = 60_000

/** Applies an input to a stored record: step, compare and swap, and again on what is stored if another process came first. */
export function commit(
  before: NotificationRecord,
  input: WithoutAt<Input>,
  context: Pick<EngineContext, 'store' | 'clock' | 'defers' | 'onSettled'>,
): Awaitable<Committed> {
  const { store, clock, defers } = context
  const { record, effects } = keepToTell(step(before, { ...input, at: clock.now(), defers } as Input), context)
  if (record === before) return { record, effects, before }
  return chain(store.update(record, before.version), (isStored): Awaitable<Committed> => {
    if (isStored) return { record, effects, before }
    return chain(store.get(before.id), (stored) =>
      // A record that the store has since dropped had settled long ago: nothing is left to do.
      stored === undefined ? { record: before, effects: [], before } : commit(stored, input, context),
    )
  })
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
