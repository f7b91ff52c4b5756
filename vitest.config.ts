import { defineConfig } from 'vitest/config'

// Vitest hands these to Node as well: `import` among them would give ESM builds to the `require` of CommonJS packages.
const conditions = ['@omnicascade/source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
    restoreMocks: true,
    // Only ends what hangs: a busy machine is no reason to fail.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      reporter: ['text', 'html'],
      // Of all tests together: `npm run ci` keeps to them.
      thresholds: { lines: 95, branches: 95, functions: 95, statements: 95 },
    },
  },
})
