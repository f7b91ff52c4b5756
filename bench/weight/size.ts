import { relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Kilobytes of a bundle that exports all of `imports`, minified and gzipped: what loads with it, and what an `import()` in it loads later. */
export async function sizeOf(imports: readonly string[]): Promise<{ readonly now: number; readonly later: number }> {
  const contents = imports.map((name, index) => `export * as part${index} from '${name}'`).join('\n')
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, sourcefile: 'entry.js' },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: 'size',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // Native code of peers is left out, to their favour.
    external: ['*.node'],
    logLevel: 'error',
  })
  const { outputs } = metafile
  const eager = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint?.endsWith('entry.js')))
  for (const path of eager)
    for (const { kind, path: next, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) eager.add(next)
  const weighed = (wanted: boolean) => {
    const parts = outputFiles.filter(({ path }) => eager.has(relative('.', path)) === wanted)
    return parts.length === 0 ? 0 : gzipSync(Buffer.concat(parts.map(({ contents: part }) => part)), { level: 9 }).length / 1024
  }
  return { now: weighed(true), later: weighed(false) }
}
