// Runs the smoke test from the packed tarball on every runtime that we support: `npm run runtimes`, or with the tarball's path as its argument.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { install } from '../../.ci/install.ts'
import { telegramTwin } from '../../examples/demo/twins/telegram.ts'
import type { Stage } from './smoke.ts'

const run = promisify(execFile)
const here = import.meta.dirname
const root = resolve(here, '../..')
const own = (name: string) => join(here, 'node_modules', name)
const app = mkdtempSync(join(tmpdir(), 'omnicascade-runtimes-'))

/** What the smoke test held there, and what the runtime says that it is. */
interface Result {
  readonly version: string
  readonly held: readonly string[]
}

const denoFlags = ['run', '--allow-all', '--no-remote', '--node-modules-dir=manual']
const runtimes: Readonly<Record<string, (stage: Stage) => Promise<Result>>> = {
  'Node, the oldest we support': program(join(root, '.ci/node22/node_modules/node/bin/node')),
  'Node, the one that tests run on': program(process.execPath),
  'Node, the newest': program(own('node/bin/node')),
  Bun: program(own('.bin/bun')),
  Deno: program(own('.bin/deno'), denoFlags),
  'workerd (Cloudflare Workers)': onEdge,
}

const token = '1234:smoke'
const twin = await telegramTwin({ token, blocked: [13] })
try {
  furnish(process.argv[2] ?? pack())
  const entryPoints = ['smoke.ts', 'on-edge.ts'].map((name) => join(here, name))
  await build({ entryPoints, bundle: true, packages: 'external', format: 'esm', outdir: app })
  let failed = 0
  for (const [name, test] of Object.entries(runtimes)) {
    try {
      const { version, held } = await test({ telegramUrl: twin.baseUrl, token, blocked: 13 })
      console.log(`✓ ${name.padEnd(33)}${version.padEnd(16)}${held.length} checks`)
    } catch (error) {
      failed++
      console.log(`✗ ${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (failed > 0) process.exitCode = 1
} finally {
  await twin.close()
  rmSync(app, { recursive: true, force: true })
}

/** Builds the library and packs it. */
function pack(): string {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', app]
  return join(app, execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim())
}

/** Unpacks the tarball in an app, beside its dependencies and what the smoke test uses besides. */
function furnish(tarball: string): void {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  const names = [...Object.keys(dependencies), 'liquidjs', 'zod']
  install(tarball, app, names)
  // Deno looks for what is imported among the dependencies.
  const wanted = Object.fromEntries(['omnicascade', ...names].map((name) => [name, '*']))
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type: 'module', dependencies: wanted }))
}

/** A runtime that runs a file as a program. */
function program(path: string, flags: readonly string[] = []): (stage: Stage) => Promise<Result> {
  return async (stage) => {
    const script = join(app, 'run.js')
    const call = `import { smoke } from './smoke.js'\nconsole.log(JSON.stringify(await smoke(${JSON.stringify(stage)})))\n`
    writeFileSync(script, call)
    const { stdout } = await run(path, [...flags, script], { cwd: app, timeout: 60_000 })
    const version = (await run(path, ['--version'])).stdout.split('\n')[0]!.replace(/^(deno )?v?([\d.]+).*/, '$2')
    return { version, held: JSON.parse(stdout) as string[] }
  }
}

/**
 * Cloudflare's runtime, without its compatibility with Node. A module of Node's may be asked for where only files need it, by `import()`, as
 * wrangler allows it too; never when the library loads.
 */
async function onEdge(stage: Stage): Promise<Result> {
  const outfile = join(app, 'edge.js')
  const { metafile } = await build({
    entryPoints: [join(app, 'on-edge.js')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['worker', 'browser'],
    external: ['node:*'],
    metafile: true,
    outfile,
  })
  const imports = Object.values(metafile.outputs).flatMap(({ imports }) => imports)
  const eager = imports.filter(({ kind }) => kind !== 'dynamic-import').map(({ path }) => path)
  if (eager.length > 0) throw new Error(`the bundle cannot load without ${eager.join(', ')}`)
  const { Miniflare } = (await import(pathToFileURL(own('miniflare/dist/src/index.js')).href)) as {
    Miniflare: new (options: object) => Edge
  }
  // Listed, so that it does not look for what the bundle imports.
  const worker = { type: 'ESModule', path: outfile, contents: readFileSync(outfile, 'utf8') }
  const edge = new Miniflare({ modules: [worker], modulesRoot: app, compatibilityDate: '2026-07-01' })
  try {
    const answer = await edge.dispatchFetch('http://edge/', { method: 'POST', body: JSON.stringify(stage) })
    if (!answer.ok) throw new Error((await answer.text()).split('\n')[0])
    const { version } = JSON.parse(readFileSync(own('workerd/package.json'), 'utf8')) as { version: string }
    return { version, held: (await answer.json()) as string[] }
  } finally {
    await edge.dispose()
  }
}

interface Edge {
  dispatchFetch(url: string, init: RequestInit): Promise<Response>
  dispose(): Promise<void>
}
