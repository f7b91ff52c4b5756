import type { Sample } from './figures.ts'

/** Something that does as much as it can, ours or another's: what is told of it, and how it starts. */
export interface Contender extends Omit<Sample, 'section' | 'unit' | 'value'> {
  open(): Promise<Running>
}

/** A contender at work. */
export interface Running {
  /** Works for about so many milliseconds, and gives how much was done. */
  run(milliseconds: number): Promise<number>
  close(): Promise<void>
}

/** How long is measured. */
export interface Rounds {
  readonly rounds: number
  /** Of one run of one contender. */
  readonly milliseconds: number
}

/** Runs each contender once a round, in turn, so that what disturbs the machine disturbs them all. */
export async function interleaved(
  contenders: readonly Contender[],
  { rounds, milliseconds }: Rounds,
  onRate: (contender: Contender, perSecond: number) => void,
  clock: () => number = () => performance.now(),
): Promise<void> {
  const running: Running[] = []
  try {
    for (const contender of contenders) running.push(await contender.open())
    // The first is not counted: it warms up the compiler and the caches.
    for (let round = 0; round <= rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        const began = clock()
        const count = (await running[index]?.run(milliseconds)) ?? 0
        if (round > 0) onRate(contender, (count / (clock() - began)) * 1000)
      }
    }
  } finally {
    for (const one of running) await one.close()
  }
}

/** Milliseconds of processor time, threads for collecting garbage and compiling included: on a busy machine clocks on walls tell of others. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What contenders do in a second of processor time, as samples of a section. `of` makes the value of a rate per second. */
export async function contest(
  { section, unit }: Pick<Sample, 'section' | 'unit'>,
  contenders: readonly Contender[],
  rounds: Rounds,
  of: (perSecond: number) => number = (perSecond) => perSecond,
): Promise<Sample[]> {
  const samples: Sample[] = []
  const add = ({ open: _, ...told }: Contender, perSecond: number) => {
    samples.push({ ...told, section, unit, value: of(perSecond) })
  }
  await interleaved(contenders, rounds, add, processorTime)
  return samples
}

/** Opens what does its work again and again, and has nothing to close; `once` gives how much it did. */
export function repeating(once: () => number | Promise<number>): Contender['open'] {
  return async () => ({
    async run(milliseconds) {
      let count = 0
      for (const until = performance.now() + milliseconds; performance.now() < until; ) count += await once()
      return count
    },
    async close() {},
  })
}
