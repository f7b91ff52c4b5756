import { isOmnicascadeError } from 'omnicascade'
import { almost, almostMatch, type Shape, shapes } from './hostile.ts'
import { choicesOf, type Target } from './target.ts'

/** How long a parser takes for a shape. */
export interface Growth {
  readonly target: string
  readonly shape: string
  /** Milliseconds for an input, and for one ten times as large; the best of a few. */
  readonly one: number
  readonly ten: number
}

const megabyte = 2 ** 20
const encoder = new TextEncoder()

/** Feeds a parser one large input, `times` times unless that takes long; gives the fewest milliseconds. Throws what is no error of the library. */
export async function timeOf(target: Target, input: Uint8Array, times = 1): Promise<number> {
  const { read = (bytes: Uint8Array) => target.call(bytes, choicesOf(bytes)) } = target
  let best = Number.POSITIVE_INFINITY
  for (let time = 0; time === 0 || (time < times && best < 300); time++) {
    const began = cpuTime()
    try {
      await (read || (() => {}))(input)
    } catch (error) {
      if (!isOmnicascadeError(error)) throw error
    }
    best = Math.min(best, cpuTime() - began)
  }
  return best
}

/** Milliseconds that this thread has worked: what else the machine does, and how long it waits, is not counted. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** An input of a shape. */
export const inputOf = (shape: Shape, bytes: number) => encoder.encode(shape(bytes))

/** What each shape takes, of 1 and of 10 megabytes. */
export async function growthOf(target: Target): Promise<readonly Growth[]> {
  const all: Growth[] = []
  for (const [shape, make] of Object.entries(shapes)) {
    const one = await timeOf(target, inputOf(make, megabyte), 3)
    const ten = await timeOf(target, inputOf(make, 10 * megabyte), 2)
    all.push({ target: target.name, shape, one, ten })
  }
  return all
}

/** What almost-matches take in each value of a payload, of 13 and of 130 kilobytes; those alone that take long. */
export async function almostGrowthOf(target: Target): Promise<readonly Growth[]> {
  const all: Growth[] = []
  for (const unit of almost) {
    const [less, more] = [13_000, 130_000].map((bytes) => [...filled(target, almostMatch(unit, bytes))])
    for (const [at, input] of more!.entries()) {
      const ten = await timeOf(target, input)
      if (ten < 100) continue
      all.push({
        target: target.name,
        shape: `${JSON.stringify(unit)} in value ${at}`,
        one: await timeOf(target, less![at]!, 3),
        ten,
      })
    }
  }
  return all
}

/** The first payload of a target, with each of its values made `value`, one after another; for mere text, the value itself. */
export function* filled({ corpus, form }: Target, value: string): Generator<Uint8Array> {
  if (form === undefined) return yield encoder.encode(value)
  const [payload = ''] = corpus
  const values = form === 'json' ? /"(?:[^"\\]|\\.)*"(?!\s*:)/g : /(?<==)[^&]*/g
  const written = form === 'json' ? JSON.stringify(value) : new URLSearchParams({ '': value }).toString().slice(1)
  for (const { index, 0: match } of payload.matchAll(values))
    yield encoder.encode(payload.slice(0, index) + written + payload.slice(index + match.length))
}

/** Clearly more than ten times as long for ten times as much. Below a fraction of a second the collector decides. */
export function isSlow({ one, ten }: Pick<Growth, 'one' | 'ten'>): boolean {
  return ten > 500 && ten > 40 * Math.max(one, 5)
}
