import { inspect } from 'node:util'
import { checkError, checkPrototypes } from './promises.ts'
import { choicesOf, createInputs, Fault, type Target } from './target.ts'

/** Which inputs of a target to try. */
export interface Slice {
  readonly seed: number
  readonly from: number
  readonly to: number
}

/** What became of inputs. */
export interface Tally {
  readonly inputs: number
  readonly accepted: number
  readonly refused: number
  /** By name and code. */
  readonly errors: Readonly<Record<string, number>>
  readonly milliseconds: number
}

/** An input that broke a promise. */
export interface Finding {
  readonly target: string
  readonly input: Uint8Array
  readonly problem: string
}

// A payload is at most some 50 KB: what takes this long for it does not take linear time.
const longest = 5000

/** Feeds a target; stops at the first finding. `onStart` hears of each input before it is fed, for whoever watches for hangs. */
export async function fuzz(
  target: Target,
  { seed, from, to }: Slice,
  onStart?: (index: number) => void,
): Promise<{ readonly tally: Tally; readonly finding?: Finding }> {
  const inputOf = createInputs(target, seed)
  const errors: Record<string, number> = {}
  let accepted = 0
  let refused = 0
  const began = performance.now()
  const tally = (inputs: number): Tally => ({ inputs, accepted, refused, errors, milliseconds: performance.now() - began })
  for (let index = from; index < to; index++) {
    onStart?.(index)
    const input = inputOf(index)
    const outcome = await feed(target, input, index % 64 === 0)
    if ('problem' in outcome) {
      const smallest = await shrunk(target, input, outcome.problem)
      return { tally: tally(index - from + 1), finding: { target: target.name, ...smallest } }
    }
    if (outcome.error !== undefined) errors[outcome.error] = (errors[outcome.error] ?? 0) + 1
    if (outcome.taken) accepted++
    else refused++
  }
  return { tally: tally(to - from) }
}

type Outcome = { readonly taken: boolean; readonly error?: string } | { readonly problem: string }

/** Feeds one input. */
export async function feed(target: Target, input: Uint8Array, closely = true): Promise<Outcome> {
  const { secrets = [] } = target
  const began = performance.now()
  try {
    const outcome = await outcomeOf(target, input, secrets, closely)
    checkPrototypes(closely)
    const took = performance.now() - began
    return took > longest ? { problem: `took ${Math.round(took)} ms` } : outcome
  } catch (error) {
    return { problem: error instanceof Fault ? error.message : inspect(error) }
  }
}

async function outcomeOf(target: Target, input: Uint8Array, secrets: readonly string[], closely: boolean): Promise<Outcome> {
  try {
    return { taken: (await target.call(input, choicesOf(input))) !== false }
  } catch (error) {
    checkError(error, secrets, closely)
    const kind = 'kind' in error ? ` ${String(error.kind)}` : ''
    return { taken: false, error: `${error.name} ${error.code}${kind}` }
  }
}

/** The same problem from as few bytes as can be found in a while: what is left out one run after another, of ever fewer bytes. */
async function shrunk(target: Target, input: Uint8Array, problem: string): Promise<{ input: Uint8Array; problem: string }> {
  let smallest = { input, problem }
  let tries = 500
  for (let run = Math.ceil(input.length / 2); run >= 1 && tries > 0; run = Math.floor(run / 2)) {
    for (let at = 0; at < smallest.input.length && tries > 0; ) {
      tries--
      const without = Buffer.concat([smallest.input.subarray(0, at), smallest.input.subarray(at + run)])
      const outcome = await feed(target, without)
      if ('problem' in outcome && kindOf(outcome.problem) === kindOf(problem))
        smallest = { input: without, problem: outcome.problem }
      else at += run
    }
  }
  return smallest
}

/** What a problem is, whatever it quotes. */
const kindOf = (problem: string) => problem.replace(/[\d"'].*/s, '').slice(0, 60)
