import type { Rounds } from './kit/contender.ts'

/** One run of the benchmark. */
export interface Run {
  readonly size: Rounds
  /** To see that it runs: a few seconds a section, and little memory. */
  readonly quick: boolean
  /** Says how far it is. */
  note(words: string): void
}

/** Numbers to quote. */
export const fullSize: Rounds = { rounds: 7, milliseconds: 400 }

/** To see that it runs, and the order of magnitude. */
export const quickSize: Rounds = { rounds: 1, milliseconds: 40 }
