import { because, plain } from '../cascade/timeline-words.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'
import type { Course, Stretch } from './course.ts'
import { mark, round, title } from './marks.ts'
import { element, escapeXml, fitted, type Ink, widthOf, words } from './svg.ts'

/** How far below its top a lane's bars run. */
export const middle = 24
export const laneHeight = 60

/** Where lanes are drawn: their bars lie between `left` and `right`, their labels to the left. */
export interface Sheet {
  readonly left: number
  readonly right: number
  /** What is said of each entry of the timeline. */
  readonly told: readonly string[]
}

/** Draws one step: its stretches, its marks, and in words how it stands. */
export function lane(sheet: Sheet, record: NotificationRecord, step: number, course: Course, top: number): string {
  const { left, right, told } = sheet
  const y = top + middle
  const tell = (entry: number | null) => (entry === null ? '' : told[entry]!)
  const late = course.telling === null && record.settledAt !== null
  const remark = course.telling === null ? (late ? 'not needed' : 'its turn has not come') : tell(course.telling)
  return [
    label(record.steps[step]!, left, y),
    ...[false, true].flatMap((calls) =>
      course.stretches
        .filter(({ type }) => (type === 'call') === calls)
        .map((stretch) => bar(stretch, y, tell(stretch.entry), !course.points.some(({ x }) => Math.abs(x - stretch.to) < 12))),
    ),
    ...course.points.map((point) => mark(point.mark, point.x, y, tell(point.entry))),
    remarkBeside(remark, course, left, right, y),
  ].join('')
}

/** A bar; what became of a call is drawn on it as well, for those who do not see its colour. */
export function bar({ type, from, to, fault, reason }: Omit<Stretch, 'entry'>, y: number, told: string, signed = true): string {
  if (type === 'call') {
    const ink: Ink = fault === 'failed' ? 'bad' : fault === 'unknown' ? 'warn' : 'call'
    const wide = Math.max(6, to - from)
    const x = from + wide / 2
    const sign = { failed: `M${round(x - 3)} ${y - 3}l6 6m0-6l-6 6`, unknown: `M${round(x - 4)} ${y}h.1m3.9 0h.1m3.9 0h.1` }
    return [
      element('rect', { x: from, y: y - 7, width: wide, height: 14, rx: 4, fill: ink }, ...title(told)),
      fault === null || !signed || wide < 14
        ? ''
        : element('path', { d: sign[fault], fill: 'none', stroke: 'ground', 'stroke-width': 2, 'stroke-linecap': 'round' }),
    ].join('')
  }
  const line = { x1: from, x2: to, y1: y, y2: y }
  if (type === 'wait') return element('line', { ...line, stroke: 'wait', 'stroke-width': 6 }, ...title(told))
  const why = reason === null ? '' : because(reason)
  return [
    element(
      'line',
      { ...line, stroke: 'idle', 'stroke-width': 2, 'stroke-dasharray': '2 5', 'stroke-linecap': 'round' },
      ...title(told),
    ),
    why === '' || widthOf(why, 11) > to - from
      ? ''
      : words(why, { x: (from + to) / 2, y: y - 7, 'font-size': 11, 'text-anchor': 'middle', fill: 'muted' }),
  ].join('')
}

/** The channel, who served it, and whether it was required. */
function label({ channel, delegated, required, through, attempts }: StepRecord, left: number, y: number): string {
  const width = left - 40
  const tried = [...new Set(attempts.map(({ provider }) => provider))]
  const providers = plain(tried.length > 0 ? tried.join(', ') : (through ?? ''))
  const second = [providers === channel ? '' : providers, required ? 'required' : ''].filter((part) => part !== '').join(' · ')
  const name = fitted(plain(delegated?.join('/') ?? channel), 14, width)
  return [
    words(name, { x: 28, y: y + 1, 'font-size': 14, 'font-weight': 600, fill: 'words' }),
    second === '' ? '' : words(fitted(second, 12, width), { x: 28, y: y + 19, 'font-size': 12, fill: 'muted' }),
  ].join('')
}

/** Words beside the last mark, or below the bars where there is no room. The halo keeps what they cross from striking them out. */
function remarkBeside(remark: string, { stretches, points }: Course, left: number, right: number, y: number): string {
  const size = 12
  const furthest = Math.max(left, ...points.map(({ x }) => x), ...stretches.map(({ to }) => to))
  const first = Math.min(right, ...points.map(({ x }) => x), ...stretches.map(({ from }) => from))
  const fits = furthest + 15 + widthOf(remark, size) <= right
  const shown = fits ? remark : fitted(remark, size, right - left)
  const below = Math.max(left, Math.min(first, right - widthOf(shown, size)))
  const at = fits ? { x: furthest + 15, y: y + 4 } : { x: below, y: y + 25 }
  const halo = { stroke: 'lane', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' } as const
  return element(
    'text',
    { ...at, 'font-size': size, fill: 'muted', ...halo },
    ...title(shown === remark ? '' : remark),
    escapeXml(shown),
  )
}
