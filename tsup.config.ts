import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

// package.json's "exports" is the one list of subpaths; every entry is built from the source it names.
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { default: string; '@omnicascade/source': string } | string>
}
const entry = Object.fromEntries(
  Object.values(exports).flatMap((target) =>
    typeof target === 'string'
      ? []
      : [[target.default.replace(/^\.\/dist\//, '').replace(/\.js$/, ''), target['@omnicascade/source']]],
  ),
)

export default defineConfig({
  entry,
  format: 'esm',
  target: 'node22',
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
  // Without this tsup strips `node:`, and `node:sqlite` exists only with it.
  removeNodeProtocol: false,
})
