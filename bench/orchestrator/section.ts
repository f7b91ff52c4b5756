import { resolve } from 'node:path'
import { type Contender, contest } from '../kit/contender.ts'
import type { Sample } from '../kit/figures.ts'
import { inProcess } from '../kit/worker.ts'
import type { Run } from '../run.ts'
import type { Name, Task } from './child.ts'

const names: Readonly<Record<Name, string>> = {
  'by-hand': 'limit: by hand, await and catch',
  ours: 'ours: record, timeline, events, idempotency',
  cockatiel: 'cockatiel, a fallback policy',
  notifme: 'notifme-sdk',
  novu: '@novu/stateless, SMS in Handlebars',
}

/** Microseconds for one notification through providers that do nothing, each contender in a process of its own. */
export async function orchestrator({ size, quick, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const fallback of [false, true]) {
    const all = (Object.keys(names) as Name[]).filter((name) => !fallback || name !== 'novu')
    const contenders = all.map((name) => contender({ name, fallback, warmUp: quick ? 0 : 2000 }))
    samples.push(...(await contest({ section: 'orchestrator', unit: 'us' }, contenders, size, (perSecond) => 1e6 / perSecond)))
    note(`orchestrator, ${contenders[0]?.group}`)
  }
  return samples
}

function contender(task: Task): Contender {
  const { name, fallback } = task
  const idOf = (other: Name) => `orchestrator ${fallback ? 'fallback' : 'plain'} ${other}`
  const shared = {
    group: fallback ? 'the first provider refuses, the second accepts' : 'one provider, which accepts',
    id: idOf(name),
    what: names[name],
    open: inProcess(resolve(import.meta.dirname, 'child.ts'), task),
  }
  if (name === 'by-hand') return shared
  if (name !== 'ours') return { ...shared, beside: idOf('by-hand'), isPeer: true }
  const of = idOf('notifme')
  return { ...shared, beside: idOf('by-hand'), goal: { ratioAtMost: 0.2, of }, moonshot: { ratioAtMost: 0.1, of } }
}
