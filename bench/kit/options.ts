import { parseArgs } from 'node:util'

/** How a benchmark is run. */
export interface BenchmarkOptions {
  readonly quick: boolean
  readonly only: readonly string[]
  readonly json: boolean
  readonly write: boolean
}

/** Reads the command line; undefined if there is nothing to run, once usage or what is wrong was printed. `faultOf` may add a rule. */
export function readOptions(
  known: readonly string[],
  usage: string,
  faultOf: (options: BenchmarkOptions) => string | undefined = () => undefined,
): BenchmarkOptions | undefined {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const strange = values.only.filter((name) => !known.includes(name))
  const fault = strange.length > 0 ? `--only ${strange.join(', ')}: unknown` : faultOf(values)
  if (fault === undefined && !values.help) return values
  console.log(fault === undefined ? usage : `${fault}\n\n${usage}`)
  process.exitCode = fault === undefined ? 0 : 2
  return undefined
}

/** Says on the error output how far it is, and after how many seconds. */
export function note(words: string): void {
  console.error(`${Math.round(performance.now() / 1000)} s  ${words}`)
}
