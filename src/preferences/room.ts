import type { CapPlace } from './interfaces.ts'

/** A place that somebody has. */
export interface Taken {
  readonly category: string | null
  readonly at: number
}

/** Null if there is room for a place beside the recipient's others; else the moment at which all its caps have room. */
export function roomAmong(taken: readonly Taken[], { caps, at }: Pick<CapPlace, 'caps' | 'at'>): number | null {
  let until: number | null = null
  for (const { category, count, per } of caps) {
    const times = taken
      .filter((other) => (category === null || other.category === category) && other.at > at - per)
      .map((other) => other.at)
      .sort((one, other) => other - one)
    // Room comes when the last but so many leaves the window.
    const last = times[count - 1]
    if (last !== undefined) until = Math.max(until ?? 0, last + per)
  }
  return until
}
