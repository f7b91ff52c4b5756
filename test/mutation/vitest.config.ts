import { mergeConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

// Stryker runs the tests of a room for each of its mutants: only those that test the mutated rooms themselves, and are quick.
// The model test is left out, for it takes most of a minute, and so are the tests of the notifier, which would hide what those of a room miss.
const config = mergeConfig(base, {})
config.test = {
  ...config.test,
  include: ['cascade', 'webhooks', 'samba', 'text', 'links'].map((room) => `test/${room}/**/*.test.ts`),
  exclude: ['test/cascade/model.test.ts'],
  typecheck: { enabled: false },
}

export default config
