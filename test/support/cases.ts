import { describe, test } from 'vitest'

/** Runs a contract's cases. */
export function cases(name: string, all: readonly { readonly name: string; run(): Promise<void> }[]): void {
  describe(name, () => {
    for (const { name, run } of all) test(name, run)
  })
}
