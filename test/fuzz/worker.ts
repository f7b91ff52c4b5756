import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './fuzz.ts'
import { almostGrowthOf, type Growth, growthOf } from './growth.ts'
import type { Job, Report } from './pool.ts'
import type { Target } from './target.ts'
import { targets } from './targets.ts'

// One of several threads of `npm run fuzz`: takes jobs, and says in shared memory which input it is at, for whoever watches for hangs.
const at = new Int32Array(workerData as SharedArrayBuffer)
const port = parentPort!
const say = (report: Report) => port.postMessage(report)
const byName = new Map(targets.map((target) => [target.name, target]))

port.on('message', ({ target: name, slice }: Job) => {
  const target = byName.get(name)!
  if (slice === undefined) void grown(target).then((growth) => say({ growth }))
  else void fuzz(target, slice, (index) => Atomics.store(at, 0, index)).then((result) => say(result))
})
say({})

async function grown(target: Target): Promise<readonly Growth[]> {
  return [...(await growthOf(target)), ...(await almostGrowthOf(target))]
}
