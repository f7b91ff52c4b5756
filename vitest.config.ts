import { defineConfig } from 'vitest/config'

const conditions = ['@omnicascade/source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
    restoreMocks: true,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text', 'html'] },
  },
})
