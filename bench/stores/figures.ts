/** One number of the benchmark: the median of its rounds. */
export interface Figure {
  readonly section: Section
  /** Unique among all figures; `beside` names another's. */
  readonly id: string
  readonly what: string
  readonly unit: Unit
  readonly value: number
  readonly rounds: readonly number[]
  /** The figure that it is to be seen beside. */
  readonly beside?: string
  /** `value` divided by that of `beside`: above 1 is faster for a rate, slower for a time. */
  readonly ratio?: number
  readonly goal?: Goal
}

/** What the figure, or its ratio, should be. */
export type Goal = { readonly least: number } | { readonly ratioAtLeast: number } | { readonly ratioAtMost: number }

/** Parts of the benchmark, in the order in which they run. */
export const sections = ['throughput', 'latency', 'wake-up', 'workers', 'receipts', 'pending', 'space'] as const

/** A part of the benchmark. */
export type Section = (typeof sections)[number]

/** `/s` is a rate; the others are better the smaller they are. */
export type Unit = '/s' | 'ms' | 'bytes'

/** What a round measured, before medians and ratios. */
export interface Sample extends Omit<Figure, 'value' | 'rounds' | 'ratio'> {
  readonly value: number
}

/** Medians of samples with the same id, and their ratios. */
export function figuresOf(samples: readonly Sample[]): readonly Figure[] {
  const rounds = new Map<string, number[]>()
  const firsts = new Map<string, Sample>()
  for (const sample of samples) {
    if (!firsts.has(sample.id)) firsts.set(sample.id, sample)
    rounds.set(sample.id, [...(rounds.get(sample.id) ?? []), sample.value])
  }
  const medianOf = (id: string | undefined) => (id === undefined ? Number.NaN : median(rounds.get(id) ?? []))
  return [...firsts.values()].map((sample) => {
    const ratio = medianOf(sample.id) / medianOf(sample.beside)
    const own = { ...sample, value: rounded(medianOf(sample.id)), rounds: (rounds.get(sample.id) ?? []).map(rounded) }
    return Number.isFinite(ratio) ? { ...own, ratio: rounded(ratio) } : own
  })
}

/** Whether a figure is what it should be; undefined if nobody said what that is. */
export function meetsGoal({ goal, value, ratio = Number.NaN }: Figure): boolean | undefined {
  if (goal === undefined) return undefined
  if ('least' in goal) return value >= goal.least
  return 'ratioAtLeast' in goal ? ratio >= goal.ratioAtLeast : ratio <= goal.ratioAtMost
}

/** The middle of some numbers; NaN if there are none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The number below which the share `share` of some numbers lies, interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** Three digits that count. */
export function rounded(value: number): number {
  return Number(value.toPrecision(value >= 1000 ? 4 : 3))
}
