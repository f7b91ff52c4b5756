import { plain } from '../../cascade/timeline-words.ts'
import type { Channel } from '../../contract/channel.ts'
import { span } from '../../pictures/span.ts'
import { element, escapeXml, fitted, type Ink, picture, type Theme, width, words } from '../../pictures/svg.ts'
import type { Bin } from './distribution.ts'
import { formatSimulation, percent, stretch } from './format.ts'
import { channelsOf, named, type Simulation, type Simulations } from './result.ts'

/** How `simulationSvg` draws. */
export interface SimulationSvgOptions {
  /** `auto`, the default, follows the reader's system. */
  readonly theme?: Theme
}

/** A bar of a histogram, and what a pointer over it is told. */
interface Bar {
  readonly label: string
  readonly share: number
  readonly told: string
}

const rise = 96
const line = 22
const outcomes = { x: 32, width: 280 }
const times = { x: 356, width: 340 }
const costs = { x: 740, width: 188 }

/**
 * Draws one simulation, or several below one another on the same scales: who delivers, how long it takes to reach somebody, what it costs. SVG that
 * stands alone, without scripts, links or ids, with the table of `formatSimulation` for those who listen. The same result gives the same picture.
 */
export function simulationSvg(simulations: Simulations, { theme = 'auto' }: SimulationSvgOptions = {}): string {
  const all = named(simulations)
  const results = all.map(([, simulation]) => simulation)
  const channels = channelsOf(results)
  const block = Math.max(rise + 46, (channels.length + 1) * line + 8) + 78
  const height = 40 + all.length * block
  const name = plain(
    [
      'Simulation of a cascade',
      all
        .map(([title]) => title)
        .filter((title) => title !== '')
        .join(', '),
    ]
      .filter(Boolean)
      .join(': '),
  )
  const steps = stretches(results)
  const blocks = all.map(([title, result], at) => drawn(plain(title), result, channels, steps, 32 + at * block, block - 16))
  return picture({ name, words: formatSimulation(simulations), height, theme }, headings(), ...blocks)
}

function headings(): string {
  const heading = (text: string, x: number) => words(text, { x, y: 22, 'font-size': 12, fill: 'muted' })
  return [
    heading('delivered by', outcomes.x),
    heading('time to reach', times.x),
    heading('cost of a notification', costs.x),
  ].join('')
}

function drawn(
  title: string,
  result: Simulation,
  channels: readonly Channel[],
  steps: readonly Bin[],
  top: number,
  height: number,
): string {
  const summary = [
    `${percent(result.reached)} reached`,
    `${percent(result.duplicates)} more than once`,
    ...(result.timeToReach === null
      ? []
      : [`half within ${span(result.timeToReach.p50)}, 95 % within ${span(result.timeToReach.p95)}`]),
    ...(result.cost === null ? [] : [`${result.cost.mean.toFixed(4)} ${result.cost.currency} for each`]),
  ].join(' · ')
  const y = top + 68
  return [
    element('rect', { x: 16, y: top, width: width - 32, height, rx: 6, fill: 'lane' }),
    words(fitted(title || 'As simulated', 15, width - 64), {
      x: 32,
      y: top + 26,
      'font-size': 15,
      'font-weight': 600,
      fill: 'words',
    }),
    words(fitted(summary, 12, width - 64), { x: 32, y: top + 46, 'font-size': 12, fill: 'muted' }),
    ...channels.map((channel, at) => rung(channel, result.deliveredBy[channel] ?? 0, 'good', y + at * line)),
    rung('not delivered', 1 - result.outcomes.delivered, 'bad', y + channels.length * line),
    histogram(result.timeToReach === null ? [] : barsOfTime(result, steps), times, y),
    histogram(result.cost === null ? [] : barsOfCost(result.cost), costs, y),
  ].join('')
}

/** A share as a bar from left to right, with its name and its number. */
function rung(name: string, share: number, ink: Ink, y: number): string {
  const [from, room] = [outcomes.x + 92, outcomes.width - 92 - 56]
  return [
    words(fitted(name, 12, 88), { x: outcomes.x, y: y + 12, 'font-size': 12, fill: 'words' }),
    element('rect', { x: from, y: y + 2, width: room, height: 12, rx: 3, fill: 'ground' }),
    share > 0 ? element('rect', { x: from, y: y + 2, width: Math.max(1, room * share), height: 12, rx: 3, fill: ink }) : '',
    words(percent(share), { x: outcomes.x + outcomes.width, y: y + 12, 'font-size': 12, 'text-anchor': 'end', fill: 'muted' }),
  ].join('')
}

function histogram(bars: readonly Bar[], { x, width: room }: { readonly x: number; readonly width: number }, y: number): string {
  const floor = y + rise + 12
  const each = room / Math.max(1, bars.length)
  // Labels of 10 pixels: one for every 34 of them.
  const every = Math.max(1, Math.ceil(34 / each))
  return [
    element('line', { x1: x, x2: x + room, y1: floor, y2: floor, stroke: 'line' }),
    ...bars.map(({ label, share, told }, at) => {
      const left = x + at * each
      const high = share > 0 ? Math.max(1, share * rise) : 0
      return [
        element(
          'rect',
          { x: left + 1, y: floor - high, width: each - 2, height: high, fill: 'call' },
          element('title', {}, escapeXml(told)),
        ),
        share >= 0.0005 && each >= 30
          ? words(percent(share), {
              x: left + each / 2,
              y: floor - high - 4,
              'font-size': 10,
              'text-anchor': 'middle',
              fill: 'muted',
            })
          : '',
        at % every === 0
          ? words(label, { x: left + each / 2, y: floor + 14, 'font-size': 10, 'text-anchor': 'middle', fill: 'muted' })
          : '',
      ].join('')
    }),
  ].join('')
}

/** The stretches of time of all results together, so that their pictures have one scale. */
function stretches(results: readonly Simulation[]): readonly Bin[] {
  const found = new Map(results.flatMap(({ timeToReach }) => timeToReach?.histogram ?? []).map((bin) => [bin.from, bin]))
  return [...found.values()].sort((a, b) => a.from - b.from)
}

function barsOfTime({ timeToReach, reached }: Simulation, steps: readonly Bin[]): readonly Bar[] {
  return steps.map((bin) => {
    const share = (timeToReach!.histogram.find(({ from }) => from === bin.from)?.share ?? 0) * reached
    const label = Number.isFinite(bin.to) ? `<${span(bin.to)}` : `≥${span(bin.from)}`
    return { label, share, told: `${stretch(bin)}: ${percent(share)}` }
  })
}

function barsOfCost({ histogram: bins, currency }: NonNullable<Simulation['cost']>): readonly Bar[] {
  return bins.map(({ from, share }) => ({
    label: String(Number(from.toFixed(4))),
    share,
    told: `${from.toFixed(4)} ${currency}: ${percent(share)}`,
  }))
}
