// What each notification of a run asks for, and what becomes of it at the vendor: derived from the seed and its number alone.
import type { OnUnknown } from 'omnicascade'
import { createRandom, type Random } from './random.ts'

/** The vendor's channels. Each has one provider of the same name. */
export type CrashChannel = 'sms' | 'push' | 'viber' | 'whatsapp' | 'email' | 'chat' | 'vk'

/**
 * - `keyed`: full receipts, under a key that is known before the call; repeating a call sends twice
 * - `plain`: full receipts, under the message id that the answer tells; repeating a call sends twice
 * - `safe`: full receipts, honours idempotency keys, unknown sends are repeated
 * - `failures`: reports `sent`, and then failures only
 * - `none`: reports nothing
 * - `broken`: refuses the account
 */
export type Kind = 'keyed' | 'plain' | 'safe' | 'failures' | 'none' | 'broken'

/** What each channel's provider is like. */
export const kinds: Readonly<Record<CrashChannel, Kind>> = {
  sms: 'keyed',
  push: 'keyed',
  viber: 'plain',
  whatsapp: 'safe',
  email: 'failures',
  chat: 'none',
  vk: 'broken',
}

/**
 * What the vendor does with a step's message. Where it is taken, the receipts that the kind has follow, some twice, in any order.
 * - `good`: taken; delivered (`failures`: sent). `slow`: the same, and the answer takes its time. `early`: its receipts come before its answer
 * - `busy`: refused once as temporary, then good. `left`: refused with a wait that is too long. `recipient`, `content`, `account`: refused
 * - `bad`: taken; then reported as failed. `mute`: taken; then silence. `torn`: taken; reported as failed and as delivered, in any order
 * - `late`: taken; delivered once its time is over and all else is quiet
 * - `lost-answer`: good, but the connection is closed instead of an answer. `lost-request`: the connection is closed, nothing is taken (the next
 *   request is good). `hung`: good, but the answer never comes
 */
export type Behaviour =
  | 'good'
  | 'slow'
  | 'early'
  | 'busy'
  | 'left'
  | 'recipient'
  | 'content'
  | 'account'
  | 'bad'
  | 'mute'
  | 'torn'
  | 'late'
  | 'lost-answer'
  | 'lost-request'
  | 'hung'

/** One step of a plan. */
export interface StepPlan {
  readonly channel: CrashChannel
  readonly kind: Kind
  readonly behaviour: Behaviour
  readonly required: boolean
  readonly onUnknown: OnUnknown
}

/** One notification of the run. */
export interface Plan {
  readonly number: number
  readonly steps: readonly StepPlan[]
}

const taken = ['good', 'good', 'good', 'early', 'early', 'slow', 'busy'] as const
const behaviours: Readonly<Record<Kind, readonly Behaviour[]>> = {
  keyed: [...taken, 'left', 'recipient', 'content', 'bad', 'bad', 'mute', 'mute', 'late', 'lost-answer', 'lost-request', 'hung'],
  plain: [...taken, 'recipient', 'bad', 'mute', 'late'],
  safe: [...taken, 'recipient', 'bad', 'lost-answer', 'lost-request', 'hung'],
  failures: ['good', 'good', 'busy', 'recipient', 'bad', 'bad', 'mute', 'lost-answer'],
  none: ['good', 'slow', 'busy', 'recipient', 'recipient', 'content', 'lost-answer'],
  broken: ['account'],
}
const hopeless: Readonly<Partial<Record<CrashChannel, readonly Behaviour[]>>> = {
  sms: ['left', 'recipient', 'content', 'bad', 'mute', 'lost-request'],
  push: ['left', 'recipient', 'content', 'bad', 'mute', 'lost-request'],
  viber: ['recipient', 'bad', 'mute'],
  whatsapp: ['recipient', 'bad'],
  chat: ['recipient', 'content'],
}
/** Delivered for certain, whatever crashes: repeated until its vendor says so, or assumed where nobody ever could say. */
const certain: Readonly<Partial<Record<CrashChannel, readonly Behaviour[]>>> = {
  whatsapp: [...taken, 'lost-answer', 'lost-request', 'hung'],
  chat: ['good', 'slow', 'lost-answer'],
}

/**
 * Three steps on three channels. Whether the notification is delivered at all never depends on a crash: either its last step is certain (`certain`),
 * or none of them can deliver (`hopeless`). So its status must always be that of a run without crashes; which channel it was may depend on them.
 */
export function planOf(seed: number, number: number): Plan {
  const random = createRandom(seed, number)
  const shape = random.next()
  if (shape < 0.12) return { number, steps: hopelessSteps(random) }
  const anchor = random.pick(['whatsapp', 'whatsapp', 'chat'] as const)
  const others = random.shuffled(['sms', 'push', 'viber', 'email', 'chat', 'vk', 'sms', 'push'] as const)
  const channels = [...new Set(others)].filter((channel) => channel !== anchor).slice(0, 2)
  const steps = channels.map((channel) => stepOf(random, channel, random.pick(behaviours[kinds[channel]])))
  const last = stepOf(random, anchor, random.pick(certain[anchor] ?? []), 'assume-sent')
  const [first, second] = oneLate(steps)
  // A required step beside the chain; `torn` where nothing depends on which of its receipts comes first.
  if (shape > 0.82 && first !== undefined && first.kind !== 'broken') {
    const behaviour = first.behaviour === 'late' || random.chance(0.3) ? 'torn' : first.behaviour
    const own: StepPlan =
      first.kind === 'keyed' ? { ...first, behaviour } : first.behaviour === 'late' ? { ...first, behaviour: 'bad' } : first
    return { number, steps: [{ ...own, required: true }, second, last].filter((step) => step !== undefined) }
  }
  return { number, steps: [first, second, last].filter((step) => step !== undefined) }
}

function hopelessSteps(random: Random): StepPlan[] {
  const channels = random.shuffled(['sms', 'push', 'viber', 'whatsapp', 'chat'] as const).slice(0, 3)
  return channels.map((channel) => stepOf(random, channel, random.pick(hopeless[channel] ?? []), 'advance'))
}

function stepOf(random: Random, channel: CrashChannel, behaviour: Behaviour, onUnknown?: OnUnknown): StepPlan {
  const kind = kinds[channel]
  const doubt = kind === 'safe' ? 'resend' : kind === 'none' ? (onUnknown ?? random.pick(['advance', 'assume-sent'])) : 'advance'
  return { channel, kind, behaviour, required: false, onUnknown: doubt }
}

/** Of two late deliveries nobody can say which comes first. */
function oneLate(steps: readonly StepPlan[]): StepPlan[] {
  const first = steps.findIndex(({ behaviour }) => behaviour === 'late')
  return steps.map((step, index) => (step.behaviour === 'late' && index !== first ? { ...step, behaviour: 'mute' } : step))
}

/** The behaviours under which the vendor says, sooner or later, that the message arrived. */
export function delivers({ behaviour }: StepPlan): boolean {
  return ['good', 'slow', 'early', 'busy', 'torn', 'late', 'lost-answer', 'lost-request', 'hung'].includes(behaviour)
}
