import { relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build, type Metafile } from 'esbuild'

/** A bundle as an app would make it, minified. */
export interface Bundle {
  /** What loads with the entry. */
  readonly now: Buffer
  /** What an `import()` in it loads later; empty if there is none. */
  readonly later: Buffer
  readonly metafile: Metafile
}

/** Bundles the entry whose path ends with `entry`. What `options` call `external` is not in it. */
export async function bundle(entry: string, options: BuildOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...options,
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: 'size',
    format: 'esm',
    platform: 'node',
    target: 'node22',
  })
  const { outputs } = metafile
  // Whatever an `import()` names counts as an entry point, too.
  const eager = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint?.endsWith(entry)))
  for (const path of eager)
    for (const { kind, path: next, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) eager.add(next)
  const files = outputFiles.map(({ path, contents }) => ({ path: relative('.', path).replaceAll('\\', '/'), contents }))
  const contentsOf = (wanted: boolean) =>
    Buffer.concat(files.filter(({ path }) => eager.has(path) === wanted).map(({ contents }) => contents))
  return { now: contentsOf(true), later: contentsOf(false), metafile }
}

/** Bytes of a part of a bundle, compressed; 0 of none. */
export function gzipped(part: Buffer): number {
  return part.length === 0 ? 0 : gzipSync(part, { level: 9 }).length
}
