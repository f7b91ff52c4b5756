import { formatTimeline } from '../cascade/format-timeline.ts'
import { clockOf, outcomeOf, plain, sentence } from '../cascade/timeline-words.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { type Course, courseOf } from './course.ts'
import { lane, laneHeight, middle, type Sheet } from './lane.ts'
import { legend } from './legend.ts'
import { type Mark, mark, round } from './marks.ts'
import { span } from './span.ts'
import { element, fitted, type Ink, picture, type Theme, width, words } from './svg.ts'
import { type TimeAxis, ticks, timeAxis } from './time-axis.ts'

/** How `timelineSvg` draws. */
export interface TimelineSvgOptions {
  /** IANA zone of the clock times; UTC when left out. */
  readonly timeZone?: string
  /** `auto`, the default, follows the reader's system. */
  readonly theme?: Theme
}

const left = 170
const right = width - 32
const top = 92
const inks = { delivered: 'good', failed: 'bad', expired: 'warn', cancelled: 'idle' } as const satisfies Record<string, Ink>
const seals = { delivered: 'succeeded', failed: 'failed', expired: 'silent', cancelled: 'stopped' } as const satisfies Record<
  string,
  Mark
>

/**
 * Draws a record's history as a picture that stands alone: SVG without scripts, links or ids, for a page, a ticket or a file. A lane for each
 * step, with its calls, how long it waited, its receipts and its end. No address is shown, and what vendors and apps wrote is made harmless.
 * The same record gives the same picture. Throws a `RequestError` for a time zone that does not exist.
 */
export function timelineSvg(record: NotificationRecord, { timeZone = 'UTC', theme = 'auto' }: TimelineSvgOptions = {}): string {
  const { day, clock } = clockOf(record.createdAt, timeZone)
  const told = record.timeline.map((entry, index) => plain(sentence(record, entry, index, clock)))
  const axis = timeAxis(record.timeline, stillDue(record), left + 14, right - 14)
  const courses = record.steps.map((_, step) => courseOf(record, step, axis))
  const sheet: Sheet = { left, right, told }
  const topOf = (step: number) => top + step * laneHeight
  const bottom = topOf(record.steps.length)
  const key = legend(courses, axis.shortened, bottom + 64, width)
  const height = bottom + 64 + key.height
  const heading = plain(outcomeOf(record))
  const name = plain(`${record.id}: ${heading}`)
  const lanes = courses.map((_, step) =>
    element('rect', { x: 16, y: topOf(step) + 2, width: width - 32, height: laneHeight - 4, rx: 6, fill: 'lane' }),
  )
  return picture(
    { name, words: formatTimeline(record, { timeZone }), height, theme },
    header(record, heading, `${day}, ${timeZone}`),
    ...lanes,
    ...poles(record, axis, bottom),
    ...arrows(record, courses, axis),
    ...courses.map((course, step) => lane(sheet, record, step, course, topOf(step))),
    ticks(axis, record.createdAt, clock, { left, right: width - 20, y: bottom + 8 }),
    key.drawn,
  )
}

/** When the steps of a notification that is under way need attention next. */
function stillDue({ steps, settledAt, timeline, createdAt }: NotificationRecord): number[] {
  const first = timeline[0]?.at ?? createdAt
  return steps.flatMap(({ dueAt }) => (settledAt === null && dueAt !== null && dueAt > first ? [dueAt] : []))
}

function header(record: NotificationRecord, heading: string, place: string): string {
  const { outcome, settledAt, createdAt } = record
  const parts = [
    place,
    ...(settledAt === null ? [] : [`settled after ${span(settledAt - createdAt)}`]),
    ...(outcome?.duplicateDelivery ? ['delivered more than once'] : []),
  ]
  return [
    mark(outcome === null ? 'open' : (seals[outcome.status] ?? 'open'), 30, 34),
    words(fitted(heading, 18, 480), { x: 46, y: 40, 'font-size': 18, 'font-weight': 600, fill: 'words' }),
    words(fitted(plain(record.id), 13, 330), { x: width - 28, y: 38, 'font-size': 13, 'text-anchor': 'end', fill: 'muted' }),
    words(parts.join(' · '), { x: 46, y: 62, 'font-size': 13, fill: 'muted' }),
  ].join('')
}

/** A pole for each moment that concerns the whole notification; of poles that stand close together the last alone is named. */
function poles({ timeline }: NotificationRecord, axis: TimeAxis, bottom: number): string[] {
  const found = timeline.flatMap((entry, index) => {
    const x = axis.entries[index]!
    if (entry.type === 'notification.cancel-requested') return [{ x, name: 'cancel', ink: 'idle' as Ink }]
    if (entry.type !== 'notification.settled' && entry.type !== 'notification.corrected') return []
    return [{ x, name: entry.type.replace('notification.', ''), ink: (inks[entry.status] ?? 'idle') as Ink }]
  })
  return found.map(({ x, name, ink }, index) => {
    const crowded = found.slice(index + 1).some((other) => Math.abs(other.x - x) < 56)
    return [
      element('line', { x1: x, x2: x, y1: top - 4, y2: bottom, stroke: ink, 'stroke-width': 1.5, 'stroke-dasharray': '4 4' }),
      crowded
        ? ''
        : words(name, { x, y: top - 9, 'font-size': 11, 'text-anchor': 'middle', fill: ink === 'idle' ? 'muted' : ink }),
    ].join('')
  })
}

/** From the end of each channel that did not deliver to the start of the one that was tried in its place. */
function arrows({ steps, timeline }: NotificationRecord, courses: readonly Course[], axis: TimeAxis): string[] {
  return timeline.flatMap((entry, index) => {
    if ((entry.type !== 'step.failed' && entry.type !== 'step.timed-out') || steps[entry.step]!.required) return []
    const from = axis.entries[index]!
    const next = courses.findIndex(
      ({ start }, step) => step > entry.step && start !== null && start >= from && !steps[step]!.required,
    )
    if (next === -1) return []
    const to = courses[next]!.start!
    const y = top + next * laneHeight + middle
    const close = to - from < 16
    const way = close ? `V${y - 13}` : `V${y - 8}Q${round(from)} ${y} ${round(from + 8)} ${y}H${round(to - 6)}`
    const tip = close ? `M${round(from - 4)} ${y - 15}l4 6l4-6z` : `M${round(to - 8)} ${y - 4}l6 4l-6 4z`
    const d = `M${round(from)} ${top + entry.step * laneHeight + middle + 8}${way}`
    return [
      element('path', { d, fill: 'none', stroke: 'muted', 'stroke-width': 1.5 }),
      element('path', { d: tip, fill: 'muted' }),
    ]
  })
}
