import { mergeConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

const room = process.env.MUTATION_ROOM ?? '{cascade,webhooks,samba,text,links}'

// Stryker runs the tests of a room for each of its mutants: only those that test the mutated rooms themselves, and are quick.
// The model test is left out, for it takes most of a minute, and so are the tests of the notifier, which would hide what those of a room miss.
const config = mergeConfig(base, {})
config.test = {
  ...config.test,
  include: [`test/${room}/**/*.test.ts`],
  exclude: ['test/cascade/model.test.ts'],
  typecheck: { enabled: false },
  // Mutated code counts how often it is run, which takes several times as long. Endless loops are Stryker's to end.
  testTimeout: 60_000,
}

export default config
