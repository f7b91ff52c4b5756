// What `npm pack` puts into the real tarball, but for the build, which is not made here.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

const allowed = [
  /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md)$/,
  // The source is what source maps point at.
  /^src\/[\w./-]+\.(ts|lua)$/,
  /^dist\/[\w./-]+\.(js|d\.ts|js\.map)$/,
  /^docs\/[\w./-]+\.md$/,
  /^docs\/img\/[\w.-]+\.(svg|png)$/,
  /^docs\/grafana\/[\w.-]+\.json$/,
]

test('the tarball holds the library, its source and its documentation, and nothing else', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' })
  const [packed] = JSON.parse(output) as [Packed]
  const paths = packed.files.map(({ path }) => path)
  expect(paths.filter((path) => !allowed.some((form) => form.test(path)))).toEqual([])
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'src/index.ts', 'docs/cascade.md']))
  const size = packed.files.reduce((sum, file) => sum + (file.path.startsWith('dist/') ? 0 : file.size), 0)
  // 1.6 MB in November 2026, most of it source. Fixtures or pictures by the dozen would show.
  expect(size).toBeLessThan(2_500_000)
})
