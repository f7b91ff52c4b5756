import { resolve } from 'node:path'
import type { Sample } from '../kit/figures.ts'
import { startWorker, type Worker } from '../kit/worker.ts'
import type { Run } from '../run.ts'
import type { Name, Task } from './child.ts'

const names: Readonly<Record<Name, string>> = {
  'by-hand': 'limit: by hand, await and catch',
  ours: 'ours: record, timeline, events, idempotency',
  cockatiel: 'cockatiel, a fallback policy',
  notifme: 'notifme-sdk',
  novu: '@novu/stateless, SMS in Handlebars',
}

/** Microseconds of processor time for one notification through providers that do nothing, each contender in a process of its own. */
export async function orchestrator({ size, quick, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const fallback of [false, true]) {
    const all = (Object.keys(names) as Name[]).filter((name) => !fallback || name !== 'novu')
    const workers: (readonly [Name, Worker])[] = []
    try {
      for (const name of all) {
        const task: Task = { name, fallback, warmUp: quick ? 0 : 3000 }
        workers.push([name, await startWorker(resolve(import.meta.dirname, 'child.ts'), task)])
      }
      for (let round = 0; round < size.rounds; round++)
        for (const [name, { run }] of workers) samples.push(sampleOf(name, fallback, await run(size.milliseconds)))
    } finally {
      for (const [, { close }] of workers) close()
    }
    note(`orchestrator, ${fallback ? 'one fallback' : 'no fallback'}`)
  }
  return samples
}

function sampleOf(name: Name, fallback: boolean, value: number): Sample {
  const idOf = (other: Name) => `orchestrator ${fallback ? 'fallback' : 'plain'} ${other}`
  const shared: Sample = {
    section: 'orchestrator',
    unit: 'us',
    value,
    group: fallback ? 'the first provider refuses, the second accepts' : 'one provider, which accepts',
    id: idOf(name),
    what: names[name],
  }
  if (name === 'by-hand') return shared
  if (name !== 'ours') return { ...shared, beside: idOf('by-hand'), isPeer: true }
  const of = idOf('notifme')
  return { ...shared, beside: idOf('by-hand'), goal: { ratioAtMost: 0.2, of }, moonshot: { ratioAtMost: 0.1, of } }
}
