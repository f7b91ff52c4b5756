import type { Clock } from '../cascade/timeline-words.ts'
import type { TimelineEntry } from '../contract/events.ts'
import { span } from './span.ts'
import { element, widthOf, words } from './svg.ts'

/** Where moments are drawn. */
export interface TimeAxis {
  /** Of each entry of the timeline, in its order. */
  readonly entries: readonly number[]
  /** Of any other moment. */
  at(time: number): number
  /** Whether long stretches are drawn shorter than they were. */
  readonly shortened: boolean
  /** Each moment, where it is drawn first. */
  readonly moments: readonly { readonly time: number; readonly x: number }[]
}

interface Slot {
  readonly time: number
  x: number
}

/** What ends a call, or comes after it: drawn to the right of what it follows, also in the same millisecond. */
const follows = /^attempt\.(?!started)/

const least = 24

/**
 * Lays the moments of a timeline out from `left` to `right`. As true to scale as it can be with room between neighbours: two seconds and
 * two days go into one picture, and then long stretches are drawn shorter than they were.
 */
export function timeAxis(timeline: readonly TimelineEntry[], more: readonly number[], left: number, right: number): TimeAxis {
  const slots: Slot[] = []
  const last = new Map<number, Slot>()
  const chosen = timeline.map((entry) => {
    const before = slots.at(-1)
    // Processes may differ by seconds in their clocks; the order is the timeline's.
    const time = Math.max(entry.at, before?.time ?? entry.at)
    const lane = 'step' in entry ? entry.step : -1
    const crowded = before !== undefined && before.time === time && last.get(lane) === before && follows.test(entry.type)
    const slot = before === undefined || before.time !== time || crowded ? { time, x: 0 } : before
    if (slot !== before) slots.push(slot)
    last.set(lane, slot)
    return slot
  })
  for (const time of more) if (!slots.some((slot) => slot.time === time)) slots.push({ time, x: 0 })
  slots.sort((a, b) => a.time - b.time)

  const { widths, shortened } = spread(
    slots.slice(1).map((slot, index) => slot.time - slots[index]!.time),
    right - left,
  )
  let x = left
  for (const [index, slot] of slots.entries()) {
    x += index === 0 ? 0 : widths[index - 1]!
    slot.x = x
  }
  return {
    entries: chosen.map((slot) => slot.x),
    at(time) {
      const next = slots.findIndex((slot) => slot.time > time)
      if (next === -1) return slots.at(-1)?.x ?? left
      if (next === 0) return left
      const [a, b] = [slots[next - 1]!, slots[next]!]
      return a.x + ((b.x - a.x) * (time - a.time)) / (b.time - a.time)
    },
    shortened,
    moments: slots.filter((slot, index) => slot.time !== slots[index - 1]?.time),
  }
}

/** Widths of gaps: proportional if most are then wide enough, else to a power of their time, the highest that makes them so. */
function spread(gaps: readonly number[], width: number): { widths: number[]; shortened: boolean } {
  const floor = Math.min(least, (width * 0.6) / Math.max(1, gaps.length))
  for (let power = 1; ; power -= 0.1) {
    const shares = gaps.map((gap) => gap ** power * Number(gap > 0))
    const sum = shares.reduce((total, share) => total + share, 0) || 1
    const room = width - floor * gaps.length
    const widths = shares.map((share) => floor + (room * share) / sum)
    const natural = shares.map((share) => (width * share) / sum).filter((share) => share > 0)
    const wide = natural.filter((share) => share >= floor).length
    if (power < 0.35 || wide >= natural.length * 0.6) return { widths, shortened: power < 1 }
  }
}

/** A line with the time since creation and the time of day, at as many moments as have room for them. */
export function ticks(
  { moments }: TimeAxis,
  createdAt: number,
  clock: Clock,
  { left, right, y }: { readonly left: number; readonly right: number; readonly y: number },
): string {
  const drawn = [element('line', { x1: left, x2: right - 12, y1: y, y2: y, stroke: 'line', 'stroke-width': 1.5 })]
  const taken: (readonly [from: number, to: number])[] = []
  // The first and the last before those in between.
  for (const { time, x } of new Set([...moments.slice(0, 1), ...moments.slice(-1), ...moments])) {
    const since = time > createdAt ? `+${span(time - createdAt)}` : '0'
    const half = Math.max(widthOf(since, 12), widthOf(clock(time), 11)) / 2
    const at = Math.min(Math.max(x, left + half - 14), right - half)
    if (taken.some(([from, to]) => at - half < to + 10 && at + half > from - 10)) continue
    taken.push([at - half, at + half])
    drawn.push(
      element('line', { x1: x, x2: x, y1: y - 4, y2: y + 4, stroke: 'muted', 'stroke-width': 1.5 }),
      words(since, { x: at, y: y + 20, 'font-size': 12, 'text-anchor': 'middle', fill: 'words' }),
      words(clock(time), { x: at, y: y + 35, 'font-size': 11, 'text-anchor': 'middle', fill: 'muted' }),
    )
  }
  return drawn.join('')
}
