// npm run bench: what the library costs and how fast it is, beside its peers and beside what is possible, in the same run.
import { join, resolve } from 'node:path'
import { chartOf } from './chart.ts'
import { inFlight } from './in-flight/section.ts'
import { figuresOf, type Sample } from './kit/figures.ts'
import { describeMachine, machineLine } from './kit/machine.ts'
import { type BenchmarkOptions, note, readOptions } from './kit/options.ts'
import { inOrder, type Publication, publish } from './kit/report.ts'
import { tableOf } from './kit/table.ts'
import { orchestrator } from './orchestrator/section.ts'
import { figuresOnPage } from './page.ts'
import { pending } from './pending/section.ts'
import { fullSize, quickSize, type Run } from './run.ts'
import { samba } from './samba/section.ts'
import { type Section, titles } from './sections.ts'
import { templates } from './templates/section.ts'
import { webhooks } from './webhooks/section.ts'
import { weight } from './weight/section.ts'

const root = resolve(import.meta.dirname, '..')
const parts: readonly (readonly [Section, (run: Run) => Promise<Sample[]>])[] = [
  ['samba', samba],
  ['webhooks', webhooks],
  ['orchestrator', orchestrator],
  ['in-flight', inFlight],
  ['pending', pending],
  ['templates', templates],
  ['weight', weight],
]

const publication: Publication = {
  command: 'npm run bench',
  titles,
  results: join(root, 'bench/results/performance.json'),
  chart: join(root, 'docs/img/performance.svg'),
  page: join(root, 'docs/performance.md'),
  chartOf,
  figuresOnPage,
}

const known = parts.map(([name]) => name)
const usage = `npm run bench -- [options]
  --quick        a few seconds a section, to see that it runs: no numbers to quote
  --only <what>  ${known.join(', ')}; may be given several times
  --json         prints JSON instead of a table
  --write        writes bench/results/performance.json, docs/img/performance.svg and the figures of docs/performance.md, as a full run
                 does; with --only, the sections that were measured`

async function measure({ quick, only, json, write }: BenchmarkOptions): Promise<void> {
  const run: Run = { size: quick ? quickSize : fullSize, quick, note }
  const machine = describeMachine()
  const samples: Sample[] = []
  for (const [name, part] of parts) if (only.length === 0 || only.includes(name)) samples.push(...(await part(run)))
  const report = { machine, quick, figures: inOrder(titles, figuresOf(samples)) }
  console.log(json ? JSON.stringify(report, null, 2) : `${machineLine(machine)}\n\n${tableOf(titles, report.figures)}`)
  if (write || (!quick && only.length === 0)) await publish(publication, report, only.length > 0)
}

const options = readOptions(known, usage)
if (options !== undefined) await measure(options)
