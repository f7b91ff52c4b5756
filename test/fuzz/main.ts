// `npm run fuzz`: every parser, fed what its vendor might send. Exits with 1 where a promise is broken, and prints the input that does it.
import { parseArgs } from 'node:util'
import { type Finding, feed, type Tally } from './fuzz.ts'
import { type Growth, isSlow } from './growth.ts'
import { shapes } from './hostile.ts'
import { type Job, runJobs } from './pool.ts'
import { targets } from './targets.ts'

const help = `npm run fuzz -- [--runs <number>] [--seed <number>] [--only <name>] [--no-growth] [--input <base64>]
  --runs       inputs for each target; default 100,000
  --seed       where all random choices come from; default: another each time, which is printed
  --only       targets whose name has this in it
  --no-growth  leaves out how long inputs of 1 and 10 MB take
  --input      feeds them this input alone, as a finding prints it`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string', default: '' },
    input: { type: 'string' },
    'no-growth': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const chosen = targets.filter(({ name }) => name.includes(values.only))
const began = performance.now()

if (values.help) console.log(help)
else if (values.input === undefined) await run(Number(values.runs))
else await repeat(Buffer.from(values.input, 'base64'))

/** Feeds the chosen targets one input, as a finding prints it. */
async function repeat(input: Uint8Array): Promise<void> {
  for (const target of chosen) {
    const outcome = await feed(target, input)
    if ('problem' in outcome) process.exitCode = 1
    console.log(target.name, outcome)
  }
}

async function run(runs: number): Promise<void> {
  console.log(`seed ${seed}, ${runs} inputs for each of ${chosen.length} targets`)
  const tallies = new Map<string, Tally>()
  const findings: Finding[] = []
  const growths: Growth[] = []
  const fuzzing = chosen.flatMap(({ name }) =>
    slices(runs).map(([from, to]): Job => ({ target: name, slice: { seed, from, to } })),
  )
  const growing = values['no-growth']
    ? []
    : chosen.filter(({ read }) => read !== false).map(({ name }): Job => ({ target: name }))
  await runJobs([...growing, ...fuzzing], ({ target }, { tally, finding, growth = [] }) => {
    process.stderr.write('.')
    if (tally !== undefined) tallies.set(target, sum(tallies.get(target), tally))
    if (finding !== undefined) findings.push(finding)
    growths.push(...growth)
  })
  printTallies(tallies)
  printGrowths(growths)
  for (const { target, problem, input } of findings) {
    console.log(`\n${target}: ${problem}`)
    console.log(`  again: npm run fuzz -- --only '${target}' --input ${Buffer.from(input).toString('base64')}`)
  }
  const slow = growths.filter(isSlow)
  for (const { target, shape } of slow) console.log(`\n${target}: takes more than linear time for ${shape}`)
  const inputs = [...tallies.values()].reduce((total, tally) => total + tally.inputs, 0)
  console.log(`\n${inputs} inputs in ${seconds(performance.now() - began)} s, ${findings.length} findings, ${slow.length} slow`)
  if (findings.length + slow.length > 0) process.exitCode = 1
}

function slices(runs: number): (readonly [from: number, to: number])[] {
  const size = 25_000
  return Array.from({ length: Math.ceil(runs / size) }, (_, at) => [at * size, Math.min(runs, (at + 1) * size)] as const)
}

function sum(one: Tally | undefined, other: Tally): Tally {
  if (one === undefined) return other
  const errors = { ...one.errors }
  for (const [name, count] of Object.entries(other.errors)) errors[name] = (errors[name] ?? 0) + count
  return {
    inputs: one.inputs + other.inputs,
    accepted: one.accepted + other.accepted,
    refused: one.refused + other.refused,
    errors,
    milliseconds: one.milliseconds + other.milliseconds,
  }
}

function printTallies(tallies: ReadonlyMap<string, Tally>): void {
  const rows = chosen.flatMap(({ name }) => {
    const tally = tallies.get(name)
    if (tally === undefined) return []
    const errors = Object.entries(tally.errors).map(([error, count]) => `${error} ${count}`)
    return [[name, tally.inputs, tally.accepted, tally.refused, seconds(tally.milliseconds), errors.join(', ')]]
  })
  if (rows.length > 0) printTable(['target', 'inputs', 'accepted', 'refused', 'seconds', 'errors by type'], rows)
}

/** The slowest shape of each parser. */
function printGrowths(growths: readonly Growth[]): void {
  const slowest = chosen.flatMap(({ name }) => {
    const own = growths.filter(({ target, shape }) => target === name && shape in shapes)
    return own.sort((a, b) => b.ten - a.ten)[0] ?? []
  })
  const rows = slowest.map(({ target, shape, one, ten }) => [
    target,
    shape,
    one.toFixed(1),
    ten.toFixed(1),
    (ten / Math.max(one, 0.1)).toFixed(1),
  ])
  if (rows.length > 0) printTable(['parser', 'slowest shape', 'ms for 1 MB', 'ms for 10 MB', 'ratio'], rows)
}

function printTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const lines = [header, ...rows].map((row) => row.map(String))
  const widths = header.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  console.log(
    `\n${lines
      .map((line) =>
        line
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')}`,
  )
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1)
}
