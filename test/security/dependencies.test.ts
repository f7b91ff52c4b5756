import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

interface Package {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const root = resolve(import.meta.dirname, '../..')
const read = (name: string) => JSON.parse(readFileSync(resolve(root, name), 'utf8')) as Record<string, unknown>
const manifest = read('package.json') as unknown as Package & {
  readonly scripts: Readonly<Record<string, string>>
  readonly peerDependencies: object
}
const { packages, lockfileVersion } = read('package-lock.json') as {
  packages: Readonly<Record<string, Package>>
  lockfileVersion: number
}

/** Where npm finds a package from the folder of another. */
function foundFrom(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (at === '') return undefined
  }
}

/** What comes along with some packages, by path in the lockfile. */
function closureOf(names: readonly string[], folder = '', seen = new Set<string>()): Set<string> {
  for (const name of names) {
    const path = foundFrom(folder, name)
    if (path === undefined || seen.has(path)) continue
    seen.add(path)
    const { dependencies = {}, optionalDependencies = {} } = packages[path]!
    closureOf(Object.keys({ ...dependencies, ...optionalDependencies }), path, seen)
  }
  return seen
}

const runtime = closureOf(Object.keys(manifest.dependencies ?? {}))

test('installing the package runs nobody’s script', () => {
  expect(runtime.size).toBeGreaterThanOrEqual(Object.keys(manifest.dependencies ?? {}).length)
  expect([...runtime].filter((path) => packages[path]!.hasInstallScript)).toEqual([])
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([])
})

test('what it depends on is few, known, and complete in the lockfile', () => {
  expect([...runtime].sort()).toEqual(['@date-fns/tz', 'eventemitter3', 'ky', 'nanoid'].map((name) => `node_modules/${name}`))
  for (const path of runtime) expect(packages[path]!.dev, path).toBeUndefined()
})

test('the lockfile pins each package by its content, and takes each from a registry', () => {
  expect(lockfileVersion).toBe(3)
  const all = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link)
  expect(all.length).toBeGreaterThan(100)
  expect(all.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')).map(([path]) => path)).toEqual([])
  expect(
    all.filter(([, { resolved = 'https://x/x.tgz' }]) => !/^https:\/\/.+\.tgz$/.test(resolved)).map(([path]) => path),
  ).toEqual([])
})

test('of the packages that an app may add, those with an install script are known', () => {
  const optional = closureOf(Object.keys(manifest.peerDependencies))
  // BullMQ's msgpackr has a faster decoder to compile, and works without it.
  expect([...optional].filter((path) => packages[path]!.hasInstallScript)).toEqual(['node_modules/msgpackr-extract'])
})

test('a walk through the lockfile finds what lies deep', () => {
  expect(closureOf(['bullmq'])).toContain('node_modules/msgpackr-extract')
  expect(closureOf([builtinModules[0]!])).toEqual(new Set())
})
