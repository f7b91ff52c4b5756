import type { CascadeEvents, TimelineEntry } from '../contract/events.ts'
import type { AttemptRecord, NotificationRecord, StepReason, StepRecord, StepState } from '../contract/record.ts'
import type { Effect, Input } from './input.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** An attempt being changed. */
export type AttemptDraft = Mutable<AttemptRecord>
/** A step being changed. */
export type StepDraft = Mutable<Omit<StepRecord, 'attempts'>> & { attempts: AttemptDraft[] }
/** A record being changed: a copy of its own, so that the input stays as it was. */
export type RecordDraft = Mutable<Omit<NotificationRecord, 'steps' | 'timeline'>> & {
  steps: StepDraft[]
  timeline: TimelineEntry[]
}

/** One run of the machine: the draft, the moment, and what has come of it so far. */
export interface Turn {
  readonly record: RecordDraft
  readonly at: number
  /** No step is begun: that is for another process. */
  readonly defers: boolean
  readonly effects: Effect[]
  changed: boolean
}

/** Begins a turn on a copy of the record. */
export function beginTurn(record: NotificationRecord, { at, defers = false }: Pick<Input, 'at' | 'defers'>): Turn {
  return {
    record: {
      ...record,
      version: record.version + 1,
      steps: record.steps.map((step) => ({ ...step, attempts: step.attempts.map((attempt) => ({ ...attempt })) })),
      timeline: record.timeline.slice(),
    },
    at,
    defers,
    effects: [],
    changed: false,
  }
}

/** Writes to the timeline and emits the same. */
export function note<K extends keyof CascadeEvents>(turn: Turn, type: K, detail: CascadeEvents[K]): void {
  write(turn, { type, at: turn.at, ...detail } as TimelineEntry)
}

function write(turn: Turn, entry: TimelineEntry): void {
  turn.record.timeline.push(entry)
  turn.effects.push({ type: 'emit', entry })
  turn.changed = true
}

type StepEvents = { [K in keyof CascadeEvents as CascadeEvents[K] extends { step: number } ? K : never]: CascadeEvents[K] }
type AttemptEvents = { [K in keyof StepEvents as StepEvents[K] extends { attempt: number } ? K : never]: StepEvents[K] }

/** Notes what a step does; its number and channel are added. */
export function noteStep<K extends keyof StepEvents>(
  turn: Turn,
  type: K,
  step: number,
  detail: Omit<StepEvents[K], 'step' | 'channel'>,
): void {
  const { channel } = turn.record.steps[step]!
  write(turn, { type, at: turn.at, step, channel, ...detail } as TimelineEntry)
}

/** Notes what an attempt does; where it belongs and its provider are added. */
export function noteAttempt<K extends keyof AttemptEvents>(
  turn: Turn,
  type: K,
  { step, attempt }: { readonly step: number; readonly attempt: number },
  detail: Omit<AttemptEvents[K], 'step' | 'channel' | 'attempt' | 'provider'>,
): void {
  const { channel, attempts } = turn.record.steps[step]!
  const { provider } = attempts[attempt]!
  write(turn, { type, at: turn.at, step, channel, attempt, provider, ...detail } as unknown as TimelineEntry)
}

/** The step is to be looked at again at `dueAt`. */
export function move(turn: Turn, index: number, state: 'ready' | 'sending' | 'awaiting', dueAt: number): void {
  const step = turn.record.steps[index]!
  step.state = state
  step.dueAt = dueAt
  turn.changed = true
}

/** The step has ended, and this is noted. */
export function end<S extends Exclude<StepState, 'pending' | 'ready' | 'sending' | 'awaiting'>>(
  turn: Turn,
  index: number,
  state: S,
  reason: StepReason | null,
  detail: Omit<StepEvents[`step.${S}`], 'step' | 'channel'>,
): void {
  const step = turn.record.steps[index]!
  step.state = state
  step.reason = reason
  step.dueAt = null
  step.endedAt = turn.at
  noteStep(turn, `step.${state}`, index, detail)
}
