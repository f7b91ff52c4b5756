import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Installs the packed library in an app as a registry would: unpacked, beside the packages of these names, which are the project's own. */
export function install(tarball: string, app: string, packages: Iterable<string>): void {
  const modules = join(app, 'node_modules')
  const own = join(modules, 'omnicascade')
  mkdirSync(own, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', own])
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(resolve(import.meta.dirname, '../node_modules', name), join(modules, name))
  }
}
