/** Something that stores notifications as fast as it can, ours or a bare engine by hand. */
export interface Contender {
  readonly id: string
  readonly what: string
  /** The contender that it is to be seen beside. */
  readonly beside?: string
  open(): Promise<Running>
}

/** A contender at work. */
export interface Running {
  /** Stores for about so many milliseconds, and gives how many were stored. Each is two writes: as it is when it begins, and accepted. */
  run(milliseconds: number): Promise<number>
  close(): Promise<void>
}

/** Runs each contender once a round, in turn, so that what disturbs the machine disturbs them all. */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
  milliseconds: number,
  onRate: (contender: Contender, perSecond: number) => void,
): Promise<void> {
  const running: Running[] = []
  try {
    for (const contender of contenders) running.push(await contender.open())
    // The first is not counted: it warms up the compiler and the caches.
    for (let round = 0; round <= rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        const began = performance.now()
        const count = (await running[index]?.run(round === 0 ? milliseconds / 2 : milliseconds)) ?? 0
        if (round > 0) onRate(contender, (count / (performance.now() - began)) * 1000)
      }
    }
  } finally {
    for (const one of running) await one.close()
  }
}
