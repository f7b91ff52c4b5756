import { execFile } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { install } from '../../.ci/install.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
type Target = Readonly<Record<'@omnicascade/source' | 'types' | 'default', string>>
const { exports, dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, Target | string>
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}
const targets = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, ...target }],
)
const specifiers = targets.map(({ subpath }) => `omnicascade${subpath.slice(1)}`)
const nodes = [
  ['the Node that runs the tests', process.execPath],
  ['the oldest Node we support', join(root, '.ci/node22/node_modules/node/bin/node')],
] as const

const work = mkdtempSync(join(tmpdir(), 'omnicascade-package-'))
const app = join(work, 'app')
const installed = join(app, 'node_modules/omnicascade')

// Builds and packs a copy, so that neither `dist` nor another test sees it, and installs the tarball beside the real dependencies.
beforeAll(async () => {
  const copy = join(work, 'copy')
  mkdirSync(copy)
  for (const name of ['package.json', 'tsconfig.json', 'tsup.config.ts', 'LICENSE', 'README.md', 'CHANGELOG.md', 'src']) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await run(process.execPath, ['node_modules/tsup/dist/cli-default.js', '--no-dts'], { cwd: copy })
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], { cwd: copy })
  install(join(work, stdout.trim()), app, Object.keys({ ...dependencies, ...peerDependencies }))
}, 60_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Runs a script inside the app and gives what it printed as JSON. */
async function inApp(node: string, name: string, script: string): Promise<unknown> {
  writeFileSync(join(app, name), script)
  const { stdout } = await run(node, [name], { cwd: app, env: { PATH: process.env.PATH } })
  return JSON.parse(stdout)
}

describe('the tarball', () => {
  test('holds the source and the build of every subpath, and names its types beside the build', () => {
    for (const { subpath, types, default: built, '@omnicascade/source': source } of targets) {
      expect(existsSync(join(installed, built)), `${subpath}: ${built}`).toBe(true)
      expect(existsSync(join(installed, source)), `${subpath}: ${source}`).toBe(true)
      expect(types, subpath).toBe(built.replace(/\.js$/, '.d.ts'))
      expect(built, subpath).toBe(source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '.js'))
    }
  })

  test('holds nothing but the package', () => {
    const names = globSync('*', { cwd: installed })
    expect(names).toEqual(expect.arrayContaining(['dist', 'src', 'package.json', 'LICENSE']))
    expect(
      names.filter((name) => !['dist', 'src', 'package.json', 'LICENSE', 'README.md', 'CHANGELOG.md'].includes(name)),
    ).toEqual([])
  })

  test('keeps `node:` before the names of Node’s own modules', () => {
    const bare = new Set(builtinModules.map((name) => name.replace(/^node:/, '')))
    const code = globSync('dist/**/*.js', { cwd: installed }).map((file) => readFileSync(join(installed, file), 'utf8'))
    const imported = [...code.join('\n').matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1]!)
    expect(imported.filter((name) => bare.has(name))).toEqual([])
    expect(imported).toContain('ky')
  })
})

describe.for(nodes)('on %s', ([, node]) => {
  test('CommonJS requires the package, and it is the same package that ESM imports', async () => {
    const facts = await inApp(
      node,
      'require.cjs',
      `const required = require('omnicascade')
      const again = require('omnicascade')
      const sendios = require('omnicascade/webhooks/sendios')
      let thrown
      try { sendios.parseSendiosWebhook('{') } catch (error) { thrown = error }
      import('omnicascade').then((imported) => console.log(JSON.stringify({
        factory: typeof required.createNotifier,
        same: required.OmnicascadeError === again.OmnicascadeError && required.OmnicascadeError === imported.OmnicascadeError,
        crossed: new required.SendError('unknown', 'x') instanceof imported.OmnicascadeError,
        fromSubpath: thrown instanceof required.WebhookParseError && thrown instanceof imported.OmnicascadeError,
      })))`,
    )
    expect(facts).toEqual({ factory: 'function', same: true, crossed: true, fromSubpath: true })
  })

  test('ESM imports every subpath, and each exports something', async () => {
    const names = await inApp(
      node,
      'import.mjs',
      `const loaded = await Promise.all(${JSON.stringify(specifiers)}.map(async (name) => [name, Object.keys(await import(name)).length]))
      console.log(JSON.stringify(Object.fromEntries(loaded)))`,
    )
    expect(Object.keys(names as object)).toEqual(specifiers)
    expect(Object.entries(names as object).filter(([, count]) => count === 0)).toEqual([])
  })
})

/** Names of the packages that Node really loads for a subpath. */
async function packagesLoadedBy(specifier: string): Promise<readonly string[]> {
  const urls = (await inApp(
    process.execPath,
    `trace-${specifier.replaceAll('/', '-')}.mjs`,
    `import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import(${JSON.stringify(specifier)})
    console.log(JSON.stringify(urls))`,
  )) as string[]
  const names = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [])
  return [...new Set(names)].filter((name) => name !== 'omnicascade').sort()
}

test('the core loads its own small dependencies, neither zod nor ky', async () => {
  expect(await packagesLoadedBy('omnicascade')).toEqual(['@date-fns/tz', 'eventemitter3'])
})

test('an adapter loads what it needs, so the trace does see packages', async () => {
  expect(await packagesLoadedBy('omnicascade/providers/telegram')).toContain('ky')
})
