import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { exports, peerDependencies } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  exports: Record<string, Readonly<Record<'@omnicascade/source', string>> | string>
  peerDependencies: Record<string, string>
}
const told = readFileSync(resolve(root, 'docs/runtimes.md'), 'utf8')

/** Modules of Node's that load with a source file, bundled as for an edge worker. */
async function builtinsOf(source: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [source],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'bundled',
    format: 'esm',
    platform: 'browser',
    conditions: ['@omnicascade/source', 'worker', 'browser'],
    external: ['node:*', ...Object.keys(peerDependencies)],
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  const eager = imports.filter(({ kind, path }) => kind !== 'dynamic-import' && path.startsWith('node:'))
  return [...new Set(eager.map(({ path }) => path))].sort()
}

test('docs/runtimes.md names every subpath that loads modules of Node, and which', async () => {
  const sources = Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[`omnicascade${subpath.slice(1)}`, target['@omnicascade/source']] as const],
  )
  const seen: Record<string, readonly string[]> = {}
  for (const [subpath, source] of sources) {
    const builtins = await builtinsOf(source)
    if (builtins.length > 0) seen[subpath] = builtins
  }
  const rows = told.matchAll(/^\| `(omnicascade\/[^`]+)` \| (.+) \|$/gm)
  const documented = Object.fromEntries(
    [...rows].map(([, subpath, cell]) => [subpath, [...cell!.matchAll(/`([^`]+)`/g)].map((match) => match[1])]),
  )
  expect(documented).toEqual(seen)
})
