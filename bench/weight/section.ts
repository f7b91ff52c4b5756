import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Sample } from '../kit/figures.ts'
import type { Run } from '../run.ts'
import { sizeOf } from './size.ts'

/** What is weighed: a module that imports these. */
interface Thing {
  readonly name: string
  readonly imports: readonly string[]
  /** Kilobytes, at most. */
  readonly goal?: number
  /** Milliseconds of its import, at most. */
  readonly quick?: number
}

const ours: readonly Thing[] = [
  { name: 'ours: core', imports: ['omnicascade'], goal: 15, quick: 20 },
  {
    name: 'ours: core, Twilio, Sendios webhooks',
    imports: ['omnicascade', 'omnicascade/providers/twilio', 'omnicascade/webhooks/sendios'],
    goal: 30,
  },
]
const peers: readonly Thing[] = ['notifme-sdk', 'twilio', 'stripe', 'ky', 'zod'].map((name) => ({ name, imports: [name] }))
const all = [...ours, ...peers]

/** Bytes of each bundle, and milliseconds of each import in a process of its own. */
export async function weight({ size, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const thing of all) samples.push(...(await sizesOf(thing)))
  note('weight, sizes')
  // The first is not counted: it fetches the files into the system's memory.
  for (let round = 0; round <= size.rounds; round++) {
    for (const thing of all) {
      const value = await timeOfImport(thing.imports)
      if (round > 0) samples.push(importOf(thing, value))
    }
  }
  note('weight, imports')
  return samples
}

async function sizesOf(thing: Thing): Promise<Sample[]> {
  const { name, imports, goal } = thing
  const group = 'minified and gzipped, with dependencies'
  const { now, later } = await sizeOf(imports)
  const sample = { section: 'weight', group, unit: 'KB', ...standing(thing) } as const
  const whole = {
    ...sample,
    id: `weight size ${name}`,
    what: name,
    value: now,
    ...(goal !== undefined && { goal: { most: goal } }),
  }
  if (later === 0) return [whole]
  return [whole, { ...sample, id: `weight later ${name}`, what: `${name}; loads on first use`, value: later }]
}

function importOf(thing: Thing, value: number): Sample {
  const { name, quick } = thing
  return {
    section: 'weight',
    group: 'cold import',
    unit: 'ms',
    id: `weight import ${name}`,
    what: name,
    value,
    ...standing(thing),
    ...(quick !== undefined && { goal: { most: quick } }),
  }
}

function standing(thing: Thing): Pick<Sample, 'isPeer'> {
  return peers.includes(thing) ? { isPeer: true } : {}
}

const run = promisify(execFile)

/** By the clock of the process that imports, from its first line. */
async function timeOfImport(imports: readonly string[]): Promise<number> {
  const script = `const began = performance.now()
    for (const name of ${JSON.stringify(imports)}) await import(name)
    console.log(performance.now() - began)
    process.exit()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: import.meta.dirname })
  return Number(stdout)
}
