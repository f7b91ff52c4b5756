/** One number of the benchmark: the median of its rounds. */
export interface Figure {
  readonly section: string
  /** Within the section, what is to be compared with each other. */
  readonly group?: string
  /** Unique among all figures; `beside` names another's. */
  readonly id: string
  readonly what: string
  readonly unit: Unit
  readonly value: number
  readonly rounds: readonly number[]
  /** The figure that it is to be seen beside: a limit, or the same without us. */
  readonly beside?: string
  /** `value` divided by that of `beside`: above 1 is faster for a rate, slower for a time. */
  readonly ratio?: number
  /** Somebody else's work: the best of them in a group is what all of the group are compared with. */
  readonly isPeer?: boolean
  /** The best peer of the group, unless it is this one, and `value` divided by its value. */
  readonly bestPeer?: string
  readonly peerRatio?: number
  readonly goal?: Goal
  /** More than the goal: how far one would like to get. */
  readonly moonshot?: Goal
}

/** What the figure should be, or its ratio: to `beside`, or to the figure `of`. */
export type Goal =
  | { readonly least: number }
  | { readonly most: number }
  | { readonly ratioAtLeast: number; readonly of?: string }
  | { readonly ratioAtMost: number; readonly of?: string }

/** Those with `/s` are rates; the others are better the smaller they are. */
export type Unit = '/s' | 'MB/s' | 'us' | 'ms' | 'bytes' | 'KB' | 'MB' | 'timers'

/** What a round measured, before medians and ratios. */
export interface Sample extends Omit<Figure, 'value' | 'rounds' | 'ratio' | 'bestPeer' | 'peerRatio'> {
  readonly value: number
}

/** Sections of a benchmark in their order, each with what it is about. */
export type Titles = Readonly<Record<string, string>>

/** Medians of samples with the same id, and their ratios. */
export function figuresOf(samples: readonly Sample[]): readonly Figure[] {
  const rounds = new Map<string, number[]>()
  const firsts = new Map<string, Sample>()
  for (const sample of samples) {
    if (!firsts.has(sample.id)) firsts.set(sample.id, sample)
    rounds.set(sample.id, [...(rounds.get(sample.id) ?? []), sample.value])
  }
  const all = [...firsts.values()]
  const medianOf = (id: string | undefined) => (id === undefined ? Number.NaN : median(rounds.get(id) ?? []))
  const better = (one: Sample, other: Sample) => (medianOf(one.id) - medianOf(other.id)) * (isRate(one.unit) ? 1 : -1)
  return all.map((sample) => {
    const { section, group, id, beside } = sample
    const [best] = all
      .filter((peer) => peer.isPeer && peer.section === section && peer.group === group)
      .toSorted((a, b) => better(b, a))
    const ratio = medianOf(id) / medianOf(beside)
    const peerRatio = best === undefined || best.id === id ? Number.NaN : medianOf(id) / medianOf(best.id)
    return {
      ...sample,
      value: rounded(medianOf(id)),
      rounds: (rounds.get(id) ?? []).map(rounded),
      ...(Number.isFinite(ratio) && { ratio: rounded(ratio) }),
      ...(best !== undefined && Number.isFinite(peerRatio) && { bestPeer: best.id, peerRatio: rounded(peerRatio) }),
    }
  })
}

/** Whether a figure is what a goal says it should be; undefined if there is no goal. */
export function meets(
  goal: Goal | undefined,
  { value, ratio = Number.NaN }: Figure,
  all: readonly Figure[],
): boolean | undefined {
  if (goal === undefined) return undefined
  if ('least' in goal) return value >= goal.least
  if ('most' in goal) return value <= goal.most
  const own = goal.of === undefined ? ratio : value / (all.find(({ id }) => id === goal.of)?.value ?? Number.NaN)
  return 'ratioAtLeast' in goal ? own >= goal.ratioAtLeast : own <= goal.ratioAtMost
}

/** Whether a figure is ours: no peer's, and no limit's, which is seen beside nothing and has no goal. */
export const isOurs = ({ isPeer, beside, goal }: Figure): boolean => !isPeer && (beside !== undefined || goal !== undefined)

/** Whether more is better. */
export const isRate = (unit: Unit): boolean => unit.endsWith('/s')

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
