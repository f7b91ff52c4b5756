// What each subpath costs an app that bundles it: minified, gzipped, dependencies included, optional peers and Node's own modules not.
// `node .ci/size.mjs` compares with .ci/size-budgets.json and fails above; `--write` sets the budgets 10 % above what is measured.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { bundle, gzipped } from './bundle.ts'

const coreLimit = 15 * 1024
const budgetsFile = new URL('size-budgets.json', import.meta.url)
const { exports, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const budgets = existsSync(budgetsFile) ? JSON.parse(readFileSync(budgetsFile, 'utf8')) : {}

/** Bytes of what loads with the subpath, and of what an `import()` in it loads later. */
async function measure(source) {
  const { now, later, metafile } = await bundle(source.replace('./', ''), {
    entryPoints: [source],
    conditions: ['@omnicascade/source'],
    external: Object.keys(peerDependencies),
  })
  return { minified: now.length, gzip: gzipped(now), lazy: gzipped(later), packages: packagesOf(metafile) }
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

const line = (subpath, ...cells) => `${subpath.padEnd(22)}${cells.map((cell) => String(cell).padStart(10)).join('')}`
console.log(`${line('subpath', 'minified', 'gzip', 'budget', 'lazy')}  packages inside`)
for (const { subpath, minified, gzip, lazy, packages } of rows) {
  const budget = subpath === '.' ? Math.min(budgets['.'] ?? 0, coreLimit) : budgets[subpath]
  console.log(`${line(subpath, minified, gzip, budget ?? 'none', lazy || '')}  ${packages.join(' ')}`)
  if (budget === undefined) faults.push(`${subpath}: no budget; run \`node .ci/size.mjs --write\` and look at what it sets`)
  else if (gzip > budget) faults.push(`${subpath}: ${gzip} bytes, ${gzip - budget} above its budget`)
}
for (const fault of faults) console.error(`✗ ${fault}`)
if (faults.length > 0) process.exitCode = 1
