// npm run bench:stores: what the stores and schedulers can do, beside the bare engines in the same run.
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chartOf } from './chart.ts'
import { drop, type Place } from './engines.ts'
import { type Figure, figuresOf, type Sample, type Section, sections } from './figures.ts'
import { latency } from './latency.ts'
import { describeMachine, type Machine, machineLine } from './machine.ts'
import { pageWith } from './page.ts'
import { pending } from './pending.ts'
import { receipts } from './receipts.ts'
import { fullSize, quickSize, type Run } from './run.ts'
import { tableOf } from './table.ts'
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

const usage = `npm run bench:stores -- [options]
  --quick        a minute or two: small sizes, one round
  --only <what>  ${[...families, ...parts.map(([name]) => name)].join(', ')}; may be given several times
  --json         prints JSON instead of a table
  --write        writes bench/results/stores.json, docs/img/stores.svg and the figures of docs/scaling.md, as a full run does;
                 with --only, the sections that were measured
TEST_POSTGRES_URL and TEST_REDIS_URL say which servers to use.`

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

interface Report {
  readonly machine: Machine
  readonly quick: boolean
  readonly figures: readonly Figure[]
}

const results = join(root, 'bench/results/stores.json')

function inOrder(figures: readonly Figure[]): readonly Figure[] {
  return figures.toSorted((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section))
}

/** What was published before and is not measured anew: whole sections, so that each figure stands beside those of its own run. */
async function others(figures: readonly Figure[]): Promise<readonly Figure[]> {
  const measured = new Set(figures.map(({ section }) => section))
  const published = JSON.parse(await readFile(results, 'utf8')) as Report
  return published.figures.filter(({ section }) => !measured.has(section))
}

/** Writes the figures, the chart, and the page that shows both. */
async function publish(report: Report): Promise<void> {
  await mkdir(join(root, 'bench/results'), { recursive: true })
  await writeFile(results, `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(root, 'docs/img/stores.svg'), chartOf(report))
  const page = join(root, 'docs/scaling.md')
  await writeFile(page, pageWith(await readFile(page, 'utf8'), report.machine, report.figures))
}

/** Everything that was asked for, and what it was measured on. */
async function measure(only: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-bench-'))
  const prefix = `omni_bench_${randomBytes(4).toString('hex')}`
  const places: Place[] = []
  const asked = families.filter((family) => only.includes(family))
  const wanted = parts.filter(([name]) => only.includes(name))
  const run: Run = {
    size: options.quick ? quickSize : fullSize,
    place(engine) {
      const place = { engine, name: `${prefix}_${places.length}`, folder }
      places.push(place)
      return place
    },
    wants: (family) => asked.length === 0 || asked.includes(family),
    note: (words) => console.error(`${Math.round(performance.now() / 1000)} s  ${words}`),
  }
  try {
    const machine = await describeMachine(folder, run.wants)
    const samples: Sample[] = []
    for (const [, part] of wanted.length === 0 ? parts : wanted) samples.push(...(await part(run)))
    const figures = figuresOf(samples)
    const report = { machine, quick: options.quick, figures: inOrder(figures) }
    console.log(options.json ? JSON.stringify(report, null, 2) : `${machineLine(machine)}\n\n${tableOf(report.figures)}`)
    if (!options.write && (options.quick || only.length > 0)) return
    await publish(only.length === 0 ? report : { ...report, figures: inOrder([...(await others(figures)), ...figures]) })
  } finally {
    for (const place of places) await drop(place)
    await rm(folder, { recursive: true, force: true })
  }
}

const known: readonly string[] = [...families, ...parts.map(([name]) => name)]
const strange = options.only.filter((name) => !known.includes(name))
const isPartOfSection = options.write && families.some((family) => options.only.includes(family))
if (options.help || strange.length > 0 || isPartOfSection) {
  if (strange.length > 0) console.log(`--only ${strange.join(', ')}: unknown\n`)
  if (isPartOfSection) console.log('--write takes whole sections: one engine alone would drop the others\n')
  console.log(usage)
  process.exitCode = options.help ? 0 : 2
} else {
  await measure(options.only)
}
