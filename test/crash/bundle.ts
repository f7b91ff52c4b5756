import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const cache = fileURLToPath(new URL('../../node_modules/.cache/omnicascade-crash', import.meta.url))

/** The child as one file, so that it is up in a tenth of a second. */
export interface Bundle {
  readonly file: string
  remove(): Promise<void>
}

/** Bundles the sources. The engines' own packages stay outside, and are found from where the bundle lies. */
export async function bundleChild(): Promise<Bundle> {
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'child-'))
  await build({
    entryPoints: { child: fileURLToPath(new URL('child.ts', import.meta.url)) },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What a process does not use, such as the other engines, it does not load.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    conditions: ['@omnicascade/source'],
    external: ['pg', 'pg-boss', 'ioredis', 'bullmq'],
    logLevel: 'error',
  })
  return { file: join(folder, 'child.mjs'), remove: () => rm(folder, { recursive: true, force: true }) }
}
