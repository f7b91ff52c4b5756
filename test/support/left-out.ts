import { describe, type SuiteAPI } from 'vitest'

/** The suite of what a machine lacks: CI fails there, and elsewhere its tests are left out, with a word. */
export function leftOut(what: string): SuiteAPI['skip'] {
  if (process.env.CI === 'true') throw new Error(`${what} is missing, and CI must not skip its tests`)
  console.warn(`${what} is missing: its tests are skipped`)
  return describe.skip
}
