import { resolve } from 'node:path'
import { inChild } from '../kit/child.ts'
import type { Sample } from '../kit/figures.ts'
import type { Run } from '../run.ts'
import type { Found, Name, Task } from './child.ts'

const names: Readonly<Record<Name, string>> = {
  'by-hand': 'by hand: a call that is awaited',
  ours: 'ours: a durable record that awaits its receipt',
  'ours-keyed': 'ours, the same with an idempotency key',
  cockatiel: 'cockatiel: a call that is awaited',
  notifme: 'notifme-sdk: a call that is awaited',
}
// What a heap holds hardly varies.
const rounds = 3

/** Heap for each of many notifications that are under way, and the timers that they hold. */
export async function inFlight({ quick, note }: Run): Promise<Sample[]> {
  const count = quick ? 5000 : 100_000
  const samples: Sample[] = []
  for (let round = 0; round < (quick ? 1 : rounds); round++)
    for (const name of Object.keys(names) as Name[]) samples.push(...(await samplesOf({ name, count })))
  note('in-flight')
  return samples
}

async function samplesOf(task: Task): Promise<Sample[]> {
  const { name, count } = task
  const { bytes, timers } = await inChild<Found>(resolve(import.meta.dirname, 'child.ts'), task, ['--expose-gc'])
  const isOurs = name.startsWith('ours')
  const sample = { section: 'in-flight', group: `heap for each of ${count.toLocaleString('en')}`, what: names[name] }
  const limit = 'in-flight by-hand'
  const heap: Sample = {
    ...sample,
    id: `in-flight ${name}`,
    unit: 'bytes',
    value: bytes,
    ...(name !== 'by-hand' && { beside: limit }),
    ...(isOurs ? { goal: { most: 2.5 * 1024 } } : name !== 'by-hand' && { isPeer: true }),
  }
  if (name !== 'ours') return [heap]
  const group = 'timers in all'
  return [heap, { ...sample, group, id: 'in-flight timers', unit: 'timers', value: timers, goal: { most: 1 } }]
}
