/** How values are spread. */
export interface Distribution {
  readonly count: number
  readonly mean: number
  readonly p5: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly histogram: readonly Bin[]
}

/** Values from `from` up to, and without, `to`; where both are the same, just this value. */
export interface Bin {
  readonly from: number
  readonly to: number
  /** Of all values, between 0 and 1. */
  readonly share: number
}

/** Lays the edges of a histogram, of values in rising order. */
type Edges = (sorted: readonly number[]) => readonly (readonly [from: number, to: number])[]

const s = 1000
const m = 60 * s
const h = 60 * m
const d = 24 * h
const moments = [
  0,
  s,
  2 * s,
  5 * s,
  10 * s,
  20 * s,
  30 * s,
  m,
  2 * m,
  5 * m,
  10 * m,
  20 * m,
  30 * m,
  h,
  2 * h,
  5 * h,
  12 * h,
  d,
  2 * d,
  7 * d,
]

/** Edges for lengths of time: those that people speak of, the same for any values. */
export function momentsOf(sorted: readonly number[]): ReturnType<Edges> {
  const all = moments.map((from, at) => [from, moments[at + 1] ?? Number.POSITIVE_INFINITY] as const)
  const first = all.findIndex(([, to]) => sorted[0]! < to)
  const last = all.findIndex(([, to]) => sorted.at(-1)! < to)
  return all.slice(first, last + 1)
}

/** Edges for amounts: each amount by itself, or, where there are many, a dozen equal stretches. */
export function valuesOf(sorted: readonly number[]): ReturnType<Edges> {
  const distinct = [...new Set(sorted)]
  if (distinct.length <= 12) return distinct.map((value) => [value, value])
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  const edge = (at: number) => (at === 12 ? Number.POSITIVE_INFINITY : least + ((most - least) * at) / 12)
  return Array.from({ length: 12 }, (_, at) => [edge(at), edge(at + 1)])
}

/** The distribution of values, or null if there are none. */
export function distributionOf(values: readonly number[], edges: Edges): Distribution | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  const histogram = edges(sorted).map(([from, to]) => {
    const count = sorted.filter((value) => (from === to ? value === from : value >= from && value < to)).length
    return { from, to, share: count / sorted.length }
  })
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  return { count: sorted.length, mean, p5: at(0.05), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1)!, histogram }
}
