import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What the process holds, in megabytes, just after garbage was collected. */
export interface MemorySample {
  readonly settled: number
  readonly rss: number
  readonly heap: number
  /** Buffers outside the heap. */
  readonly external: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const mega = 1024 * 1024

/** Collects garbage and looks at what is left. */
export function sampleMemory(settled: number): MemorySample {
  collect()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { settled, rss: rss / mega, heap: heapUsed / mega, external: external / mega }
}

/** How something has grown over the second half of a run, in megabytes: the slope of the line that fits best, times its length. */
export function growthOf(samples: readonly MemorySample[], name: 'rss' | 'heap' | 'external'): { growth: number; noise: number } {
  const half = samples.slice(Math.floor(samples.length / 2))
  const count = half.length
  const mean = (of: (sample: MemorySample) => number) => half.reduce((sum, sample) => sum + of(sample), 0) / count
  const [x, y] = [mean(({ settled }) => settled), mean((sample) => sample[name])]
  const spread = mean(({ settled }) => (settled - x) ** 2)
  const slope = spread === 0 ? 0 : mean((sample) => (sample.settled - x) * (sample[name] - y)) / spread
  const noise = Math.sqrt(mean((sample) => (sample[name] - y - slope * (sample.settled - x)) ** 2))
  return { growth: slope * ((half.at(-1)?.settled ?? 0) - (half[0]?.settled ?? 0)), noise }
}
