// How far from 1970 a `Date` reaches, in milliseconds (ECMA-262, 21.4.1.1).
const furthest = 8.64e15

/** Whether a value that came as JSON is a moment in whole Unix milliseconds. */
export function isMoment(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= furthest
}

/** Unix milliseconds that came as JSON, in whole ones; undefined if they are no number, or further from 1970 than a `Date` reaches. */
export function momentOf(milliseconds: unknown): number | undefined {
  const at = typeof milliseconds === 'number' ? Math.round(milliseconds) : undefined
  return isMoment(at) ? at : undefined
}

/** Unix milliseconds of Unix seconds that came as JSON, by the same rule. */
export function momentOfSeconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? momentOf(seconds * 1000) : undefined
}
