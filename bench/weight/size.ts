import { bundle, gzipped } from '../../.ci/bundle.ts'

/** Kilobytes of a bundle that exports all of `imports`, minified and gzipped: what loads with it, and what an `import()` in it loads later. */
export async function sizeOf(imports: readonly string[]): Promise<{ readonly now: number; readonly later: number }> {
  const contents = imports.map((name, index) => `export * as part${index} from '${name}'`).join('\n')
  const { now, later } = await bundle('entry.js', {
    stdin: { contents, resolveDir: import.meta.dirname, sourcefile: 'entry.js' },
    // Native code of peers is left out, to their favour.
    external: ['*.node'],
    logLevel: 'error',
  })
  return { now: gzipped(now) / 1024, later: gzipped(later) / 1024 }
}
