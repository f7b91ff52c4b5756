// Type-checks a package that imports every subpath of the tarball, declarations included (skipLibCheck off), as a strict app would.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install } from './install.ts'

const [tarball] = process.argv.slice(2)
const { name, exports, dependencies, peerDependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const app = mkdtempSync(join(tmpdir(), 'omnicascade-consumer-'))
try {
  const types = Object.keys(devDependencies).filter((dependency) => dependency.startsWith('@types/'))
  install(tarball, app, [...Object.keys({ ...dependencies, ...peerDependencies }), ...types])
  const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json')
  const imports = subpaths.map((subpath, at) => `export * as entry${at} from '${name}${subpath.slice(1)}'`)
  writeFileSync(join(app, 'main.ts'), `${imports.join('\n')}\n`)
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(app, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      },
      files: ['main.ts'],
    }),
  )
  const { status } = spawnSync('tsc', ['--project', app], { stdio: 'inherit' })
  console.log(`${subpaths.length} subpaths compiled in a strict app${status === 0 ? '' : ', with errors'}`)
  process.exitCode = status ?? 1
} finally {
  rmSync(app, { recursive: true, force: true })
}
