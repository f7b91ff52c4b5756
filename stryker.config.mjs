// `npm run mutation`, or `npm run mutation -- --mutate 'src/text/**'` for one room. No mutator is switched off and no line left out:
// texts of errors are mutants like any other. What survives, and why, is told in docs/robustness.md.
/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  mutate: ['src/{cascade,webhooks,samba,text,links}/**/*.ts'],
  coverageAnalysis: 'perTest',
  ignorePatterns: ['bench/results', 'coverage', 'dist', 'docs', 'examples'],
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'html', 'progress-append-only'],
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  // An endless loop is what a time-out should find; a busy machine is not one.
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 90 },
}
