import { resolve } from 'node:path'
import { inChild } from '../kit/child.ts'
import type { Sample } from '../kit/figures.ts'

/** What reads the stream, in a process of its own. */
export interface MemoryTask {
  readonly bytes: number
  readonly reader: 'ours, one by one' | 'ours, in batches' | 'split2'
}

/** By how much the memory of a process grows, at most, while it reads a long stream. */
export async function memory(bytes: number): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const reader of ['ours, one by one', 'ours, in batches', 'split2'] as const) {
    const task: MemoryTask = { bytes, reader }
    const grown = await inChild<number>(resolve(import.meta.dirname, 'memory-child.ts'), task)
    samples.push({
      section: 'samba',
      group: `peak memory above that at the start, NDJSON of ${bytes >> 20} MB`,
      id: `samba memory ${reader}`,
      what: reader,
      unit: 'MB',
      value: grown / 2 ** 20,
      ...(reader === 'split2' ? { isPeer: true } : { goal: { most: 64 } }),
    })
  }
  return samples
}
