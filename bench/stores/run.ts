import type { EngineName, Place } from './engines.ts'

/** How much is measured. */
export interface Size {
  readonly rounds: number
  /** Of one run of one contender. */
  readonly milliseconds: number
  /** How many notifications are in hand at a time. */
  readonly inHand: readonly number[]
  /** Arrivals per second where latency is measured. */
  readonly arrivals: number
  /** Wake-ups whose lateness is measured. */
  readonly wakeUps: number
  /** How many workers share a backlog. */
  readonly workers: readonly number[]
  readonly backlog: number
  /** How many notifications wait while claims are measured. */
  readonly pending: readonly number[]
}

/** One run of the benchmark. */
export interface Run {
  readonly size: Size
  /** A place that nobody else has. */
  place(engine: EngineName): Place
  /** Whether a family of engines is asked for. */
  wants(family: 'sqlite' | 'postgres' | 'redis'): boolean
  /** Says how far it is. */
  note(words: string): void
}

/** Numbers to quote. */
export const fullSize: Size = {
  rounds: 5,
  milliseconds: 2000,
  inHand: [1, 64, 256],
  arrivals: 200,
  wakeUps: 1000,
  workers: [1, 2, 3, 4],
  backlog: 30_000,
  pending: [1000, 10_000, 100_000, 1_000_000],
}

/** To see that it runs, and the order of magnitude. */
export const quickSize: Size = {
  rounds: 1,
  milliseconds: 700,
  inHand: [1, 64],
  arrivals: 200,
  wakeUps: 200,
  workers: [1, 2],
  backlog: 4000,
  pending: [1000, 10_000],
}
