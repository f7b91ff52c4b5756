import { isDeepStrictEqual } from 'node:util'
import type { Effect, Input } from '../../../src/cascade/input.ts'
import { step } from '../../../src/cascade/machine.ts'
import type { NotificationRecord } from '../../../src/contract/record.ts'
import type { Cascade, Story } from './facts.ts'
import { tell, untold } from './reference.ts'
import { effectOf, entryOf, type View, viewOf } from './view.ts'

/** The same notification twice: as the machine's record, and as the model's story. */
export interface Pair {
  readonly record: NotificationRecord
  readonly story: Story
  /** What the effects have asked for so far. */
  readonly asked: readonly Effect[]
  readonly inputs: readonly Input[]
}

/** A new notification, as `plan` makes it (`exhaustive.test.ts` compares them). */
export function newRecord(cascade: Cascade): NotificationRecord {
  const { createdAt, sendAt, steps, ...rules } = cascade
  return {
    ...rules,
    version: 0,
    createdAt,
    sendAt,
    to: {},
    message: { content: {} },
    timeZone: 'UTC',
    metadata: null,
    idempotencyKey: null,
    fingerprint: null,
    steps: steps.map(({ absent, ...rule }) => ({
      ...rule,
      delegated: null,
      through: null,
      state: absent === null ? 'pending' : 'skipped',
      reason: absent,
      dueAt: null,
      excluded: [],
      holds: 0,
      endedAt: absent === null ? null : createdAt,
      attempts: [],
    })),
    cancelRequestedAt: null,
    settledAt: null,
    outcome: null,
    dueAt: sendAt,
    timeline: [],
  }
}

export const begin = (cascade: Cascade): Pair => ({ record: newRecord(cascade), story: untold(cascade), asked: [], inputs: [] })

/** Tells both of them, and throws where they differ. */
export function tellBoth(pair: Pair, input: Input): Pair {
  const { record, effects } = step(pair.record, input)
  const story = tell(pair.story, input)
  const news = story.facts.slice(pair.story.facts.length)
  const entries = news.flatMap((fact) => entryOf(story, fact) ?? [])
  const asked = news.flatMap((fact) => effectOf(story, fact) ?? [])
  const same = (what: string, machine: unknown, model: unknown) => {
    if (!isDeepStrictEqual(machine, model)) throw new Difference(pair, input, what, machine, model)
  }
  const view = viewOf(story)
  same('steps', record.steps.map(changingHalf), view.steps.map(changingHalf))
  same('outcome', record.outcome, view.outcome)
  same('times', [record.dueAt, record.settledAt, record.cancelRequestedAt], [view.dueAt, view.settledAt, view.cancelRequestedAt])
  same('timeline', record.timeline.slice(pair.record.timeline.length).map(unworded), entries.map(unworded))
  same('timeline so far', record.timeline.slice(0, pair.record.timeline.length), pair.record.timeline)
  same(
    'emits',
    effects.flatMap((effect) => (effect.type === 'emit' ? [effect.entry] : [])),
    record.timeline.slice(pair.record.timeline.length),
  )
  const byStep = (all: readonly Effect[]) =>
    all
      .filter(({ type }) => type !== 'emit')
      .map((effect) => JSON.stringify(effect))
      .sort()
  same('effects', byStep(effects), byStep(asked))
  const isUntouched = news.length === 0
  same('whether the record is untouched', record === pair.record, isUntouched)
  same('version', record.version, pair.record.version + (isUntouched ? 0 : 1))
  return { record, story, asked: asked.length > 0 ? [...pair.asked, ...asked] : pair.asked, inputs: [...pair.inputs, input] }
}

function changingHalf({
  state,
  reason,
  dueAt,
  endedAt,
  excluded,
  holds,
  attempts,
}: View['steps'][number]): View['steps'][number] {
  return { state, reason, dueAt, endedAt, excluded, holds, attempts: attempts.map(unworded) }
}

/** How a call is described that nobody saw the end of is the machine's own affair. */
function unworded<T extends object>(one: T): T {
  return 'failure' in one && one.failure && (one.failure as { kind: string }).kind === 'unknown'
    ? { ...one, failure: 'unknown' }
    : one
}

/** Machine and model do not agree. */
export class Difference extends Error {
  override name = 'Difference'
  constructor(pair: Pair, input: Input, what: string, machine: unknown, model: unknown) {
    const { cascade } = pair.story
    const lines = [...pair.inputs, input].map((one) => `  ${JSON.stringify(one)}`)
    super(
      [
        `${what}: machine and model differ`,
        JSON.stringify(cascade),
        ...lines,
        `machine: ${JSON.stringify(machine)}`,
        `model:   ${JSON.stringify(model)}`,
      ].join('\n'),
    )
  }
}
