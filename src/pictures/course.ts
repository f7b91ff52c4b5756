import type { TimelineEntry } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { Mark } from './marks.ts'
import type { TimeAxis } from './time-axis.ts'

/** A stretch of a step's time: a provider is called, a receipt is waited for, or the step is put off. */
export interface Stretch {
  readonly type: 'call' | 'wait' | 'hold'
  readonly from: number
  readonly to: number
  /** Index of the entry that tells of it. */
  readonly entry: number
  /** What became of a call; the sign is drawn on it where no mark ends it. */
  readonly fault: 'failed' | 'unknown' | null
  /** Why it is put off, where that is not a retry. */
  readonly reason: string | null
}

/** A moment of a step. */
export interface Point {
  readonly mark: Mark
  readonly x: number
  /** Index of the entry that tells of it; null for what is still due. */
  readonly entry: number | null
}

/** What one step went through, laid out on an axis. */
export interface Course {
  readonly stretches: readonly Stretch[]
  readonly points: readonly Point[]
  /** Where its first call begins, if it was begun. */
  readonly start: number | null
  /** Index of the entry that tells best how it stands with the step; null before its turn. */
  readonly telling: number | null
}

type Entry = Extract<TimelineEntry, { step: number }> & { readonly index: number; readonly x: number }

const ends: Readonly<Partial<Record<TimelineEntry['type'], Mark>>> = {
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.timed-out': 'silent',
  'step.superseded': 'stopped',
  'step.recalled': 'stopped',
  'step.skipped': 'stopped',
}

/** Reads one step's entries. */
export function courseOf({ steps, timeline }: NotificationRecord, step: number, axis: TimeAxis): Course {
  const entries = timeline.flatMap((entry, index): Entry[] =>
    'step' in entry && entry.step === step ? [{ ...entry, index, x: axis.entries[index]! }] : [],
  )
  const { dueAt } = steps[step]!
  const due = dueAt === null || entries.length === 0 ? null : axis.at(dueAt)
  const stretches = entries.flatMap((entry, place) => stretchOf(entry, entries.slice(place + 1), due) ?? [])
  const points = entries.flatMap((entry, place) => pointOf(entry, entries[place + 1]) ?? [])
  const ended = entries.some(({ type }) => type in ends)
  return {
    stretches,
    points: due === null || ended ? points : [...points, { mark: 'open', x: due, entry: null }],
    start: entries.find(({ type }) => type === 'attempt.started')?.x ?? null,
    telling: telling(entries),
  }
}

/** The stretch that begins with an entry; one that nothing has ended goes on until the step is due. */
function stretchOf(entry: Entry, later: readonly Entry[], due: number | null): Stretch | undefined {
  const until = (matches: (other: Entry) => boolean) => later.find(matches)?.x ?? due ?? entry.x
  const stretch = (type: Stretch['type'], to: number, more: Partial<Stretch> = {}): Stretch | undefined =>
    to > entry.x || type === 'call'
      ? { type, from: entry.x, to, entry: entry.index, fault: null, reason: null, ...more }
      : undefined
  switch (entry.type) {
    case 'attempt.started': {
      const answer = later.find((other) => isAnswer(other) && other.attempt === entry.attempt)
      const fault = answer?.type !== 'attempt.failed' ? null : answer.failure.kind === 'unknown' ? 'unknown' : 'failed'
      return stretch('call', answer?.x ?? until(({ type }) => type in ends), { fault, entry: answer?.index ?? entry.index })
    }
    case 'attempt.accepted':
      return stretch(
        'wait',
        until(({ type }) => type in ends || type === 'attempt.started'),
      )
    case 'attempt.failed':
      return entry.retryAt === null && later[0]?.type !== 'attempt.started'
        ? stretch('wait', entry.failure.kind === 'unknown' ? until(({ type }) => type in ends) : entry.x)
        : stretch(
            'hold',
            until(() => true),
          )
    case 'step.held':
      return stretch(
        'hold',
        until(() => true),
        { reason: entry.reason },
      )
    default:
      return undefined
  }
}

function pointOf(entry: Entry, next: Entry | undefined): Point | undefined {
  if (entry.type !== 'attempt.receipt') {
    const mark = ends[entry.type]
    return mark && { mark, x: entry.x, entry: entry.index }
  }
  const bad = entry.status === 'failed' || entry.status === 'expired'
  const mark = entry.status === 'sent' ? 'receipt' : bad ? 'bad-receipt' : 'good-receipt'
  // Beside the end that it brings about, which is drawn on the moment itself.
  const beside = next !== undefined && next.x === entry.x && next.type in ends
  return { mark, x: beside ? entry.x - 15 : entry.x, entry: entry.index }
}

/** What a vendor said tells more than what it led to. */
function telling(entries: readonly Entry[]): number | null {
  const end = entries.findLast(({ type }) => type in ends)
  if (end?.type === 'step.succeeded') return (entries.findLast(({ type }) => type === 'attempt.receipt') ?? end).index
  if (end?.type !== 'step.failed') return (end ?? entries.at(-1))?.index ?? null
  const said = entries.findLast(
    ({ type, index }) => index < end.index && (type === 'attempt.failed' || type === 'attempt.receipt'),
  )
  return (said ?? end).index
}

function isAnswer(entry: Entry): entry is Extract<Entry, { type: 'attempt.accepted' | 'attempt.failed' }> {
  return entry.type === 'attempt.accepted' || entry.type === 'attempt.failed'
}
