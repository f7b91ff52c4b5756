// `npm run mutation` mutates five rooms, `MUTATION_ROOM=text npm run mutation` one of them, by its own tests alone. No mutator is switched
// off and no line left out: texts of errors are mutants like any other. What survives, and why, is told in docs/robustness.md.
const room = process.env.MUTATION_ROOM

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  mutate: [`src/${room ?? '{cascade,webhooks,samba,text,links}'}/**/*.ts`],
  coverageAnalysis: 'perTest',
  ignorePatterns: ['bench/results', 'coverage', 'dist', 'docs', 'examples'],
  incremental: true,
  incrementalFile: `reports/mutation/${room ?? 'all'}.json`,
  reporters: ['clear-text', 'html', 'progress-append-only'],
  htmlReporter: { fileName: `reports/mutation/${room ?? 'all'}.html` },
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  thresholds: { high: 95, low: 90, break: 90 },
}
