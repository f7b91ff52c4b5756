// What each subpath costs an app that bundles it: minified, gzipped, dependencies included, optional peers and Node's own modules not.
// `node .ci/size.mjs` compares with .ci/size-budgets.json and fails above; `--write` sets the budgets 10 % above what is measured.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const coreLimit = 15 * 1024
const budgetsFile = new URL('size-budgets.json', import.meta.url)
const { exports, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const budgets = existsSync(budgetsFile) ? JSON.parse(readFileSync(budgetsFile, 'utf8')) : {}

async function measure(source) {
  const { outputFiles, metafile } = await build({
    entryPoints: [source],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@omnicascade/source'],
    external: Object.keys(peerDependencies),
  })
  const [{ contents }] = outputFiles
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length, packages: packagesOf(metafile) }
}

/** Names of the packages that a bundle holds. */
function packagesOf({ inputs }) {
  const names = Object.keys(inputs).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  return [...new Set(names)].sort()
}

const rows = []
const faults = []
for (const [subpath, target] of Object.entries(exports)) {
  const source = target['@omnicascade/source']
  if (source === undefined) continue
  if (!existsSync(source)) {
    if (process.env.CI) faults.push(`${subpath}: ${source} does not exist`)
    continue
  }
  const size = await measure(source)
  rows.push({ subpath, ...size })
}

if (process.argv.includes('--write')) {
  for (const { subpath, gzip } of rows) budgets[subpath] = Math.ceil((gzip * 1.1) / 100) * 100
  budgets['.'] = Math.min(budgets['.'], coreLimit)
  writeFileSync(budgetsFile, `${JSON.stringify(budgets, null, 2)}\n`)
}

console.log(`${'subpath'.padEnd(22)}${'minified'.padStart(10)}${'gzip'.padStart(10)}${'budget'.padStart(10)}  packages inside`)
for (const { subpath, minified, gzip, packages } of rows) {
  const budget = subpath === '.' ? Math.min(budgets['.'] ?? 0, coreLimit) : budgets[subpath]
  console.log(
    `${subpath.padEnd(22)}${String(minified).padStart(10)}${String(gzip).padStart(10)}${String(budget ?? 'none').padStart(10)}  ${packages.join(' ')}`,
  )
  if (budget === undefined) faults.push(`${subpath}: no budget; run \`node .ci/size.mjs --write\` and look at what it sets`)
  else if (gzip > budget) faults.push(`${subpath}: ${gzip} bytes, ${gzip - budget} above its budget`)
}
for (const fault of faults) console.error(`✗ ${fault}`)
if (faults.length > 0) process.exitCode = 1
