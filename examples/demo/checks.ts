import { isDeepStrictEqual } from 'node:util'

/** What was expected, and where it came out otherwise. */
export interface Checks {
  /** Compares, and goes on either way. */
  equal(what: string, actual: unknown, expected: unknown): void
  readonly passed: number
  readonly differences: readonly string[]
}

/** A list of checks, empty so far. */
export function createChecks(): Checks {
  const differences: string[] = []
  let passed = 0
  return {
    equal(what, actual, expected) {
      if (isDeepStrictEqual(actual, expected)) passed++
      else differences.push(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
    },
    get passed() {
      return passed
    },
    differences,
  }
}
