import { createRandom, type Random } from '../crash/random.ts'
import { mutateBytes } from './mutate.ts'
import { mutateForm, mutateJson } from './mutate-structure.ts'

/** One parser, or one way through the library that strangers' bytes take. */
export interface Target {
  readonly name: string
  /** What it is fed in real life. */
  readonly corpus: readonly string[]
  /** How its inputs are built, for the mutator that knows: none for mere text. */
  readonly form?: 'json' | 'form'
  /** What no error may show. */
  readonly secrets?: readonly string[]
  /**
   * Feeds it: gives `false` if it says no without an error, and throws what it throws. A `Fault` says that it broke a promise. `random`
   * decides all else about the call (headers, chunks, which way it takes), and comes from the input, so that an input repeats its call.
   */
  call(input: Uint8Array, random: Random): unknown
  /** The parser alone, for inputs of megabytes: `call` where there is nothing around it; `false` where they cannot come. */
  readonly read?: false | ((input: Uint8Array) => unknown)
}

/** Something that must not happen. Never one of the library's own errors. */
export class Fault extends Error {
  override readonly name = 'Fault'
}

/** Fails with a `Fault` unless something holds. */
export function ensure(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Fault(words)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The inputs of a target: its real payloads as they are, and then mutations of them, each repeated by its seed and number. */
export function createInputs({ name, corpus, form }: Target, seed: number): (index: number) => Uint8Array {
  const payloads = corpus.map((text) => encoder.encode(text))
  return (index) => {
    const whole = payloads[index]
    if (whole !== undefined) return whole
    const random = createRandom(seed, hashOf(encoder.encode(name)), index)
    const payload = random.pick(payloads)
    const structured = form !== undefined && random.chance(0.55) ? structurally(payload, payloads, form, random) : payload
    return structured !== payload && random.chance(0.8) ? structured : mutateBytes(structured, payloads, random)
  }
}

function structurally(payload: Uint8Array, payloads: readonly Uint8Array[], form: 'json' | 'form', random: Random): Uint8Array {
  const [text, other] = [decoder.decode(payload), decoder.decode(random.pick(payloads))]
  const mutated = form === 'json' ? mutateJson(text, other, random) : mutateForm(text, other, random)
  return mutated === undefined ? payload : encoder.encode(mutated)
}

/** The choices of one call, made of its input. */
export function choicesOf(input: Uint8Array): Random {
  return createRandom(hashOf(input))
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  const step = Math.max(1, Math.floor(bytes.length / 4096))
  for (let at = 0; at < bytes.length; at += step) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash ^ bytes.length
}
