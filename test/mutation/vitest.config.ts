import { mergeConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

const room = process.env.MUTATION_ROOM ?? '{cascade,webhooks,samba,text,links}'

// Stryker runs the tests of a room for each of its mutants: only those that test the mutated rooms themselves, and are quick. So the models
// and what is about size are left out, random walks, which would give another score each time, and the tests of the notifier, which would
// hide what those of a room miss.
const config = mergeConfig(base, {})
config.test = {
  ...config.test,
  include: [`test/${room}/**/*.test.ts`],
  exclude: [
    'test/cascade/{model,exhaustive,properties}.test.ts',
    'test/webhooks/json-depth.test.ts',
    'test/samba/memory.test.ts',
  ],
  setupFiles: ['test/mutation/set-up.ts'],
  typecheck: { enabled: false },
  // Mutated code counts how often it is run, which takes several times as long. Endless loops are Stryker's to end.
  testTimeout: 60_000,
}

export default config
