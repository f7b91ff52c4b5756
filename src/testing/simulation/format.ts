import { plain } from '../../cascade/timeline-words.ts'
import { span } from '../../pictures/span.ts'
import type { Bin } from './distribution.ts'
import { channelsOf, named, type Simulation, type Simulations } from './result.ts'

type Cell = (simulation: Simulation) => string
type Row = readonly [label: string, cell: Cell]

const none = '-'
const barWidth = 40

/** A table of one simulation, with the times to reach somebody as a histogram, or of several side by side. Plain text, for a terminal or a ticket. */
export function formatSimulation(simulations: Simulations): string {
  const all = named(simulations)
  const [first] = all
  if (first === undefined) return ''
  const results = all.map(([, simulation]) => simulation)
  const rows = rowsFor(results).map(([label, cell]) => [label, ...results.map(cell)])
  const table = aligned(all.length === 1 && first[0] === '' ? rows : [['', ...all.map(([name]) => plain(name))], ...rows])
  const histogram = all.length === 1 ? ['', ...barsOf(first[1])] : []
  return [...table, ...histogram, '', footer(results)].join('\n')
}

function rowsFor(results: readonly Simulation[]): readonly Row[] {
  const channels = channelsOf(results)
  const isSeen = (status: keyof Simulation['outcomes']) => results.some(({ outcomes }) => outcomes[status] > 0)
  const time =
    (of: 'timeToReach' | 'timeToSettle', at: 'p50' | 'p95' | 'p99'): Cell =>
    (result) =>
      result[of] === null ? none : span(result[of][at])
  const money =
    (of: (cost: NonNullable<Simulation['cost']>) => number | null): Cell =>
    ({ cost }) => {
      const amount = cost && of(cost)
      return amount === null ? none : `${amount.toFixed(4)} ${cost!.currency}`
    }
  const costs: readonly Row[] = [
    ['cost of a notification, mean', money(({ mean }) => mean)],
    ['  median', money(({ p50 }) => p50)],
    ['  95 % cost at most', money(({ p95 }) => p95)],
    ['  for each one delivered', money(({ perDelivered }) => perDelivered)],
  ]
  return [
    ['delivered, by the record', ({ outcomes }) => percent(outcomes.delivered)],
    ...channels.map((channel): Row => [`  by ${channel}`, ({ deliveredBy }) => percent(deliveredBy[channel] ?? 0)]),
    ...(['failed', 'expired', 'unsettled'] as const)
      .filter((status) => status === 'failed' || isSeen(status))
      .map((status): Row => [status, ({ outcomes }) => percent(outcomes[status])]),
    ['reached', ({ reached }) => percent(reached)],
    ['  more than once', ({ duplicates }) => percent(duplicates)],
    ['time to reach, median', time('timeToReach', 'p50')],
    ['  95 % within', time('timeToReach', 'p95')],
    ['  99 % within', time('timeToReach', 'p99')],
    ['time to settle, median', time('timeToSettle', 'p50')],
    ['  95 % within', time('timeToSettle', 'p95')],
    ['messages for a notification', ({ messages }) => sum(Object.values(messages)).toFixed(3)],
    ...channels.map((channel): Row => [`  ${channel}`, ({ messages }) => (messages[channel] ?? 0).toFixed(3)]),
    ...(results.some(({ cost }) => cost !== null) ? costs : []),
  ]
}

function barsOf({ timeToReach, reached }: Simulation): readonly string[] {
  if (timeToReach === null) return []
  const most = Math.max(...timeToReach.histogram.map(({ share }) => share))
  const rows = timeToReach.histogram.map((bin) => [
    `reached in ${stretch(bin)}`,
    percent(bin.share * reached),
    bin.share === 0 ? '' : '='.repeat(Math.max(1, Math.round((bin.share / most) * barWidth))),
  ])
  return aligned(rows, 2)
}

/** A stretch of time in words: `5 s to 10 s`. */
export function stretch({ from, to }: Bin): string {
  return Number.isFinite(to) ? `${span(from)} to ${span(to)}` : `${span(from)} or more`
}

function footer(results: readonly Simulation[]): string {
  const counts = [...new Set(results.map(({ runs }) => runs.toLocaleString('en')))]
  const seeds = [...new Set(results.map(({ seed }) => seed))]
  const fewest = Math.min(...results.map(({ runs }) => runs))
  // Twice the standard error of a share of one half, which no other share exceeds.
  const error = (100 / Math.sqrt(fewest)).toFixed(1)
  return `${counts.join(' and ')} runs${results.length > 1 ? ' each' : ''}, seed ${seeds.join(' and ')}: shares are good to ${error} points`
}

/** Cells in columns: the first from the left, those after it from the right, up to `right` of them. */
function aligned(rows: readonly (readonly string[])[], right = Number.POSITIVE_INFINITY): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const pad = (cell: string, column: number) =>
    column === 0 || column >= right ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return rows.map((row) => row.map(pad).join('  ').trimEnd())
}

/** A share in words: `98.2 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
