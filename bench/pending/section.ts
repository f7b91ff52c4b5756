import { resolve } from 'node:path'
import { inChild } from '../kit/child.ts'
import type { Sample } from '../kit/figures.ts'
import type { Run } from '../run.ts'
import { type Costs, type Task, works } from './child.ts'

const groups: Readonly<Record<keyof Costs, string>> = {
  send: 'send one more',
  receipt: 'bring a receipt to one of them',
  due: 'wake one that is due, and send it',
}
// The memory of a million is filled anew each time.
const rounds = 3

/** Microseconds for one notification while many others are pending in the memory store. */
export async function pending({ quick, note }: Run): Promise<Sample[]> {
  const sizes = quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000]
  const samples: Sample[] = []
  for (let round = 0; round < (quick ? 1 : rounds); round++) {
    for (const count of sizes) {
      const task: Task = { count, works: quick ? 2000 : 10_000 }
      const costs = await inChild<Costs>(resolve(import.meta.dirname, 'child.ts'), task, ['--max-old-space-size=8192'])
      samples.push(...works.map((work) => sampleOf(work, count, costs[work])))
    }
  }
  note('pending')
  return samples
}

function sampleOf(work: keyof Costs, count: number, value: number): Sample {
  const idOf = (pending: number) => `pending ${work} ${pending}`
  return {
    section: 'pending',
    group: groups[work],
    id: idOf(count),
    what: `${count.toLocaleString('en')} pending`,
    unit: 'us',
    value,
    ...(count > 1000 && { beside: idOf(1000), goal: { ratioAtMost: 1.5 } }),
  }
}
