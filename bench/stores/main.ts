// npm run bench:stores: what the stores and schedulers can do, beside the bare engines in the same run.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { figuresOf, type Sample } from '../kit/figures.ts'
import { type BenchmarkOptions, note, readOptions } from '../kit/options.ts'
import { inOrder, type Publication, publish } from '../kit/report.ts'
import { tableOf } from '../kit/table.ts'
import { chartOf } from './chart.ts'
import { drop, type Place } from './engines.ts'
import { latency } from './latency.ts'
import { describeStoreMachine, type StoreMachine, storeMachineLine } from './machine.ts'
import { figuresOnPage } from './page.ts'
import { pending } from './pending.ts'
import { receipts } from './receipts.ts'
import { fullSize, quickSize, type Run } from './run.ts'
import { type Section, titles } from './sections.ts'
import { throughput } from './throughput.ts'
import { wakeUp } from './wake-up.ts'
import { workers } from './workers.ts'

const root = resolve(import.meta.dirname, '../..')
const families = ['sqlite', 'postgres', 'redis'] as const
const parts: readonly (readonly [Section, (run: Run) => Promise<Sample[]>])[] = [
  ['throughput', throughput],
  ['latency', latency],
  ['wake-up', wakeUp],
  ['workers', workers],
  ['receipts', receipts],
  ['pending', pending],
]

const publication: Publication<StoreMachine> = {
  command: 'npm run bench:stores',
  titles,
  results: join(root, 'bench/results/stores.json'),
  chart: join(root, 'docs/img/stores.svg'),
  page: join(root, 'docs/scaling.md'),
  chartOf,
  figuresOnPage: ({ machine, figures }) => figuresOnPage(machine, figures),
}

const known = [...families, ...parts.map(([name]) => name)]
const usage = `npm run bench:stores -- [options]
  --quick        a minute or two: small sizes, one round
  --only <what>  ${known.join(', ')}; may be given several times
  --json         prints JSON instead of a table
  --write        writes bench/results/stores.json, docs/img/stores.svg and the figures of docs/scaling.md, as a full run does;
                 with --only, the sections that were measured
TEST_POSTGRES_URL and TEST_REDIS_URL say which servers to use.`

/** Everything that was asked for, and what it was measured on. */
async function measure({ quick, only, json, write }: BenchmarkOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-bench-'))
  const prefix = `omni_bench_${randomBytes(4).toString('hex')}`
  const places: Place[] = []
  const asked = families.filter((family) => only.includes(family))
  const wanted = parts.filter(([name]) => only.includes(name))
  const run: Run = {
    size: quick ? quickSize : fullSize,
    place(engine) {
      const place = { engine, name: `${prefix}_${places.length}`, folder }
      places.push(place)
      return place
    },
    wants: (family) => asked.length === 0 || asked.includes(family),
    note,
  }
  try {
    const machine = await describeStoreMachine(folder, run.wants)
    const samples: Sample[] = []
    for (const [, part] of wanted.length === 0 ? parts : wanted) samples.push(...(await part(run)))
    const report = { machine, quick, figures: inOrder(titles, figuresOf(samples)) }
    console.log(json ? JSON.stringify(report, null, 2) : `${storeMachineLine(machine)}\n\n${tableOf(titles, report.figures)}`)
    if (write || (!quick && only.length === 0)) await publish(publication, report, only.length > 0)
  } finally {
    for (const place of places) await drop(place)
    await rm(folder, { recursive: true, force: true })
  }
}

const options = readOptions(known, usage, ({ write, only }) =>
  write && families.some((family) => only.includes(family))
    ? '--write takes whole sections: one engine alone would drop the others'
    : undefined,
)
if (options !== undefined) await measure(options)
